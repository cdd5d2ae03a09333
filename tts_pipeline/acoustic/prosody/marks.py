"""Marks that recordings hardly have, read as those that are alike."""

from __future__ import annotations

import numpy as np

from tts_pipeline.text.symbols import LONG_PAUSE, SHORT_PAUSE, Alphabet

_ALIKE = {"!": ".", SHORT_PAUSE: ",", LONG_PAUSE: "."}


def read_tokens(alphabet: Alphabet) -> np.ndarray:
    """For every token the one that it is read as: its place in ``(n,)`` int64.

    A corpus without exclamations or marked pauses teaches nothing of them, and what is drawn behind
    a mark that was never heard would be anything.
    """
    tokens = np.arange(alphabet.stress_step * alphabet.n_stress)
    for mark, other in _ALIKE.items():
        tokens[alphabet.ids[mark]] = alphabet.ids[other]
    return tokens
