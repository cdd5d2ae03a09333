"""Diversity: how far renditions of one text by several seeds differ, as a person's takes do.

The yardstick are several takes of one prompt by the speaker, which are scored the same way where
the texts name them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np

from tts_pipeline.errors import AudioError
from tts_pipeline.evaluation.metrics.blur import limited, mel_of
from tts_pipeline.evaluation.metrics.packages import load_package
from tts_pipeline.evaluation.metrics.registry import GROUP, Case, Row, metric
from tts_pipeline.evaluation.metrics.sound import HOP_LENGTH, SAMPLE_RATE, Sound

Item = TypeVar("Item")
# Larger differences of F0 are octave errors of the tracker.
_LARGEST_CENTS = 600.0
# Frames within so many dB of the loudest are speech.
_SPEECH_DB = 40.0


def f0_spread_cents(sounds: tuple[Sound, ...]) -> float:
    """Standard deviation between renditions of F0 at the same place of the text, in cents.

    Every two renditions are aligned by dynamic time warping of their log mels; the squared
    differences of log F0 over frames voiced in both, halved, have the variance between renditions
    as their mean.

    Raises:
        AudioError: if there are fewer than two renditions, or nothing is voiced in two.
    """
    squares = [_squared_cents(*pair) for pair in _pairs(sounds)]
    differences = np.concatenate(squares)
    if not len(differences):
        raise AudioError("no frame is voiced in two renditions: there is no F0 to compare")
    return float(np.sqrt(differences.mean() / 2))


def duration_spread(sounds: tuple[Sound, ...]) -> float:
    """Standard deviation between renditions of the logarithm of their duration, in percent.

    Counted from the first to the last frame within 40 dB of the loudest.

    Raises:
        AudioError: if there are fewer than two renditions.
    """
    logs = [np.log(speech_s(sound)) for sound in sounds]
    squares = [(first - second) ** 2 for first, second in _pairs(logs)]
    return float(100 * np.sqrt(np.mean(squares) / 2))


def speech_s(sound: Sound) -> float:
    """Seconds from the first to the last frame that is not silent."""
    n_frames = -(-len(sound.samples) // HOP_LENGTH)
    padded = np.pad(sound.samples, (0, n_frames * HOP_LENGTH - len(sound.samples)))
    power = (padded.reshape(n_frames, HOP_LENGTH).astype(np.float64) ** 2).mean(axis=1)
    (loud,) = np.nonzero(power >= power.max() * 10 ** (-_SPEECH_DB / 10))
    return float((loud[-1] - loud[0] + 1) * HOP_LENGTH / SAMPLE_RATE)


def _pairs(items: Sequence[Item]) -> Iterator[tuple[Item, Item]]:
    if len(items) < 2:
        raise AudioError(f"{len(items)} rendition of the text: expected two or more")
    return itertools.combinations(items, 2)


def _squared_cents(first: Sound, second: Sound) -> np.ndarray:
    librosa = load_package("librosa", "the alignment of renditions")
    mels = [limited(sound.once(mel_of)) for sound in (first, second)]
    _, path = librosa.sequence.dtw(*mels)
    f0 = [
        sound.f0[np.minimum(path[:, k], len(sound.f0) - 1)]
        for k, sound in enumerate((first, second))
    ]
    both = (f0[0] > 0) & (f0[1] > 0)
    cents = 1200 * np.log2(f0[0][both] / f0[1][both])
    return cents[np.abs(cents) <= _LARGEST_CENTS] ** 2


@metric(
    "f0_diversity",
    "F0 spread between seeds",
    unit="cents",
    better="recordings",
    needs=[GROUP],
    digits=0,
    about="deviation of F0 at one place of the text, between seeds or between a person's takes",
)
def _f0_diversity(case: Case) -> Row:
    return f0_spread_cents(case.group)


@metric(
    "duration_diversity",
    "duration spread between seeds",
    unit="%",
    better="recordings",
    needs=[GROUP],
    digits=1,
    about="deviation of the duration, between seeds or between a person's takes",
)
def _duration_diversity(case: Case) -> Row:
    return duration_spread(case.group)
