"""Conditioning of recordings: resampling, high-pass filter, loudness, silence at the edges."""

from __future__ import annotations

import functools
import importlib
import math
from typing import Any

import numpy as np

from tts_pipeline.errors import AudioError

# Frames quieter than this never count as speech: near the rounding noise of 16 bits (-98 dB).
_GATE_DB = -85.0
# Margin between active level and threshold of activity in ITU-T P.56 (Method B).
_ACTIVITY_MARGIN_DB = 15.9
# Of the resampling filter, on each side.
_ZERO_CROSSINGS = 64


def _checked(samples: np.ndarray) -> np.ndarray:
    samples = np.asarray(samples)
    if samples.ndim != 1 or len(samples) < 2:
        raise AudioError(f"samples of shape {samples.shape}: expected (S,) with at least 2 samples")
    if not np.issubdtype(samples.dtype, np.floating):
        raise AudioError(f"samples of {samples.dtype}: expected real numbers in [-1, 1]")
    if not np.isfinite(samples).all():
        raise AudioError("samples hold NaN or infinity: check the file they came from")
    return samples


def _signal() -> Any:
    """SciPy's filters, which speech at the voice's own rate does without."""
    try:
        return importlib.import_module("scipy.signal")
    except ImportError as error:
        raise AudioError(
            "resampling and filtering need SciPy, which is not installed: pip install scipy, or "
            "one of the extras [train], [eval], [listen], [serve] of this package"
        ) from error


@functools.lru_cache(maxsize=8)
def _resampling_filter(up: int, down: int) -> np.ndarray:
    signal = _signal()
    # 64 zero crossings a side keep everything up to 0.92 of the lower Nyquist frequency and
    # damp aliases by 90 dB: the transition band of a Kaiser window is (A - 8) / (2.285 * taps).
    longest = max(up, down)
    window = ("kaiser", signal.kaiser_beta(90))
    return signal.firwin(2 * _ZERO_CROSSINGS * longest + 1, 0.96 / longest, window=window)


