from __future__ import annotations

import numpy as np
import pytest
import torch

from tts_pipeline.acoustic.autoregressive.model import AutoregressiveConfig, AutoregressiveModel
from tts_pipeline.acoustic.autoregressive.packed import CpuDecoder
from tts_pipeline.errors import ConfigError, TextError
from tts_pipeline.text.symbols import encode

CONFIG = AutoregressiveConfig(
    channels=24,
    hidden=32,
    encoder_blocks=1,
    predictor_blocks=1,
    frame_blocks=2,
    prenet=12,
    max_token_frames=40,
)
N_MELS = 10
TOKENS = torch.tensor(
    [[encode(s) for s in "<bos> DH AH0 | K AE1 T , S AE1 T | AA1 N | M AE1 T . <eos>".split()]]
)


@pytest.fixture(scope="module")
def model() -> AutoregressiveModel:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoregressiveModel(CONFIG, N_MELS).eval().requires_grad_(False)
    model.duration.output.bias.fill_(2.2)
    return model


@pytest.mark.parametrize(
    ("first_frames", "block_frames"), [(1, 1), (3, 5), (2, 64), (64, 8), (1000, 1000)]
)
@pytest.mark.parametrize("n_frames", [70, 71])
def test_blocks_are_the_whole(model, first_frames, block_frames, n_frames):
    whole = model.infer(TOKENS, seed=3)
    fixed = torch.zeros_like(TOKENS)
    rest = int(whole.mel_lengths[0] - whole.durations[0, 7])
    fixed[0, 7] = n_frames - rest
    options = {"seed": 3, "rate": 1.0, "pitch": 1.2, "energy": 0.8, "fixed_frames": fixed}
    whole = model.infer(TOKENS, **options)
    stream = model.stream(TOKENS, **options, first_frames=first_frames, block_frames=block_frames)
    assert stream.n_frames == whole.mel_lengths[0]
    assert torch.equal(stream.durations, whole.durations[0])
    assert torch.equal(stream.f0, whole.f0[0])
    blocks = list(stream.blocks)
    assert torch.equal(torch.cat(blocks, 1), whole.mel[0])
    assert all(0 < block.shape[1] <= block_frames + block_frames % 2 for block in blocks)


def test_blocks_grow_from_the_first(model):
    fixed = torch.full_like(TOKENS, 20)
    stream = model.stream(TOKENS, fixed_frames=fixed, first_frames=15, block_frames=64)
    lengths = [block.shape[1] for block in stream.blocks]
    assert lengths[:3] == [16, 32, 64] and set(lengths[3:-1]) == {64}
    assert sum(lengths) == stream.n_frames == 20 * TOKENS.shape[1]


def test_frames_are_written_when_asked_for(model, monkeypatch):
    stream = model.stream(TOKENS, first_frames=2, block_frames=2)
    next(stream.blocks)
    sevens = np.full((1, CONFIG.frames_per_step * N_MELS), 7.0, np.float32)
    monkeypatch.setattr(CpuDecoder, "run", lambda *_: sevens)
    scaled = (next(stream.blocks).T - model.mel_mean) / model.mel_std
    torch.testing.assert_close(scaled, torch.full_like(scaled, 7.0))


def test_weights_changed_between_texts_are_used(model):
    before = model.infer(TOKENS).mel
    model.decoder.output.bias += 0.5
    after = model.infer(TOKENS).mel
    model.decoder.output.bias -= 0.5
    assert not torch.allclose(before, after, atol=0.1)
    torch.testing.assert_close(model.infer(TOKENS).mel, before, atol=1e-5, rtol=0)


@pytest.mark.parametrize("options", [{"first_frames": 0}, {"block_frames": -3}])
def test_blocks_of_no_frame_are_refused(model, options):
    (name, value), *_ = options.items()
    with pytest.raises(ConfigError, match=f"{name}={value}"):
        model.stream(TOKENS, **options)


def test_only_one_text_is_streamed(model):
    with pytest.raises(TextError, match="\\(1, N\\)"):
        model.stream(TOKENS.expand(2, -1))
