"""One recording: as the models see it, and figures that tell whether it is fit for training."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import numpy as np

from tts_pipeline.audio.f0 import F0_MAX_HZ, F0_MIN_HZ, WINDOW_S, normalised_difference
from tts_pipeline.audio.files import read_audio
from tts_pipeline.audio.levels import (
    active_level_db,
    frame_levels_db,
    high_pass,
    normalise_loudness,
    speech_span,
    trim_silence,
)

# A pause within speech is what stays this far below the active level.
_PAUSE_DB = -25.0
_VOICED_FRAMES, _VOICED_DIP = 50, 0.3


@dataclasses.dataclass(frozen=True)
class Recording:
    """What :func:`measure` finds.

    Attributes:
        sample_rate: samples per second of the file.
        duration_s: length of the file.
        leading_s: silence before the speech.
        trailing_s: silence after the speech.
        pause_s: longest pause within the speech.
        level_db: active level in dBFS.
        edge_db: level of the louder of the first and the last 20 ms, from the active level.
        noise_db: level of the quietest 5 % of 20 ms frames in dBFS, above the hum.
        offset: mean of the samples.
        clipped_share: share of samples that lie on flat tops at the peak, in [0, 1].
        voiced_share: share of the loudest frames that have an F0, in [0, 1].
        fingerprint: equal for recordings of equal sound, whatever the file format.
    """

    sample_rate: int
    duration_s: float
    leading_s: float
    trailing_s: float
    pause_s: float
    level_db: float
    edge_db: float
    noise_db: float
    offset: float
    clipped_share: float
    voiced_share: float
    fingerprint: str

    @property
    def speech_s(self) -> float:
        """Length from the first sound to the last."""
        return self.duration_s - self.leading_s - self.trailing_s


def load_recording(
    path: Path,
    sample_rate: int,
    *,
    level_db: float = -23.0,
    high_pass_hz: float = 60.0,
    margin_before_s: float = 0.1,
    margin_after_s: float = 0.15,
) -> np.ndarray:
    """A recording as the models see it: resampled, filtered, levelled, trimmed ``(S,)`` float32.

    Args:
        path: the audio file.
        sample_rate: samples per second wanted.
        level_db: active speech level in dBFS.
        high_pass_hz: cutoff below the voice.
        margin_before_s: most silence kept before the speech in seconds.
        margin_after_s: most silence kept after it in seconds.

    Raises:
        AudioError: if the file cannot be used.
    """
    samples = read_audio(path, sample_rate=sample_rate).samples
    samples = high_pass(samples, sample_rate, cutoff_hz=high_pass_hz)
    samples = normalise_loudness(samples, sample_rate, level_db=level_db)
    return trim_silence(
        samples,
        sample_rate,
        margin_before_s=margin_before_s,
        margin_after_s=margin_after_s,
        pad=False,
    )


def measure(path: str | Path) -> Recording:
    """Read and measure one recording.

    Raises:
        AudioError: if the file cannot be used at all; see :func:`tts_pipeline.audio.read_audio`.
    """
    audio = read_audio(path)
    rate = audio.sample_rate
    samples = high_pass(audio.samples, rate)
    level = active_level_db(samples, rate)
    start, end = speech_span(samples, rate)
    frames, step = frame_levels_db(samples, rate)
    return Recording(
        sample_rate=rate,
        duration_s=audio.duration_s,
        leading_s=start / rate,
        trailing_s=(len(samples) - end) / rate,
        pause_s=_longest_run(frames[start // step : end // step] < level + _PAUSE_DB)
        * (step / rate),
        level_db=level,
        edge_db=float(max(frames[0], frames[-2:].max()) - level),
        noise_db=float(np.percentile(frames, 5)),
        offset=float(audio.samples.mean(dtype=np.float64)),
        clipped_share=_clipped_share(audio.samples),
        voiced_share=voiced_share(samples, rate),
        fingerprint=hashlib.blake2b(audio.samples.tobytes(), digest_size=16).hexdigest(),
    )


def _runs(mask: np.ndarray) -> np.ndarray:
    """Lengths of the runs of True in ``(S,)`` bool."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    return edges[1::2] - edges[::2]


def _longest_run(mask: np.ndarray) -> int:
    return int(_runs(mask).max(initial=0))


def _clipped_share(samples: np.ndarray) -> float:
    """Share of samples in flat tops: three or more in a row at the very same peak.

    The peak need not be full scale, since clipped recordings are often turned down afterwards.
    One such top can be chance or a broad wave, so at least two are needed.
    """
    magnitude = np.abs(samples)
    runs = _runs(magnitude >= magnitude.max() * (1 - 1e-4))
    tops = runs[runs >= 3]
    return float(tops.sum() / len(samples)) if len(tops) >= 2 else 0.0


def voiced_share(samples: np.ndarray, sample_rate: int) -> float:
    """Share of up to 50 of the loudest frames in which a wave repeats itself.

    In voiced speech YIN's normalised difference dips to about 0.1 at the period; in whispered
    speech and noise it stays near 1.

    Args:
        samples: ``(S,)`` real.
        sample_rate: samples per second.
    """
    window = round(WINDOW_S * sample_rate)
    shortest, longest = int(sample_rate / F0_MAX_HZ), int(sample_rate / F0_MIN_HZ)
    if len(samples) < window or shortest < 1:
        return 0.0
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[:: max(1, window // 4)]
    loudest = np.argsort(np.square(frames).sum(axis=1))[-_VOICED_FRAMES:]
    difference = normalised_difference(frames[loudest].astype(np.float64), shortest, longest)
    return float((difference.min(axis=1) < _VOICED_DIP).mean())
