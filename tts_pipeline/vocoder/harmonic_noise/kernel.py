"""What the parallel vocoder does per sample and per bin, as fused kernels for the CPU."""

from __future__ import annotations

import math

import numpy as np

from tts_pipeline.nn.approximations import exponential, sine_of_pi
from tts_pipeline.nn.jit import compiled

_F = np.float32
_ZERO, _HALF, _ONE, _TWO = _F(0.0), _F(0.5), _F(1.0), _F(2.0)
_INVERSE_PI = _F(1 / math.pi)


@compiled(fastmath=True)
def decode_f0(
    logits: np.ndarray, f0_min: float, bin_cents: float, f0: np.ndarray, voiced: np.ndarray
) -> None:
    """:meth:`~tts_pipeline.vocoder.harmonic_noise.pitch.PitchHead.decode`, and how much is voiced.

    Args:
        logits: of the F0 classes, then of voicing ``(T, n_bins + 1)``.
        f0_min: F0 of the first class in Hz.
        bin_cents: width of a class in cents.
        f0: in Hz ``(T,)``, filled.
        voiced: in [0, 1] ``(T,)``, filled.
    """
    n_bins = logits.shape[1] - 1
    for t in range(len(logits)):
        best = 0
        for k in range(1, n_bins):
            if logits[t, k] > logits[t, best]:
                best = k
        total = 0.0
        moment = 0.0
        for offset in range(-4, 5):
            k = min(max(best + offset, 0), n_bins - 1)
            weight = 1.0 / (1.0 + math.exp(-np.float64(logits[t, k])))
            total += weight
            moment += weight * k
        cents = moment / max(total, 1e-6) * bin_cents
        f0[t] = f0_min * np.exp2(cents / 1200.0)
        voiced[t] = 1.0 / (1.0 + math.exp(-np.float64(logits[t, n_bins])))


