"""Log-spectral distance."""

from __future__ import annotations

import numpy as np

from tts_pipeline.evaluation.metrics.sound import HOP_LENGTH, Sound, aligned_samples

N_FFT = 1024
# Magnitude under which a bin counts as silent: the rounding noise of 16 bits is about this loud.
_FLOOR = 1e-3


def _log_spectrum_db(samples: np.ndarray) -> np.ndarray:
    """``(T, F)`` in dB."""
    padded = np.pad(samples.astype(np.float64), N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP_LENGTH]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    return 20 * np.log10(np.maximum(np.abs(np.fft.rfft(frames * window)), _FLOOR))


def log_spectral_distance(reference: Sound, generated: Sound) -> float:
    """Log-spectral distance in dB (Gray and Markel 1976, IEEE TASSP 24), 0 for the same sound.

    Root mean square over frequency of the difference of the two log power spectra, averaged over
    frames: windows of 64 ms (Hann, 1024 samples) every 10 ms, magnitudes not below 1e-3.

    Raises:
        AudioError: if the sounds differ in length by more than 20 ms.
    """
    first, second = aligned_samples(reference, generated)
    difference = _log_spectrum_db(first) - _log_spectrum_db(second)
    return float(np.sqrt((difference**2).mean(axis=1)).mean())