def resample(samples: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    """Change the sample rate with a linear-phase polyphase filter.

    SciPy's ``resample_poly`` does the work: BSD, needed here for the high-pass filter too, exact
    for every pair of whole rates, and without the LGPL of soxr or the import of torchaudio. Only
    its default filter is replaced, by a steeper one.

    Args:
        samples: ``(S,)`` real.
        rate: samples per second now.
        new_rate: samples per second wanted.

    Returns:
        ``(ceil(S * new_rate / rate),)`` float32; sample ``i`` is at the time ``i / new_rate``.

    Raises:
        AudioError: if a rate is not a positive whole number, the samples are unusable, or SciPy is
            not installed.
    """
    for value in (rate, new_rate):
        if isinstance(value, bool) or int(value) != value or value <= 0:
            raise AudioError(f"sample rate {value!r}: expected a positive whole number")
    samples = _checked(samples)
    if rate == new_rate:
        return samples.astype(np.float32)
    shared = math.gcd(int(rate), int(new_rate))
    up, down = int(new_rate) // shared, int(rate) // shared
    taps = _resampling_filter(up, down)
    return (
        _signal()
        .resample_poly(samples.astype(np.float64), up, down, window=taps)
        .astype(np.float32)
    )


class StreamResampler:
    """:func:`resample` of a waveform that comes in blocks, without seams between them.

    A block of the result leaves as soon as all that decides it has come, some milliseconds of
    sound later. The blocks one after another are what :func:`resample` makes of the whole.

    Args:
        rate: samples per second now.
        new_rate: samples per second wanted.
    """

    def __init__(self, rate: int, new_rate: int) -> None:
        shared = math.gcd(rate, new_rate)
        self._rate, self._new_rate = rate, new_rate
        self._up, self._down = new_rate // shared, rate // shared
        # Samples that the filter reaches to each side, in whole steps of the two grids.
        reach = -(-_ZERO_CROSSINGS * max(self._up, self._down) // self._up) + 1
        self._context = -(-reach // self._down) * self._down
        self._held = np.zeros(0, np.float32)
        self._n_before = 0  # Samples at the start of those held that are only context.

    def write(self, samples: np.ndarray) -> np.ndarray:
        """Take ``(S,)`` float32, return what is settled now, ``(R,)`` float32, maybe none."""
        if self._rate == self._new_rate:
            return np.asarray(samples, np.float32)
        self._held = np.concatenate([self._held, samples])
        n_settled = len(self._held) - self._n_before - self._context
        n_settled = n_settled // self._down * self._down
        return self._settle(n_settled) if n_settled > 0 else self._held[:0]

    def finish(self) -> np.ndarray:
        """The rest, ``(R,)`` float32; nothing comes after it."""
        n_left = len(self._held) - self._n_before
        return self._settle(n_left) if n_left > 0 else self._held[:0]

    def _settle(self, n_samples: int) -> np.ndarray:
        # Two samples at least, which is what resample() takes.
        made = resample(np.pad(self._held, (0, 2)), self._rate, self._new_rate)
        first = self._n_before // self._down * self._up
        out = made[first : first + -(-n_samples * self._up // self._down)]
        end = self._n_before + n_samples
        start = max(0, end - self._context)
        self._held, self._n_before = self._held[start:], end - start
        return out


@functools.lru_cache(maxsize=8)
def _high_pass_sections(cutoff_hz: float, sample_rate: int) -> np.ndarray:
    return _signal().butter(4, cutoff_hz, "highpass", fs=sample_rate, output="sos")


def high_pass(samples: np.ndarray, sample_rate: int, *, cutoff_hz: float = 60.0) -> np.ndarray:
    """Remove rumble, mains hum and any constant offset, without moving anything in time.

    A Butterworth filter of order 4 runs forwards and backwards: zero phase, 6 dB down at the
    cutoff, 48 dB an octave below it.

    Args:
        samples: ``(S,)`` real.
        sample_rate: samples per second.
        cutoff_hz: below the lowest voice; between 0 and half the sample rate.

    Returns:
        ``(S,)`` float32.

    Raises:
        AudioError: if the cutoff is out of range, the samples are unusable, or SciPy is not
            installed.
    """
    if not 0 < cutoff_hz < sample_rate / 2:
        raise AudioError(f"cutoff_hz={cutoff_hz}: expected between 0 and {sample_rate / 2} Hz")
    samples = _checked(samples).astype(np.float64)
    # Mirrored edges of three periods let the filter settle before the first sample.
    pad = min(round(3 * sample_rate / cutoff_hz), len(samples) - 1)
    sections = _high_pass_sections(float(cutoff_hz), int(sample_rate))
    return _signal().sosfiltfilt(sections, samples, padlen=pad).astype(np.float32)


def frame_levels_db(samples: np.ndarray, sample_rate: int) -> tuple[np.ndarray, int]:
    """RMS level in dBFS of frames of 20 ms every 10 ms, ``(F,)``, and the step in samples.

    Frame ``i`` covers the samples from ``i * step`` to ``(i + 2) * step``; the last is partial.
    """
    step = max(1, round(0.010 * sample_rate))
    power = np.square(samples, dtype=np.float64)
    power = np.pad(power, (0, -len(power) % step)).reshape(-1, step).sum(axis=1)
    both = power + np.append(power[1:], 0.0)
    covered = np.minimum(2 * step, len(samples) - step * np.arange(len(both)))
    return 10 * np.log10(np.maximum(both / covered, 1e-20)), step


def active_level_db(samples: np.ndarray, sample_rate: int) -> float:
    """RMS level in dBFS of the parts that hold speech; a full-scale sine is at -3.01.

    As in ITU-T P.56 (Method B), activity is what lies above a threshold 15.9 dB below the level
    itself; with frames of 20 ms in place of P.56's envelope and hangover. Apply
    :func:`high_pass` first, as an offset would count as sound.

    Args:
        samples: ``(S,)`` real.
        sample_rate: samples per second.

    Raises:
        AudioError: if nothing lies above -85 dBFS or the samples are unusable.
    """
    levels, _ = frame_levels_db(_checked(samples), sample_rate)
    active = levels[levels > _GATE_DB]
    if len(active) == 0:
        raise AudioError(f"silent: no 20 ms above {_GATE_DB:.0f} dBFS; expected speech")
    while True:
        level = 10 * np.log10(np.mean(10 ** (active / 10)))
        louder = active[active > level - _ACTIVITY_MARGIN_DB]
        if len(louder) == len(active):
            return float(level)
        active = louder


def normalise_loudness(
    samples: np.ndarray,
    sample_rate: int,
    *,
    level_db: float = -23.0,
    peak_limit: float = 0.95,
) -> np.ndarray:
    """Scale so that the active speech level is ``level_db``, or less if peaks would clip.

    Args:
        samples: ``(S,)`` real, without offset (see :func:`high_pass`).
        sample_rate: samples per second.
        level_db: wanted :func:`active_level_db` in dBFS, below 0.
        peak_limit: largest amplitude of the result, in (0, 1].

    Returns:
        ``(S,)`` float32.

    Raises:
        AudioError: if the samples are silent or unusable, or an option is out of range.
    """
    if not level_db < 0 or not 0 < peak_limit <= 1:
        raise AudioError(
            f"level_db={level_db}, peak_limit={peak_limit}: expected below 0 and in (0, 1]"
        )
    gain = 10 ** ((level_db - active_level_db(samples, sample_rate)) / 20)
    gain = min(gain, peak_limit / float(np.abs(samples).max()))
    return (np.asarray(samples, dtype=np.float64) * gain).astype(np.float32)


def speech_span(
    samples: np.ndarray, sample_rate: int, *, threshold_db: float = -40.0
) -> tuple[int, int]:
    """First sample and end of the speech in a recording, to 10 ms.

    The threshold lies ``threshold_db`` from the active level, but at least 6 dB above the noise
    (the quietest tenth of the frames) unless that would come within 20 dB of the speech. A sound
    shorter than 30 ms at an edge (a click) does not count.

    Args:
        samples: ``(S,)`` real, without offset (see :func:`high_pass`).
        sample_rate: samples per second.
        threshold_db: below the active level; negative, in dB.

    Raises:
        AudioError: if the samples are silent or unusable, or the threshold is not negative.
    """
    if not threshold_db < 0:
        raise AudioError(f"threshold_db={threshold_db}: expected a negative number of dB")
    level = active_level_db(samples, sample_rate)
    levels, step = frame_levels_db(samples, sample_rate)
    noise = float(np.percentile(levels, 10))
    highest = level + max(threshold_db, -20.0)
    loud = levels > min(max(level + threshold_db, noise + 6), highest)
    # A click fills two of the overlapping frames, so three in a row are at least 30 ms of sound.
    if len(loud) >= 3:
        runs = loud[:-2] & loud[1:-1] & loud[2:]
        if runs.any():
            loud = np.convolve(runs, np.ones(3))[: len(loud)] > 0
    first, last = np.flatnonzero(loud)[[0, -1]]
    # Frames overlap by half: one that only just reaches the threshold holds the sound in its
    # later half at the start of the speech, and in its earlier half at the end.
    start = 0 if first == 0 else (first + 1) * step
    end = min((last + 1) * step, len(samples))
    return int(min(start, end - 1)), int(end)


def trim_silence(
    samples: np.ndarray,
    sample_rate: int,
    *,
    margin_before_s: float = 0.1,
    margin_after_s: float = 0.1,
    threshold_db: float = -40.0,
    pad: bool = True,
) -> np.ndarray:
    """Cut the silence at both edges to a margin, and pad edges that are tighter than that.

    Args:
        samples: ``(S,)`` real, without offset (see :func:`high_pass`).
        sample_rate: samples per second.
        margin_before_s: seconds kept before the speech, or filled up with zeros.
        margin_after_s: the same after the speech.
        threshold_db: see :func:`speech_span`.
        pad: False leaves tight edges as they are; a model that learns from the result should not
            be shown digital silence where it will have to speak.

    Returns:
        float32 of the length of the speech plus both margins (without ``pad``: or less).

    Raises:
        AudioError: if the samples are silent or unusable, or an option is out of range.
    """
    if margin_before_s < 0 or margin_after_s < 0:
        raise AudioError(f"margins {margin_before_s} and {margin_after_s}: expected at least 0 s")
    start, end = speech_span(samples, sample_rate, threshold_db=threshold_db)
    start -= round(margin_before_s * sample_rate)
    end += round(margin_after_s * sample_rate)
    kept = np.array(samples[max(start, 0) : min(end, len(samples))], dtype=np.float32)
    if not pad:
        return kept
    before, after = max(0, -start), max(0, end - len(samples))
    # Where zeros meet the recording's noise, a ramp of 5 ms avoids a click.
    ramp = np.linspace(0, 1, min(len(kept), round(0.005 * sample_rate)), dtype=np.float32)
    if before:
        kept[: len(ramp)] *= ramp
    if after:
        kept[len(kept) - len(ramp) :] *= ramp[::-1]
    return np.pad(kept, (before, after))
