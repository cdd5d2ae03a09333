"""The acoustic model without PyTorch against the PyTorch one."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
import torch

from tests.acoustic.test_model import CONFIG, LONG, N_MELS, tokens_of
from tests.acoustic.test_stream import model as lively_model
from tts_pipeline.acoustic.autoregressive.engine import AutoregressiveEngine
from tts_pipeline.acoustic.autoregressive.generation import FrameWriter
from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
from tts_pipeline.errors import TextError, VoiceError
from tts_pipeline.modules import AcousticOnDevice, arrays_of
from tts_pipeline.protocols import Request

model = lively_model


def request_of(n_tokens: int, **changes: np.ndarray) -> Request:
    random = np.random.default_rng(n_tokens)
    tokens = (LONG[:-2] * 40)[: n_tokens - 1] + ["<eos>"]
    factors = [random.uniform(0.6, 1.6, n_tokens).astype(np.float32) for _ in range(3)]
    fixed = np.where(random.random(n_tokens) < 0.2, 9, 0)
    given = Request(tokens_of(tokens)[0][0].numpy(), *factors, fixed)
    return given._replace(**changes)


@torch.inference_mode()
def by_pytorch(model: AutoregressiveModel, request: Request, seed: int) -> tuple[torch.Tensor, ...]:
    tokens, rate, pitch, energy, fixed = (torch.from_numpy(part)[None] for part in request)
    planned = model.plan(tokens, rate=rate, pitch=pitch, energy=energy, fixed_frames=fixed)
    writer = FrameWriter(model.decoder, planned, seed)
    frames = writer.write(writer.n_left).reshape(1, -1, model.n_mels)
    mel = model.unscale(frames[:, : int(planned.mel_lengths[0])])
    return mel[0], planned.durations[0], planned.f0[0]


@pytest.mark.parametrize("n_tokens", [2, 3, 40, 130])
@pytest.mark.parametrize("seed", [0, 2**32 - 1, 2**40 + 7, 2**63 - 1])
def test_equals_pytorch_with_the_same_seed(model, n_tokens, seed):
    request = request_of(n_tokens)
    mel, durations, f0 = by_pytorch(model, request, seed)
    (made,) = model.cpu_engine().write_all([request], seed=seed)
    np.testing.assert_array_equal(made.durations, durations)
    np.testing.assert_allclose(made.f0, f0, rtol=1e-5)
    np.testing.assert_allclose(made.mel, mel, atol=2e-5, rtol=0)


def test_equals_pytorch_over_1000_frames_at_full_size():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoregressiveModel(dataclasses.replace(CONFIG, channels=256, hidden=512), 80)
    model.eval().requires_grad_(False)
    model.duration.output.bias.fill_(2.2)
    request = request_of(130)
    mel, durations, _ = by_pytorch(model, request, 3)
    (made,) = model.cpu_engine().write_all([request], seed=3)
    assert durations.sum() > 1000
    np.testing.assert_allclose(made.mel, mel, atol=1e-4, rtol=0)


def test_blocks_are_the_whole_to_the_last_bit(model):
    request = request_of(130)
    engine = model.cpu_engine()
    (whole,) = engine.write_all([request], seed=5)
    whole_mel = whole.mel
    for first, most in ((1, 1), (2, 90), (64, 256), (700, 800)):
        written = engine.write(request, seed=5, first_frames=first, block_frames=most)
        assert np.array_equal(written.mel, whole_mel)


def test_what_the_decoder_is_told_is_worked_out_as_it_is_needed(model, monkeypatch):
    asked = []
    step_inputs = AutoregressiveEngine.step_inputs

    def noted(self, told, begin, end):
        asked.append(end)
        return step_inputs(self, told, begin, end)

    monkeypatch.setattr(AutoregressiveEngine, "step_inputs", noted)
    written = model.cpu_engine().write(request_of(130), seed=0)
    next(written.blocks)
    assert asked[-1] * CONFIG.frames_per_step < written.durations.sum() / 2


def test_several_texts_are_each_what_they_are_alone(model):
    requests = [request_of(n) for n in (5, 60, 17)]
    together = model.cpu_engine().write_all(requests, seed=4)
    for request, one in zip(requests, together):
        (alone,) = model.cpu_engine().write_all([request], seed=4)
        assert np.array_equal(one.mel, alone.mel)


def test_elsewhere_than_on_a_cpu_pytorch_does_the_same(model, monkeypatch):
    requests = [request_of(n) for n in (5, 60, 17)]
    expected = [written.mel for written in model.cpu_engine().write_all(requests, seed=4)]
    monkeypatch.setattr(model, "cpu_engine", lambda: None)
    on_device = AcousticOnDevice(model)
    for mel, written in zip(expected, on_device.write_all(requests, seed=4)):
        np.testing.assert_allclose(written.mel, mel, atol=1e-5, rtol=0)
    written = on_device.write(requests[1], seed=4)
    blocks = list(written.blocks)
    assert len(blocks) > 2
    assert sum(block.shape[1] for block in blocks) == written.durations.sum()
    np.testing.assert_allclose(np.concatenate(blocks, 1), expected[1], atol=1e-5, rtol=0)


def test_tokens_that_last_no_frame_are_refused(model):
    with pytest.raises(TextError, match="no frame"):
        model.cpu_engine().write(request_of(1, rate=np.array([1e9], np.float32)), seed=0)


def test_a_change_of_the_weights_is_noticed(model):
    changed = copy.deepcopy(model)
    engine = changed.cpu_engine()
    assert changed.cpu_engine() is engine and model.cpu_engine() is not engine
    changed.decoder.output.bias += 1
    newer = changed.cpu_engine()
    assert newer is not engine
    changed.load_state_dict(model.state_dict())
    assert changed.cpu_engine() is not newer
    assert changed.double().cpu_engine() is None


def test_weights_of_another_model_are_refused(model):
    weights = arrays_of(model)
    for spoil, message in (
        (lambda w: w.pop("step_input.bias"), "lacks step_input.bias"),
        (lambda w: w.update(odd=np.zeros(1, np.float32)), "has unknown odd"),
        (lambda w: w.update(mel_std=np.zeros(3, np.float32)), r"mel_std has shape \(3,\)"),
        (lambda w: w.update(mel_std=np.full(N_MELS, np.nan, np.float32)), "mel_std holds NaN"),
        (lambda w: w.update(mel_std=np.zeros(N_MELS)), "mel_std is float64"),
    ):
        spoiled = dict(weights)
        spoil(spoiled)
        with pytest.raises(VoiceError, match=message):
            AutoregressiveEngine(CONFIG, N_MELS, spoiled)
