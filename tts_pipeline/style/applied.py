"""A style on the tokens of a sentence: factors that acoustic models honour already."""

from __future__ import annotations

import dataclasses

import numpy as np

from tts_pipeline.protocols import AcousticInput
from tts_pipeline.style.factors import Style
from tts_pipeline.text.symbols import BOUNDARY, GAPS, Alphabet

RANGE = [field.name for field in dataclasses.fields(Style)].index("range")
"""Column of the range of F0 among factors."""


def styled(
    given: AcousticInput, factors: np.ndarray, alphabet: Alphabet, f0: np.ndarray | None
) -> AcousticInput:
    """A sentence as a style asks for it.

    Rate, pitch and energy are multiplied. Gaps in which there may be a pause last by ``pauses``
    longer than the rate makes them, what comes before them from its last vowel on by ``final``. The
    range of F0 is that around its mean over the sentence: F0 is moved by a power of its distance
    from it.

    Args:
        given: the sentence.
        factors: of each token, in the order of the fields of :class:`Style` ``(N, 7)``.
        alphabet: of the tokens.
        f0: that the model would give each token in Hz ``(N,)``; None if it does not know: then
            its range stays as it is.
    """
    rate, pitch, spread, energy, pauses, final = factors.T[:6].astype(np.float64)
    symbols = given.tokens % alphabet.stress_step
    is_pause = np.isin(symbols, [alphabet.ids[gap] for gap in GAPS if gap != BOUNDARY])
    rate = rate / np.where(is_pause, pauses, 1.0)
    rate = rate / np.where(_before_pauses(symbols, is_pause, alphabet), final, 1.0)
    if f0 is not None:
        spoken = ~np.isin(symbols, [alphabet.ids[mark] for mark in GAPS])
        spoken[[0, -1]] = False
        logs = np.log(f0.astype(np.float64))
        mean = logs[spoken].mean() if spoken.any() else logs.mean()
        pitch = pitch * np.exp((spread - 1) * (logs - mean))
    return dataclasses.replace(
        given, rate=given.rate * rate, pitch=given.pitch * pitch, energy=given.energy * energy
    )


def _before_pauses(symbols: np.ndarray, is_pause: np.ndarray, alphabet: Alphabet) -> np.ndarray:
    """Tokens from the last vowel of a word on, if a pause may follow ``(N,)``; from the last but
    one on where there is no vowel."""
    vowels = {alphabet.ids[vowel] for vowel in alphabet.vowels}
    gaps = {alphabet.ids[gap] for gap in GAPS}
    chosen = np.zeros(len(symbols), bool)
    for place in np.flatnonzero(is_pause):
        begin = place
        while begin > 1 and symbols[begin - 1] not in gaps:
            begin -= 1
        last = [k for k in range(begin, place) if symbols[k] in vowels]
        chosen[(last[-1] if last else max(begin, place - 2)) : place] = True
    return chosen
