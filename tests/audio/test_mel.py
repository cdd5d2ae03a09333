from __future__ import annotations

import librosa
import numpy as np
import pytest
import torch
import torchaudio

from tests.small_corpus import speech_like
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.audio.mel import log_mel, mel_filterbank, mel_of_batch
from tts_pipeline.errors import AudioError, TTSPipelineError

CONFIGS = [
    AudioConfig(),
    AudioConfig(22050, 256, 1024, 1024, 100, 40.0, 11025.0),
    AudioConfig(16000, 160, 512, 400, 40, 20.0, 7600.0, log_floor=1e-3),
]


def padded(wave: np.ndarray, config: AudioConfig) -> np.ndarray:
    """The waveform with the silence that log_mel counts around it, for center=False."""
    margin = (config.n_fft - config.hop_length) // 2
    return np.pad(wave, (margin, margin + -len(wave) % config.hop_length))


@pytest.fixture(scope="module")
def wave() -> np.ndarray:
    # Noise of -60 dBFS, as in a real recording: a single-precision FFT errs by 1e-7 of the loudest
    # bin, which a logarithm near the floor of 1e-5 would magnify beyond 1e-4.
    speech = speech_like("she sold a few old maps of the sea")
    noise = np.random.default_rng(0).standard_normal(len(speech))
    return speech + (1e-3 * noise).astype(np.float32)


@pytest.mark.parametrize("config", CONFIGS)
def test_filterbank_equals_librosa(config):
    reference = librosa.filters.mel(
        sr=config.sample_rate,
        n_fft=config.n_fft,
        n_mels=config.n_mels,
        fmin=config.fmin,
        fmax=config.fmax,
    )
    np.testing.assert_allclose(mel_filterbank(config).numpy(), reference, atol=1e-8)


@pytest.mark.parametrize("config", CONFIGS)
def test_log_mel_equals_librosa(config, wave):
    spectrum = librosa.stft(
        padded(wave.astype(np.float64), config),
        n_fft=config.n_fft,
        hop_length=config.hop_length,
        win_length=config.win_length,
        center=False,
    )
    filters = librosa.filters.mel(
        sr=config.sample_rate,
        n_fft=config.n_fft,
        n_mels=config.n_mels,
        fmin=config.fmin,
        fmax=config.fmax,
    )
    reference = np.log(np.maximum(filters @ np.abs(spectrum), config.log_floor))
    np.testing.assert_allclose(log_mel(wave, config), reference, atol=1e-4)


@pytest.mark.parametrize("config", CONFIGS)
def test_log_mel_equals_torchaudio(config, wave):
    transform = torchaudio.transforms.MelSpectrogram(
        config.sample_rate,
        n_fft=config.n_fft,
        win_length=config.win_length,
        hop_length=config.hop_length,
        f_min=config.fmin,
        f_max=config.fmax,
        n_mels=config.n_mels,
        power=1,
        center=False,
        norm="slaney",
        mel_scale="slaney",
    )
    reference = transform(torch.from_numpy(padded(wave, config))).clamp_min(config.log_floor).log()
    np.testing.assert_allclose(log_mel(wave, config), reference.numpy(), atol=1e-4)


def test_numpy_and_torch_and_batch_agree(wave):
    numpy_mel, torch_mel = log_mel(wave), log_mel(torch.from_numpy(wave))
    assert isinstance(numpy_mel, np.ndarray) and isinstance(torch_mel, torch.Tensor)
    assert numpy_mel.dtype == np.float32 and torch_mel.dtype == torch.float32
    np.testing.assert_array_equal(numpy_mel, torch_mel.numpy())
    batch = log_mel(np.stack([wave, wave[::-1], 0.1 * wave]))
    for one, mel in zip([wave, wave[::-1].copy(), 0.1 * wave], batch, strict=True):
        np.testing.assert_allclose(mel, log_mel(one), atol=1e-5)


@pytest.mark.parametrize("n_samples", [1, 159, 160, 161, 800, 1023, 1024, 16001])
def test_frames_are_the_ceiling_of_samples_over_hop(n_samples):
    mel = log_mel(np.full(n_samples, 0.1, np.float32))
    assert mel.shape == (80, -(-n_samples // 160)) == (80, AudioConfig().n_frames(n_samples))


def test_frame_is_centred_on_its_hop():
    wave = np.zeros(3200, np.float32)
    wave[5 * 160 + 80] = 1.0
    energy = np.exp(log_mel(wave)).sum(axis=0)
    assert energy.argmax() == 5
    np.testing.assert_allclose(energy[4], energy[6], rtol=1e-3)


def test_silence_sits_on_the_floor():
    np.testing.assert_allclose(log_mel(np.zeros(1600, np.float32)), np.log(1e-5), rtol=1e-6)


def test_gradient_is_finite_at_silence():
    wave = torch.zeros(1, 1600, requires_grad=True)
    mel_of_batch(wave, AudioConfig(log_floor=1e-12)).sum().backward()
    assert wave.grad is not None and torch.isfinite(wave.grad).all()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros(0, np.float32), "not empty"),
        (np.zeros((1, 2, 3), np.float32), r"\(1, 2, 3\)"),
        (np.zeros(100, np.int16), "int16"),
        (np.array([0.0, np.nan], np.float32), "NaN"),
        (np.array([0.0, np.inf], np.float32), "infinity"),
    ],
)
def test_log_mel_refuses(bad, message):
    with pytest.raises(AudioError, match=message):
        log_mel(bad)


@pytest.mark.parametrize(
    "options",
    [
        {"sample_rate": 0},
        {"n_mels": 80.0},
        {"win_length": 2048},
        {"hop_length": 161},
        {"fmax": 9000.0},
        {"fmin": 8000.0},
        {"log_floor": 0.0},
    ],
)
def test_config_refuses(options):
    with pytest.raises(TTSPipelineError, match=str(next(iter(options)))):
        AudioConfig(**options)


def test_mels_have_gradients_although_one_was_first_asked_for_in_inference_mode():
    config = AudioConfig(n_mels=70)
    with torch.inference_mode():
        mel_filterbank(config)
    waveform = torch.randn(1, 1600).requires_grad_()
    mel_of_batch(waveform, config).sum().backward()
    assert waveform.grad is not None and torch.isfinite(waveform.grad).all()
