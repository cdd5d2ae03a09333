"""The one F0 tracker: pYIN (Mauch and Dixon 2014, ICASSP).

Every frame has candidates, the troughs of its YIN function (De Cheveigné and Kawahara 2002), each
with the share of a prior over thresholds that picks it; a hidden Markov model over pitch and
voicing chooses among them. Settings are those of ``librosa.pyin``, and so is the outcome; the
transitions, zero beyond a narrow band, are only followed within it, which is several times faster.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from tts_pipeline.errors import AudioError
from tts_pipeline.nn.jit import compiled

F0_MIN_HZ, F0_MAX_HZ = 70.0, 420.0
WINDOW_S = 0.048

_BINS_PER_SEMITONE = 10
_N_THRESHOLDS = 100
_OCTAVES_PER_S = 35.92
_SWITCH, _NO_TROUGH = 0.01, 0.01
# Of the Boltzmann prior over the troughs below a threshold, from the shortest period on.
_DECAY = 2.0
_TINY = np.finfo(np.float64).tiny
# So many frames are analysed at a time, to bound the memory that a long recording takes.
_BLOCK = 1024


def track_f0(
    samples: np.ndarray,
    sample_rate: int = 16000,
    hop_length: int = 160,
    *,
    f0_min: float = F0_MIN_HZ,
    f0_max: float = F0_MAX_HZ,
    window: int | None = None,
) -> np.ndarray:
    """F0 in Hz per frame ``(ceil(S / hop_length),)`` float32, 0 where unvoiced.

    Frames are centred like those of :func:`tts_pipeline.audio.mel.log_mel`; beyond the ends there
    is silence.

    Args:
        samples: ``(S,)`` real in [-1, 1].
        sample_rate: samples per second.
        hop_length: samples per frame.
        f0_min: lowest F0 in Hz.
        f0_max: highest F0 in Hz.
        window: samples seen at a time, more than a period of ``f0_min``; None: 48 ms.

    Raises:
        AudioError: if the samples are not ``(S,)`` and finite, or the settings do not fit.
    """
    samples = np.asarray(samples, dtype=np.float64)
    if samples.ndim != 1 or not len(samples) or not np.isfinite(samples).all():
        raise AudioError(f"samples of shape {samples.shape}: expected finite numbers (S,)")
    if window is None:
        window = round(WINDOW_S * sample_rate)
    if not 0 < f0_min < f0_max <= sample_rate / 2 or sample_rate / f0_min >= window - 1:
        raise AudioError(
            f"F0 from {f0_min} to {f0_max} Hz in windows of {window} samples at {sample_rate} Hz: "
            "expected f0_min < f0_max <= half the sample rate, and a period of f0_min in a window"
        )
    shortest = math.floor(sample_rate / f0_max)
    longest = min(math.ceil(sample_rate / f0_min), window - 1)
    n_bins = math.floor(12 * _BINS_PER_SEMITONE * math.log2(f0_max / f0_min)) + 1

    n_frames = -(-len(samples) // hop_length)
    margin = (window - hop_length) // 2
    around = np.pad(samples, (max(0, margin), window + n_frames * hop_length - len(samples)))
    frames = np.lib.stride_tricks.sliding_window_view(around[max(0, -margin) :], window)
    frames = frames[::hop_length][:n_frames]
    observed, voiced = np.zeros((n_frames, n_bins)), np.zeros(n_frames)
    prior = _threshold_prior()
    for start in range(0, n_frames, _BLOCK):
        rows = slice(start, start + _BLOCK)
        difference = normalised_difference(frames[rows], shortest, longest)
        _observe(
            difference, prior, shortest, float(sample_rate), f0_min, observed[rows], voiced[rows]
        )
    path = np.empty(n_frames, np.int64)
    width = round(_OCTAVES_PER_S * 12 * hop_length / sample_rate) * _BINS_PER_SEMITONE // 2
    _viterbi(observed, voiced, _transitions(n_bins, width), path)
    f0 = f0_min * 2 ** (np.arange(n_bins) / (12 * _BINS_PER_SEMITONE))
    return np.where(path < n_bins, f0[path % n_bins], 0.0).astype(np.float32)


def normalised_difference(frames: np.ndarray, shortest: int, longest: int) -> np.ndarray:
    """YIN's cumulative mean normalised difference function (equation 8 there).

    Args:
        frames: ``(T, window)`` float64.
        shortest: first period in samples.
        longest: last period in samples.

    Returns:
        ``(T, longest - shortest + 1)`` float64.
    """
    n_fft = 1 << (2 * frames.shape[1] - 1).bit_length()
    power = np.abs(np.fft.rfft(frames, n_fft)) ** 2
    correlation = np.fft.irfft(power, n_fft)[:, : longest + 1]
    left_out = np.cumsum(frames[:, :longest] ** 2, axis=1)
    difference = 2 * (correlation[:, :1] - correlation[:, 1:]) - left_out
    mean = np.cumsum(difference, axis=1) / np.arange(1, longest + 1)
    return difference[:, shortest - 1 :] / (mean[:, shortest - 1 :] + _TINY)


@functools.cache
def _threshold_prior() -> np.ndarray:
    """Shares of the thresholds 0.01, 0.02 ... 1 of a beta distribution with parameters 2, 18."""
    x = np.linspace(0, 1, _N_THRESHOLDS + 1)
    return np.diff(1 - (1 - x) ** 18 * (1 + 18 * x))


@functools.lru_cache(maxsize=4)
def _transitions(n_bins: int, width: int) -> np.ndarray:
    """Logarithms ``(2, n_bins, 2 * width + 1)``: of keeping and of changing the voicing, from a
    bin to those around it, triangular."""
    triangle = 1 - np.abs(np.arange(-width, width + 1)) / (width + 1)
    target = np.arange(n_bins)[:, None] + np.arange(-width, width + 1)
    local = np.where((target >= 0) & (target < n_bins), triangle, 0.0)
    local /= local.sum(axis=1, keepdims=True)
    return np.log(np.stack([(1 - _SWITCH) * local, _SWITCH * local]) + _TINY)


@compiled()
def _observe(difference, prior, shortest, sample_rate, f0_min, observed, voiced):
    """Probability of each bin and of voicing, per frame: ``(T, n_bins)`` and ``(T,)``, written."""
    n_frames, n_periods = difference.shape
    n_bins = observed.shape[1]
    n_thresholds = len(prior)
    troughs = np.empty(n_periods, np.int64)
    for t in range(n_frames):
        row = difference[t]
        count = 0
        for k in range(n_periods):
            below_last = k == 0 or row[k] < row[k - 1]
            if k == 0:
                is_trough = row[0] < row[1]
            else:
                is_trough = below_last and (k == n_periods - 1 or row[k] <= row[k + 1])
            if is_trough:
                troughs[count] = k
                count += 1
        if count == 0:
            continue
        lowest = 0
        for i in range(1, count):
            if row[troughs[i]] < row[troughs[lowest]]:
                lowest = i
        probability = np.zeros(count)
        for j in range(n_thresholds):
            threshold = (j + 1) / n_thresholds
            n_below = 0
            for i in range(count):
                n_below += row[troughs[i]] < threshold
            if n_below == 0:
                probability[lowest] += _NO_TROUGH * prior[j]
                continue
            scale = prior[j] * (1 - math.exp(-_DECAY)) / (1 - math.exp(-_DECAY * n_below))
            rank = 0
            for i in range(count):
                if row[troughs[i]] < threshold:
                    probability[i] += scale * math.exp(-_DECAY * rank)
                    rank += 1
        for i in range(count):
            if probability[i] == 0:
                continue
            k = troughs[i]
            shift = 0.0
            if 0 < k < n_periods - 1:
                curvature = row[k + 1] + row[k - 1] - 2 * row[k]
                slope = (row[k + 1] - row[k - 1]) / 2
                if abs(slope) < abs(curvature):
                    shift = -slope / curvature
            f0 = sample_rate / (shortest + k + shift)
            place = np.rint(12 * _BINS_PER_SEMITONE * math.log2(f0 / f0_min))
            if place < n_bins:
                observed[t, max(0, int(place))] = probability[i]
        voiced[t] = min(1.0, max(0.0, observed[t].sum()))


@compiled()
def _viterbi(observed, voiced, transitions, path):
    """Most probable states: bin of a voiced frame, ``n_bins`` plus bin of an unvoiced one."""
    n_frames, n_bins = observed.shape
    width = transitions.shape[2] // 2
    before = np.empty(2 * n_bins)
    now = np.empty(2 * n_bins)
    came_from = np.empty((n_frames, 2 * n_bins), np.int32)
    impossible = math.log(_TINY)
    for t in range(n_frames):
        best = 0
        for state in range(2 * n_bins):
            if t and before[state] > before[best]:
                best = state
        unvoiced = math.log((1 - voiced[t]) / n_bins + _TINY)
        for j in range(n_bins):
            seen = math.log(observed[t, j] + _TINY)
            for voicing in range(2):
                if t == 0:
                    value, source = math.log(1 / (2 * n_bins)), 0
                else:
                    # Anything is possible, if nothing else is.
                    value, source = before[best] + impossible, best
                    for other in range(2):
                        kind = int(other != voicing)
                        for i in range(max(0, j - width), min(n_bins, j + width + 1)):
                            state = other * n_bins + i
                            candidate = before[state] + transitions[kind, i, j - i + width]
                            if candidate > value or (candidate == value and state < source):
                                value, source = candidate, state
                now[voicing * n_bins + j] = value + (unvoiced if voicing else seen)
                came_from[t, voicing * n_bins + j] = source
        before, now = now, before
    path[n_frames - 1] = np.argmax(before)
    for t in range(n_frames - 1, 0, -1):
        path[t - 1] = came_from[t, path[t]]
