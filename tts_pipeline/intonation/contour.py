"""Tunes as F0: targets on the tokens of a phrase, over what the model says by itself.

Times are in frames, levels in semitones. The register is the mean level of the vowels before the
last accent. Shapes follow Pierrehumbert (1980, The Phonology and Phonetics of English Intonation):
low on the accented vowel, then up in two steps for H-H%, a peak and down to the bottom for L-L%, up
a little at the very end for L-H%; from target to target F0 goes straight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tts_pipeline.intonation.kind import Tune

# Levels above the register, and the movement from which the model is left alone.
RISE_LOW, RISE_HIGH, RISE_ENOUGH = -3.0, 7.0, 8.0
FALL_PEAK, FALL_LOW, FALL_ENOUGH = 2.0, -6.0, -4.0
# Before a comma: above the lowest point, and above the register at least.
UP = {Tune.CONTINUATION: (3.0, -1.0), Tune.ITEM: (4.0, 1.0)}
# Over so many frames before the accented vowel F0 bends towards its target.
_LEAD_FRAMES = 15
# A rise needs so many frames from the accented vowel on, a fall is over after so many, and before a
# comma F0 goes up in the last so many.
RISE_FRAMES, _FALL_FRAMES, _COMMA_FRAMES = 16, 35, 18
_LONGEST_STRETCH = 1.5
# A model draws F0 of a vowel towards that of what follows: on to here behind the last sonorant.
_OVERSHOOT = 2.0


class Track(NamedTuple):
    """What a model says of the tokens of a sentence.

    Attributes:
        level: F0 in semitones above 1 Hz ``(N,)``.
        begins: first frame of each token ``(N,)``.
        ends: the last + 1 ``(N,)``.
    """

    level: np.ndarray
    begins: np.ndarray
    ends: np.ndarray


class Tail(NamedTuple):
    """The tokens of a phrase from its last accent on.

    Attributes:
        accent: the accented vowel.
        last: the last sonorant: before a pause other consonants lose their voice.
        end: the gap behind it and what belongs to it, + 1.
    """

    accent: int
    last: int
    end: int


def with_tune(track: Track, tail: Tail, tune: Tune, register: float) -> np.ndarray:
    """Levels ``(N,)`` with a tune on one phrase.

    Args:
        track: what the model says.
        tail: where the tune is laid.
        tune: a movement that the model makes already stays as it is.
        register: level around which the phrase moves.
    """
    level = track.level
    begin, end = float(track.begins[tail.accent]), float(track.ends[tail.last])
    accented = float(track.ends[tail.accent]) - begin
    moved = float(level[tail.last] - level[tail.accent])
    if tune is Tune.RISE:
        high = register + RISE_HIGH
        if moved >= RISE_ENOUGH:
            return level
        # In a word of one syllable the vowel itself has to rise.
        turn = begin + min(0.5 * accented, 0.25 * (end - begin))
        low = register + RISE_LOW
        # H- comes with the end of the accented vowel, half way up, and H% at the very end.
        middle = begin + accented
        times, levels = [begin, turn, middle, end], [low, low, (low + high) / 2, high]
        if middle == end:
            del times[2], levels[2]
        made = _replaced(track, tail, times, levels)
        made[tail.last + 1 : tail.end] += _OVERSHOOT
        return made
    if tune is Tune.FALL:
        low_already = moved <= FALL_ENOUGH / 2 and level[tail.last] <= register + FALL_LOW / 2
        if moved <= FALL_ENOUGH or low_already:
            return level
        peak = register + float(np.clip(level[tail.accent] - register, FALL_PEAK, 2 * FALL_PEAK))
        turn = begin + 0.3 * accented
        bottom = min(end, turn + _FALL_FRAMES)
        return _replaced(track, tail, [begin, turn, bottom], [peak, peak, register + FALL_LOW])
    step, least = UP[tune]
    low = float(level[tail.accent : tail.last + 1].min())
    begin = max(begin, end - _COMMA_FRAMES)
    line = _line(track, tail, [begin, end], [low, max(low + step, register + least)])
    made = level.copy()
    made[tail.accent : tail.end] = np.maximum(made[tail.accent : tail.end], line)
    return made


def stretched(track: Track, tail: Tail) -> np.ndarray:
    """Factors on the rate ``(N,)`` that give a rise on a short last syllable time enough."""
    rate = np.ones(len(track.level))
    n_frames = float(track.ends[tail.last] - track.begins[tail.accent])
    if 0 < n_frames < RISE_FRAMES:
        rate[tail.accent : tail.last + 1] = n_frames / min(RISE_FRAMES, _LONGEST_STRETCH * n_frames)
    return rate


def _replaced(
    track: Track, tail: Tail, times: Sequence[float], levels: Sequence[float]
) -> np.ndarray:
    """Levels with a line through targets from the accented vowel on, and a bend towards it."""
    made = track.level.copy()
    middles = (track.begins + track.ends) / 2
    near = (middles - times[0]) / _LEAD_FRAMES + 1
    near = np.where(np.arange(len(made)) < tail.accent, near.clip(0, 1), 0)
    made += near * (levels[0] - made)
    made[tail.accent : tail.end] = _line(track, tail, times, levels)
    return made


def _line(track: Track, tail: Tail, times: Sequence[float], levels: Sequence[float]) -> np.ndarray:
    """Means, over each token of a tail, of a line through points."""
    means = []
    for k in range(tail.accent, tail.end):
        begin, end = int(track.begins[k]), int(track.ends[k])
        frames = np.arange(begin, max(end, begin + 1)) + 0.5
        means.append(np.interp(frames, times, levels).mean())
    return np.array(means)
