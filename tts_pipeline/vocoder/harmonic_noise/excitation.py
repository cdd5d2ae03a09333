"""The source signals of the harmonic-plus-noise vocoder: a band-limited pulse train from F0."""

from __future__ import annotations

import math

import torch


def upsample_linear(frames: torch.Tensor, hop_length: int) -> torch.Tensor:
    """Linear interpolation from frames ``(B, T)`` to samples ``(B, T * hop_length)``.

    Frame ``t`` stands at the centre of its hop; before the first and after the last centre the
    value is held.
    """
    held = torch.cat([frames[:, :1], frames, frames[:, -1:]], 1)
    begin = hop_length - hop_length // 2
    return between_centres(held, hop_length)[:, begin : begin + frames.shape[1] * hop_length]


def between_centres(frames: torch.Tensor, hop_length: int) -> torch.Tensor:
    """Linear interpolation from the centre of the first frame's hop up to that of the last one.

    A sample depends on its two frames only, not on how far the signal has come (as it does, by
    rounding, in ``torch.nn.functional.interpolate``): pieces equal the whole to the last bit.

    Args:
        frames: ``(B, T)``.
        hop_length: samples per frame.

    Returns:
        ``(B, (T - 1) * hop_length)``.
    """
    places = torch.arange(hop_length, device=frames.device) + (hop_length // 2 + 0.5)
    share = places / hop_length - 0.5
    left, right = frames[:, :-1, None], frames[:, 1:, None]
    return (left + (right - left) * share).flatten(1)


def phase_of(f0: torch.Tensor, sample_rate: int, start: torch.Tensor | float = 0.0) -> torch.Tensor:
    """Phase in cycles, the running sum of ``f0 / sample_rate``, in [0, 1).

    Summed in float64: in float32 the phase of a minute of speech is off by whole degrees.

    Args:
        f0: fundamental frequency in Hz per sample ``(B, S)``.
        sample_rate: samples per second.
        start: phase before the first sample in cycles, a number or ``(B, 1)``.
    """
    cycles = (f0.double() / sample_rate).cumsum(-1) + start
    return cycles - cycles.floor()


def pulse_train(phase: torch.Tensor, f0: torch.Tensor, sample_rate: int) -> torch.Tensor:
    """Sum of the cosine harmonics below the Nyquist frequency, of about unit power.

    The ``K`` harmonics have the closed form of the Dirichlet kernel,
    ``sum_{k=1..K} cos(k x) = (sin((2K + 1) x / 2) / sin(x / 2) - 1) / 2``, so the cost does not
    depend on their number. The topmost one is faded in and out with ``R = sample_rate / (2 f0)``,
    ``K = floor(R) - 1`` and the gain ``R - floor(R)`` on harmonic ``K + 1``, so that the train is
    continuous in F0. Its role is that of the sine source of the neural source-filter model (Wang
    et al. 2019, arXiv 1904.12088, eq. 1).

    Args:
        phase: in cycles, ``(B, S)`` float64.
        f0: in Hz, ``(B, S)``, above 0 and at most a quarter of the sample rate.
        sample_rate: samples per second.

    Returns:
        ``(B, S)`` float32.
    """
    room = sample_rate / 2 / f0
    whole = torch.floor(room)
    half = math.pi * (phase - torch.round(phase)).float()
    # Near a pulse's centre numerator and denominator vanish together; the limit is 2K + 1.
    small = half.abs() < 1e-4
    safe = torch.where(small, torch.ones_like(half), half)
    order = 2 * whole - 1
    kernel = torch.where(small, order, torch.sin(order * safe) / torch.sin(safe))
    topmost = (room - whole) * torch.cos(2 * whole * half)
    return ((kernel - 1) * 0.5 + topmost) * torch.sqrt(2 / (room - 1))