@compiled(fastmath=True)
def pulse_samples(
    frames: np.ndarray,
    hop: int,
    rate: float,
    phase: float,
    begin: int,
    out: np.ndarray,
    nearest: np.ndarray,
) -> float:
    """:func:`~tts_pipeline.vocoder.harmonic_noise.excitation.pulse_train` from F0 per frame.

    F0 is interpolated linearly as by
    :func:`~tts_pipeline.vocoder.harmonic_noise.excitation.between_centres`; within a frame its
    running sum, the phase, has a closed form. That is float64: in float32 the phase of a minute
    of speech is off by whole degrees.

    Args:
        frames: F0 in Hz ``(T,)``.
        hop: samples per frame.
        rate: samples per second.
        phase: in cycles, before the first sample.
        begin: samples after the first centre that are left out.
        out: ``(S,)``, filled.
        nearest: ``(S,)``, filled with the phase in cycles from the nearest pulse; or of no length.

    Returns:
        The phase after the last sample, in [0, 1).
    """
    half_rate = _F(rate / 2)
    first = (hop // 2 + 0.5) / hop - 0.5
    # Loops of one kind of numbers each, or the compiler makes no vectors of them.
    places = np.arange(hop).astype(np.float64)
    near, f0 = np.empty(hop, np.float32), np.empty(hop, np.float32)
    pulses = np.empty(hop, np.float32)
    for t in range(len(frames) - 1):
        left, step = np.float64(frames[t]), np.float64(frames[t + 1]) - np.float64(frames[t])
        k_begin = max(0, begin - t * hop)
        k_end = min(hop, begin + len(out) - t * hop)
        if k_begin >= k_end:
            continue
        before = k_begin * (left + step * (first + 0.5 * (k_begin - 1) / hop))
        for k in range(hop):
            n = places[k] + 1.0
            passed = n * (left + step * (first + 0.5 * places[k] / hop)) - before
            cycles = phase + passed / rate
            near[k] = cycles - np.floor(cycles + 0.5)
            f0[k] = left + step * (first + places[k] / hop)
        for k in range(hop):
            room = half_rate / f0[k]
            whole = np.floor(room)
            order = _TWO * whole - _ONE
            # Near a pulse's centre sine and sine vanish together; the limit is their ratio's.
            centre = abs(near[k]) < _F(3e-5)
            kernel = sine_of_pi(order * near[k]) / (_ONE if centre else sine_of_pi(near[k]))
            kernel = order if centre else kernel
            topmost = (room - whole) * sine_of_pi(_HALF - _TWO * whole * near[k])
            pulses[k] = ((kernel - _ONE) * _HALF + topmost) * np.sqrt(_TWO / (room - _ONE))
        start = t * hop - begin
        out[start + k_begin : start + k_end] = pulses[k_begin:k_end]
        if len(nearest):
            nearest[start + k_begin : start + k_end] = near[k_begin:k_end]
        passed = k_end * (left + step * (first + 0.5 * (k_end - 1) / hop)) - before
        phase += passed / rate
        phase -= np.floor(phase)
    return phase


@compiled(fastmath=True)
def filter_spectra(
    made: np.ndarray, envelope: np.ndarray, limit: float, pulses: np.ndarray, noise: np.ndarray
) -> None:
    """``pulses = exp(a + envelope + i p) * pulses + exp(b + envelope) * noise``, in place.

    Args:
        made: the network's ``a``, ``p`` and ``b`` side by side ``(T, 3 F)``.
        envelope: natural-log gain that both start from ``(T, F)``.
        limit: largest natural-log gain, float32.
        pulses: spectra ``(T, F, 2)``, real and imaginary parts, changed.
        noise: spectra ``(T, F, 2)``.
    """
    n_bins = envelope.shape[1]
    least = _F(-14.0)
    # Row by row through buffers: loops that touch few arrays become vectors.
    gain, level = np.empty(n_bins, np.float32), np.empty(n_bins, np.float32)
    real, imaginary = np.empty(n_bins, np.float32), np.empty(n_bins, np.float32)
    for t in range(len(made)):
        start = envelope[t]
        harmonic, angle, noisy = (
            made[t, :n_bins],
            made[t, n_bins : 2 * n_bins],
            made[t, 2 * n_bins :],
        )
        for k in range(n_bins):
            gain[k] = exponential(min(max(harmonic[k] + start[k], least), limit))
        for k in range(n_bins):
            level[k] = exponential(min(max(noisy[k] + start[k], least), limit))
        for k in range(n_bins):
            real[k] = gain[k] * sine_of_pi(angle[k] * _INVERSE_PI + _HALF)
        for k in range(n_bins):
            imaginary[k] = gain[k] * sine_of_pi(angle[k] * _INVERSE_PI)
        pulse, hiss = pulses[t], noise[t]
        for k in range(n_bins):
            x, y = pulse[k, 0], pulse[k, 1]
            pulse[k, 0] = real[k] * x - imaginary[k] * y + level[k] * hiss[k, 0]
            pulse[k, 1] = real[k] * y + imaginary[k] * x + level[k] * hiss[k, 1]


@compiled(fastmath=True)
def overlap_add(
    windows: np.ndarray, window: np.ndarray, hop: int, signal: np.ndarray, weight: np.ndarray
) -> None:
    """Add windowed windows, and the squares of the window, where they belong.

    Args:
        windows: ``(T, n_fft)``.
        window: ``(n_fft,)``.
        hop: samples from one to the next.
        signal: ``((T - 1) * hop + n_fft,)`` or longer, changed.
        weight: as the signal.
    """
    n_fft = len(window)
    for t in range(len(windows)):
        row, summed = windows[t], signal[t * hop : t * hop + n_fft]
        for k in range(n_fft):
            summed[k] += window[k] * row[k]
        weighed = weight[t * hop : t * hop + n_fft]
        for k in range(n_fft):
            weighed[k] += window[k] * window[k]
