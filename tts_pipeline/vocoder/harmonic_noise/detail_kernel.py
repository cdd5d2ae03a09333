"""What a parallel vocoder with detail does per sample and per bin, as fused kernels for the CPU."""

from __future__ import annotations

import math

import numba
import numpy as np

from tts_pipeline.nn.approximations import exponential, sine_of_pi
from tts_pipeline.nn.jit import compiled

_F = np.float32
_HALF, _TWO = _F(0.5), _F(2.0)
_INVERSE_PI = _F(1 / math.pi)


@numba.njit(fastmath=True, inline="always")
def _interpolate(points: np.ndarray, out: np.ndarray) -> None:
    """Between the centres of equal parts of ``out``; one point lies before it and one after."""
    n_parts = len(points) - 2
    length = len(out) // n_parts
    for part in range(n_parts):
        before, here, after = points[part], points[part + 1], points[part + 2]
        for k in range(length):
            share = (np.float32(k) + _HALF) / np.float32(length) - _HALF
            other = before if share < 0 else after
            out[part * length + k] = here + (other - here) * abs(share)


@compiled(fastmath=True)
def shape_sources(
    pulses: np.ndarray,
    nearest: np.ndarray,
    noise: np.ndarray,
    gains: np.ndarray,
    slow: np.ndarray,
    out: np.ndarray,
) -> None:
    """:meth:`~tts_pipeline.vocoder.harmonic_noise.detail.DetailHead.sources` of some hops.

    Args:
        pulses: ``(S,)``.
        nearest: phase in cycles from the nearest pulse ``(S,)``.
        noise: ``(S,)``.
        gains: log gains of pulses and noise, with one before and one after ``(2, G + 2)``.
        slow: the noise that pulses wander by, with one before and one after ``(W + 2,)``.
        out: ``(5, S)``, filled.
    """
    n_samples = len(pulses)
    root = _F(math.sqrt(2.0))
    at_sample = np.empty(n_samples, np.float32)
    for source in range(2):
        _interpolate(gains[source], at_sample)
        made = out[2 * source]
        given = noise if source else pulses
        for k in range(n_samples):
            made[k] = given[k] * exponential(at_sample[k])
    _interpolate(slow, at_sample)
    for k in range(n_samples):
        out[1, k] = out[0, k] * at_sample[k]
    for k in range(n_samples):
        out[3, k] = root * out[2, k] * sine_of_pi(_TWO * nearest[k] + _HALF)
    for k in range(n_samples):
        out[4, k] = root * out[2, k] * sine_of_pi(_TWO * nearest[k])


@compiled(fastmath=True)
def filter_detailed(
    made: np.ndarray, envelope: np.ndarray, bands: np.ndarray, limit: float, spectra: np.ndarray
) -> None:
    """What becomes of sources with detail, in place of the first of them.

    ``pulses = exp(a + envelope + i p) * (pulses + w * wandering)
    + exp(b + envelope) * (noise + c * cosine + s * sine)``

    Args:
        made: the network's ``a``, ``p`` and ``b`` side by side, and maybe more ``(T, >= 3 F)``.
        envelope: natural-log gain that both start from ``(T, F)``.
        bands: real and imaginary part of ``w``, ``c`` and ``s`` ``(T, 4, F)``.
        limit: largest natural-log gain, float32.
        spectra: of pulses, wandering pulses, noise, noise times cosine and times sine
            ``(5, T, F, 2)``, real and imaginary parts.
    """
    n_bins = envelope.shape[1]
    least = _F(-14.0)
    gain, level = np.empty(n_bins, np.float32), np.empty(n_bins, np.float32)
    real, imaginary = np.empty(n_bins, np.float32), np.empty(n_bins, np.float32)
    for t in range(len(envelope)):
        start, harmonic, angle = envelope[t], made[t, :n_bins], made[t, n_bins : 2 * n_bins]
        noisy = made[t, 2 * n_bins : 3 * n_bins]
        for k in range(n_bins):
            gain[k] = exponential(min(max(harmonic[k] + start[k], least), limit))
        for k in range(n_bins):
            level[k] = exponential(min(max(noisy[k] + start[k], least), limit))
        for k in range(n_bins):
            real[k] = gain[k] * sine_of_pi(angle[k] * _INVERSE_PI + _HALF)
        for k in range(n_bins):
            imaginary[k] = gain[k] * sine_of_pi(angle[k] * _INVERSE_PI)
        pulse, wandering = spectra[0, t], spectra[1, t]
        hiss, cosine, sine = spectra[2, t], spectra[3, t], spectra[4, t]
        w_real, w_imag, c, s = bands[t, 0], bands[t, 1], bands[t, 2], bands[t, 3]
        for k in range(n_bins):
            x = pulse[k, 0] + w_real[k] * wandering[k, 0] - w_imag[k] * wandering[k, 1]
            y = pulse[k, 1] + w_real[k] * wandering[k, 1] + w_imag[k] * wandering[k, 0]
            u = hiss[k, 0] + c[k] * cosine[k, 0] + s[k] * sine[k, 0]
            v = hiss[k, 1] + c[k] * cosine[k, 1] + s[k] * sine[k, 1]
            pulse[k, 0] = real[k] * x - imaginary[k] * y + level[k] * u
            pulse[k, 1] = real[k] * y + imaginary[k] * x + level[k] * v
