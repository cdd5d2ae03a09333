"""Mels in blocks: what comes when, and that the blocks are the whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.acoustic.autoregressive.small import AUDIO, CONFIG, N_MELS, engine_of, make_model
from tts_pipeline.acoustic.autoregressive.config import AutoregressiveOptions
from tts_pipeline.acoustic.autoregressive.engine import AutoregressiveEngine, Decoder
from tts_pipeline.acoustic.autoregressive.generation import AutoregressiveOnDevice
from tts_pipeline.errors import ConfigError
from tts_pipeline.protocols import AcousticInput
from tts_pipeline.text.symbols import encode

TOKENS = np.array(
    [encode(s) for s in "<bos> DH AH0 | K AE1 T , S AE1 T | AA1 N | M AE1 T . <eos>".split()]
)


@pytest.fixture(scope="module", params=["engine", "on device"])
def model(request):
    module = make_model()
    if request.param == "engine":
        return engine_of(module)
    return AutoregressiveOnDevice(module, AUDIO)


@pytest.fixture(scope="module")
def engine() -> AutoregressiveEngine:
    return engine_of(make_model())


@pytest.mark.parametrize(
    ("first_frames", "block_frames"), [(1, 1), (3, 5), (2, 64), (64, 8), (1000, 1000)]
)
@pytest.mark.parametrize("n_frames", [70, 71])
def test_blocks_are_the_whole(model, first_frames, block_frames, n_frames):
    (whole,) = model.infer([AcousticInput.plain(TOKENS)], seed=3)
    fixed = np.zeros_like(TOKENS)
    rest = int(whole.durations.sum() - whole.durations[7])
    fixed[7] = n_frames - rest
    given = AcousticInput.plain(TOKENS, pitch=1.2, energy=0.8, fixed_frames=fixed)
    (whole,) = model.infer([given], seed=3)
    options = AutoregressiveOptions(first_frames, block_frames)
    stream = model.stream(given, seed=3, options=options)
    assert np.array_equal(stream.durations, whole.durations)
    assert np.array_equal(stream.f0, whole.f0)
    blocks, mel = list(stream.blocks), whole.read()
    assert mel.shape[1] == whole.durations.sum()
    if isinstance(model, AutoregressiveEngine):
        assert np.array_equal(np.concatenate(blocks, 1), mel)
    np.testing.assert_allclose(np.concatenate(blocks, 1), mel, atol=1e-5, rtol=0)
    assert all(0 < block.shape[1] <= block_frames + block_frames % 2 for block in blocks)


def test_blocks_grow_from_the_first(model):
    given = AcousticInput.plain(TOKENS, fixed_frames=20)
    stream = model.stream(given, options=AutoregressiveOptions(15, 64))
    lengths = [block.shape[1] for block in stream.blocks]
    assert lengths[:3] == [16, 32, 64] and set(lengths[3:-1]) == {64}
    assert sum(lengths) == stream.durations.sum() == 20 * len(TOKENS)


def test_frames_are_written_when_asked_for(engine, monkeypatch):
    stream = engine.stream(AcousticInput.plain(TOKENS), options=AutoregressiveOptions(2, 2))
    next(stream.blocks)
    sevens = np.full((1, CONFIG.frames_per_step * N_MELS), 7.0, np.float32)
    monkeypatch.setattr(Decoder, "run", lambda *_: sevens)
    module = make_model()
    scaled = (torch.from_numpy(next(stream.blocks)).T - module.mel_mean) / module.mel_std
    torch.testing.assert_close(scaled, torch.full_like(scaled, 7.0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"first_frames": 0}, "first_frames=0"),
        ({"block_frames": -3}, "block_frames=-3"),
        ({"block_frames": 2.0}, r"block_frames=2\.0"),
    ],
)
def test_blocks_of_no_frame_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        AutoregressiveOptions(**options)
