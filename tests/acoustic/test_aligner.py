from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import betabinom

from tts_pipeline.acoustic.aligner.config import AlignerConfig
from tts_pipeline.acoustic.aligner.engine import AlignerEngine
from tts_pipeline.acoustic.aligner.model import (
    Aligner,
    VoiceAligner,
    align,
    beta_binomial_prior,
)
from tts_pipeline.acoustic.durations import needs_frames
from tts_pipeline.acoustic.encoder import TokenEmbedding
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import AudioError
from tts_pipeline.protocols import Aligner as AlignerContract
from tts_pipeline.text.symbols import PAD_ID, encode

TOKENS = torch.tensor(
    [encode(s) for s in ("<bos>", "DH", "AH0", "|", "K", "AE1", "T", ",", "S", ".", "<eos>")]
)


def test_prior_is_the_beta_binomial_of_scipy():
    prior = beta_binomial_prior(torch.tensor([5, 3]), torch.tensor([9, 6]), 5, 9)
    for item, (n_tokens, n_frames) in enumerate([(5, 9), (3, 6)]):
        for t in range(n_frames):
            expected = betabinom(n_tokens - 1, t + 1, n_frames - t).logpmf(np.arange(n_tokens))
            np.testing.assert_allclose(prior[item, t, :n_tokens], expected, atol=1e-5)
    assert torch.isfinite(prior).all()


def test_boundaries_and_the_end_need_no_frames():
    padded = torch.cat([TOKENS, torch.tensor([PAD_ID])])
    silent = [i for i, needed in enumerate(needs_frames(padded).tolist()) if not needed]
    assert silent == [3, 10, 11]


def test_alignment_follows_the_scores():
    durations = [2, 3, 1, 0, 4, 2, 1, 5, 3, 2, 0]
    path = torch.repeat_interleave(torch.arange(len(TOKENS)), torch.tensor(durations))
    scores = torch.nn.functional.one_hot(path, len(TOKENS)).float()
    assert align(scores, TOKENS).tolist() == durations
    with_pause = [2, 3, 1, 6, 4, 2, 1, 5, 3, 2, 0]
    path = torch.repeat_interleave(torch.arange(len(TOKENS)), torch.tensor(with_pause))
    scores = torch.nn.functional.one_hot(path, len(TOKENS)).float()
    assert align(scores, TOKENS).tolist() == with_pause


def test_scores_are_scaled_squared_distances():
    torch.manual_seed(0)
    aligner = Aligner(AlignerConfig(channels=8), 20).eval()
    mel = torch.randn(1, 20, 7)
    with torch.no_grad():
        aligner.log_scale.fill_(0.3)
        scores = aligner(TOKENS[None], mel)[0]
        queries = aligner.mel_encoder(mel)[0].T
        keys = aligner.embedding(TOKENS)
        silence = aligner.embedding(torch.tensor([encode("<bos>")]))[0]
    silent = [0, 3, 7, 9, 10]
    keys[silent] = silence
    expected = -np.exp(0.3) / np.sqrt(8) * torch.cdist(queries, keys).square()
    torch.testing.assert_close(scores, expected, atol=1e-4, rtol=1e-4)
    assert torch.equal(scores[:, silent], scores[:, :1].expand(-1, len(silent)))


def test_embedding_is_symbol_plus_stress():
    torch.manual_seed(0)
    embedding = TokenEmbedding(6)
    plain, primary, other = (embedding(torch.tensor(encode(p))) for p in ("AH0", "AH1", "IY1"))
    also_plain = embedding(torch.tensor(encode("IY0")))
    torch.testing.assert_close(primary - plain, other - also_plain)
    assert not torch.equal(primary, plain)


def test_the_engine_is_the_module():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = VoiceAligner(AlignerConfig(channels=8), 20).eval().requires_grad_(False)
        module.mel_mean.copy_(torch.randn(20, 1) - 5)
        module.mel_std.copy_(torch.rand(20, 1) + 1)
        mel = 2 * torch.randn(20, 50) - 5
    module.scores.log_scale.fill_(0.7)
    weights = {key: value.numpy() for key, value in module.state_dict().items()}
    engine = AlignerEngine(module.config, AudioConfig(n_mels=20), weights)
    expected = module(TOKENS[None], mel[None])[0]
    np.testing.assert_allclose(engine.scores(TOKENS, mel), expected, atol=1e-4, rtol=1e-5)
    durations = engine.align(TOKENS.numpy(), mel.numpy())
    assert durations.tolist() == align(expected, TOKENS).tolist()
    assert durations.sum() == 50 and isinstance(engine, AlignerContract)
    assert engine.n_parameters == sum(p.numel() for p in module.parameters())
    with pytest.raises(AudioError, match="5 frames of mel for 11 tokens"):
        engine.align(TOKENS, mel[:, :5])
    with pytest.raises(AudioError, match="expected"):
        engine.align(TOKENS, mel[:3])
