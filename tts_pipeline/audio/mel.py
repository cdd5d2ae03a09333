"""The log-mel spectrogram, the only one in the package."""

from __future__ import annotations

import functools
from typing import TypeVar

import numpy as np
import torch

from tts_pipeline.audio.config import AudioConfig, mel_filters
from tts_pipeline.errors import AudioError

Waveform = TypeVar("Waveform", np.ndarray, torch.Tensor)


@functools.lru_cache(maxsize=8)
def mel_filterbank(config: AudioConfig, device: torch.device | None = None) -> torch.Tensor:
    """:func:`~tts_pipeline.audio.config.mel_filters` ``(n_mels, n_fft // 2 + 1)`` as a tensor."""
    # Kept for training too, whoever asks first: gradients refuse a tensor of inference mode.
    with torch.inference_mode(False):
        return torch.from_numpy(mel_filters(config)).to(device)


def log_mel(waveform: Waveform, config: AudioConfig | None = None) -> Waveform:
    """Natural-log amplitude mel spectrogram, the only one in the package.

    Frame ``t`` is centred on sample ``t * hop_length + hop_length / 2`` and what lies outside the
    waveform counts as silence, so ``T = ceil(S / hop_length)`` for every length.

    Args:
        waveform: ``(S,)`` or ``(B, S)``, real, in [-1, 1]; NumPy or torch.
        config: default ``AudioConfig()``.

    Returns:
        ``(n_mels, T)`` or ``(B, n_mels, T)`` float32 of the same kind, at least ``log(log_floor)``.

    Raises:
        AudioError: if the waveform is empty, not finite or not of one of the two shapes.
    """
    config = config or AudioConfig()
    wave = torch.as_tensor(waveform)
    if wave.ndim not in (1, 2) or wave.numel() == 0:
        raise AudioError(
            f"waveform of shape {tuple(wave.shape)}: expected (S,) or (B, S), not empty"
        )
    if not wave.is_floating_point():
        raise AudioError(f"waveform of {wave.dtype}: expected real numbers in [-1, 1]")
    if not torch.isfinite(wave).all():
        raise AudioError("waveform holds NaN or infinity: check the file it came from")
    squeeze = wave.ndim == 1
    mel = mel_of_batch(wave.float().reshape(-1, wave.shape[-1]), config)
    mel = mel[0] if squeeze else mel
    return mel.numpy() if isinstance(waveform, np.ndarray) else mel


def mel_of_batch(waveform: torch.Tensor, config: AudioConfig) -> torch.Tensor:
    """:func:`log_mel` of ``(B, S)`` float32 without its checks, differentiable (for losses)."""
    n_samples = waveform.shape[-1]
    margin = (config.n_fft - config.hop_length) // 2
    tail = config.n_frames(n_samples) * config.hop_length - n_samples
    padded = torch.nn.functional.pad(waveform, (margin, margin + tail))
    spectrum = torch.stft(
        padded,
        config.n_fft,
        config.hop_length,
        config.win_length,
        window=torch.hann_window(config.win_length, device=waveform.device),
        center=False,
        return_complex=True,
    )
    # The tiny term keeps the gradient of the square root finite at zero, far below the floor.
    magnitude = (spectrum.real.square() + spectrum.imag.square() + 1e-14).sqrt()
    mel = mel_filterbank(config, waveform.device) @ magnitude
    return mel.clamp_min(config.log_floor).log()
