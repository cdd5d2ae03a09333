"""The acoustic model without PyTorch against the PyTorch one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.acoustic.autoregressive.small import (
    AUDIO,
    CONFIG,
    LONG,
    N_MELS,
    engine_of,
    make_model,
    tokens_of,
)
from tests.flops import Counter
from tts_pipeline.acoustic.autoregressive.config import AutoregressiveOptions
from tts_pipeline.acoustic.autoregressive.engine import AutoregressiveEngine
from tts_pipeline.acoustic.autoregressive.generation import AutoregressiveOnDevice, FrameWriter
from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import TextError, VoiceError
from tts_pipeline.protocols import AcousticInput, AcousticModel
from tts_pipeline.text.symbols import ARPABET, Alphabet


@pytest.fixture(scope="module")
def model() -> AutoregressiveModel:
    return make_model()


@pytest.fixture(scope="module")
def engine(model) -> AutoregressiveEngine:
    return engine_of(model)


def input_of(n_tokens: int, **changes: np.ndarray) -> AcousticInput:
    random = np.random.default_rng(n_tokens)
    tokens = (LONG[:-2] * 40)[: n_tokens - 1] + ["<eos>"]
    factors = [random.uniform(0.6, 1.6, n_tokens).astype(np.float32) for _ in range(3)]
    fixed = np.where(random.random(n_tokens) < 0.2, 9, 0)
    given = AcousticInput(tokens_of(tokens)[0][0].numpy(), *factors, fixed)
    return dataclasses.replace(given, **changes)


@torch.inference_mode()
def by_pytorch(
    model: AutoregressiveModel, given: AcousticInput, seed: int
) -> tuple[torch.Tensor, ...]:
    controls = {
        name: torch.from_numpy(getattr(given, name))[None]
        for name in ("rate", "pitch", "energy", "fixed_frames")
    }
    planned = model.plan(torch.from_numpy(given.tokens)[None], **controls)
    writer = FrameWriter(model.decoder, planned, seed)
    frames = writer.write(writer.n_left).reshape(1, -1, model.n_mels)
    mel = model.unscale(frames[:, : int(planned.mel_lengths[0])])
    return mel[0], planned.durations[0], planned.f0[0]


@pytest.mark.parametrize("n_tokens", [2, 3, 40, 130])
@pytest.mark.parametrize("seed", [0, 2**32 - 1, 2**40 + 7, 2**63 - 1])
def test_equals_pytorch_with_the_same_seed(model, engine, n_tokens, seed):
    given = input_of(n_tokens)
    mel, durations, f0 = by_pytorch(model, given, seed)
    (made,) = engine.infer([given], seed=seed)
    np.testing.assert_array_equal(made.durations, durations)
    np.testing.assert_allclose(made.f0, f0, rtol=1e-5)
    np.testing.assert_allclose(made.read(), mel, atol=2e-5, rtol=0)


def test_equals_pytorch_over_1000_frames_at_full_size():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoregressiveModel(dataclasses.replace(CONFIG, channels=256, hidden=512), 80)
    model.eval().requires_grad_(False)
    model.duration.output.bias.fill_(2.2)
    given = input_of(130)
    mel, durations, _ = by_pytorch(model, given, 3)
    (made,) = engine_of(model, AudioConfig()).infer([given], seed=3)
    assert durations.sum() > 1000
    np.testing.assert_allclose(made.read(), mel, atol=1e-4, rtol=0)


def test_blocks_are_the_whole_to_the_last_bit(engine):
    given = input_of(130)
    (whole,) = engine.infer([given], seed=5)
    whole_mel = whole.read()
    for first, most in ((1, 1), (2, 90), (64, 256), (700, 800)):
        stream = engine.stream(given, seed=5, options=AutoregressiveOptions(first, most))
        assert np.array_equal(stream.read(), whole_mel)


def test_conditioning_is_worked_out_as_it_is_needed(engine, monkeypatch):
    asked = []
    step_inputs = AutoregressiveEngine.step_inputs

    def noted(self, plan, begin, end):
        asked.append(end)
        return step_inputs(self, plan, begin, end)

    monkeypatch.setattr(AutoregressiveEngine, "step_inputs", noted)
    stream = engine.stream(input_of(130), seed=0)
    next(stream.blocks)
    assert asked[-1] * CONFIG.frames_per_step < stream.durations.sum() / 2


def test_several_texts_are_each_what_they_are_alone(engine):
    inputs = [input_of(n) for n in (5, 60, 17)]
    for given, one in zip(inputs, engine.infer(inputs, seed=4)):
        (alone,) = engine.infer([given], seed=4)
        assert np.array_equal(one.read(), alone.read())


def test_on_a_device_pytorch_does_the_same(model, engine):
    inputs = [input_of(n) for n in (5, 60, 17)]
    expected = [stream.read() for stream in engine.infer(inputs, seed=4)]
    on_device = AutoregressiveOnDevice(model, AUDIO)
    assert isinstance(on_device, AcousticModel) and isinstance(engine, AcousticModel)
    assert on_device.n_parameters == engine.n_parameters
    assert on_device.operations(inputs[1]) == engine.operations(inputs[1])
    for mel, stream in zip(expected, on_device.infer(inputs, seed=4)):
        np.testing.assert_allclose(stream.read(), mel, atol=1e-5, rtol=0)
    stream = on_device.stream(inputs[1], seed=4)
    blocks = list(stream.blocks)
    assert len(blocks) > 2
    assert sum(block.shape[1] for block in blocks) == stream.durations.sum()
    np.testing.assert_allclose(np.concatenate(blocks, 1), expected[1], atol=1e-5, rtol=0)


def test_operations_are_those_that_pytorch_counts(model, engine):
    given = input_of(60)
    with Counter() as counter, torch.no_grad():
        by_pytorch(model, given, 0)
    counted = engine.operations(given)
    found, n_frames = 2 * counted.multiply_accumulates, engine.text.plan(given).n_frames
    assert counted.sequential_steps == -(-n_frames // CONFIG.frames_per_step)
    assert found == counter.get_total_flops()


def test_an_alphabet_of_its_own_sizes_the_embedding():
    alphabet = Alphabet((*ARPABET.symbols[:11], "ka", "ki", "ku"))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoregressiveModel(CONFIG, N_MELS, alphabet).eval().requires_grad_(False)
    weights = {key: value.numpy() for key, value in model.state_dict().items()}
    engine = AutoregressiveEngine(CONFIG, AUDIO, weights, {"alphabet": alphabet})
    tokens = [alphabet.encode(symbol) for symbol in ("<bos>", "ka", "|", "ku", ".", "<eos>")]
    given = AcousticInput.plain(tokens, fixed_frames=7)
    mel, durations, _ = by_pytorch(model, given, 1)
    (made,) = engine.infer([given], seed=1)
    assert made.durations.tolist() == durations.tolist() == [7] * 6
    np.testing.assert_allclose(made.read(), mel, atol=2e-5, rtol=0)
    with pytest.raises(VoiceError, match="symbol.weight has shape"):
        AutoregressiveEngine(CONFIG, AUDIO, weights)
    for token in (len(alphabet.symbols), alphabet.stress_step, -1):
        with pytest.raises(TextError, match="alphabet"):
            engine.stream(AcousticInput.plain([0, token, 2]))


@pytest.mark.parametrize("tokens", [np.zeros(0, np.int64), np.zeros((2, 3), np.int64)])
def test_tokens_of_another_shape_are_refused(engine, tokens):
    with pytest.raises(TextError, match="expected \\(N,\\)"):
        engine.infer([AcousticInput.plain(tokens)])


def test_tokens_that_last_no_frame_are_refused(engine):
    with pytest.raises(TextError, match="no frame"):
        engine.stream(input_of(1, rate=np.array([1e9], np.float32)), seed=0)


def test_weights_of_another_model_are_refused(model):
    weights = {key: value.numpy() for key, value in model.state_dict().items()}
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
            AutoregressiveEngine(CONFIG, AUDIO, spoiled)
