from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
import torchaudio

from tests.small_corpus import speech_like
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.audio.mel import log_mel, mel_filterbank
from tts_pipeline.errors import AudioError
from tts_pipeline.vocoder.griffin_lim import GriffinLimVocoder


@pytest.fixture(scope="module")
def wave() -> torch.Tensor:
    speech = torch.from_numpy(speech_like("a red fish"))
    speech += 1e-3 * torch.randn(len(speech), generator=torch.Generator().manual_seed(0))
    return speech[: len(speech) // 160 * 160]


@pytest.fixture(scope="module")
def mel(wave) -> torch.Tensor:
    return log_mel(wave)


@pytest.mark.parametrize("n_frames", [1, 2, 5, 13])
def test_length_is_frames_times_hop(n_frames):
    mel = torch.full((2, 80, n_frames), -3.0)
    vocoder = GriffinLimVocoder(n_iter=2)
    assert vocoder.infer(mel).shape == (2, n_frames * 160)
    assert vocoder.infer(mel[0]).shape == (n_frames * 160,)


def test_linear_spectrum_has_the_wanted_mel(mel):
    spectrum = GriffinLimVocoder().linear_spectrum(mel)
    assert spectrum.shape == (513, mel.shape[1]) and (spectrum >= 0).all()
    filters = mel_filterbank(AudioConfig())
    ours = ((filters @ spectrum).clamp_min(1e-5).log() - mel).abs().mean()
    inverse = torchaudio.transforms.InverseMelScale(
        513, 80, 16000, 0.0, 8000.0, norm="slaney", mel_scale="slaney"
    )
    reference = ((filters @ inverse(mel.exp())).clamp_min(1e-5).log() - mel).abs().mean()
    assert ours < 0.02 and ours < reference


def test_sound_has_the_wanted_mel(wave, mel):
    result = GriffinLimVocoder(n_iter=30).infer(mel)
    assert result.dtype == torch.float32 and result.shape == wave.shape
    assert (log_mel(result) - mel).abs().mean() < 0.2
    level = result.square().mean() / wave.square().mean()
    assert 0.8 < level < 1.25


def test_sound_is_where_the_frames_are():
    at = 40 * 160 + 80  # the centre of frame 40
    burst = np.zeros(80 * 160, np.float32)
    time = np.arange(-800, 801)
    burst[at - 800 : at + 801] = 0.5 * np.hanning(1601) * np.sin(2 * np.pi * 1000 / 16000 * time)
    result = GriffinLimVocoder(n_iter=30).infer(torch.from_numpy(log_mel(burst))).numpy()
    power = result.astype(np.float64) ** 2
    assert (power * np.arange(len(power))).sum() / power.sum() == pytest.approx(at, abs=30)


def test_seed_decides_and_the_global_generator_is_left_alone(mel):
    vocoder = GriffinLimVocoder(n_iter=3)
    state = torch.random.get_rng_state()
    first = vocoder.infer(mel, seed=1)
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.rand(7)
    assert torch.equal(vocoder.infer(mel, seed=1), first)
    assert not torch.allclose(vocoder.infer(mel, seed=2), first, atol=1e-3)


def test_batch_equals_singles(mel):
    vocoder = GriffinLimVocoder(n_iter=3)
    batch = torch.stack([mel, mel.flip(1)])
    for one, together in zip(batch, vocoder.infer(batch), strict=True):
        assert torch.equal(vocoder.infer(one), together)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (torch.zeros(80), r"\(80,\)"),
        (torch.zeros(79, 10), r"\(79, 10\)"),
        (torch.zeros(1, 80, 0), "at least one frame"),
        (torch.full((80, 10), torch.nan), "NaN"),
    ],
)
def test_bad_mel_is_refused(bad, message):
    with pytest.raises(AudioError, match=message):
        GriffinLimVocoder().infer(bad)


@pytest.mark.parametrize(
    "options", [{"n_iter": 0}, {"n_iter": 2.5}, {"momentum": 1.0}, {"momentum": -0.1}]
)
def test_bad_options_are_refused(options):
    with pytest.raises(AudioError, match=next(iter(options))):
        GriffinLimVocoder(**options)


def test_missing_torchaudio_is_told(monkeypatch, mel):
    monkeypatch.setitem(sys.modules, "torchaudio.functional", None)
    with pytest.raises(AudioError, match=r"needs torchaudio.*\[train\]"):
        GriffinLimVocoder().infer(mel)
