"""A text that is longer than the canvas, in pieces that fit."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np

from tts_pipeline.protocols import AcousticInput
from tts_pipeline.text.symbols import BOS, EOS, Alphabet

# What a gap is worth as a place to cut, against how far from the middle it lies: a full stop at a
# quarter of the text is as good as a comma nearer by a sixth of it.
_WORTH = {"|": 0.0, "<short>": 0.1, "<long>": 0.15, ",": 0.15, ".": 0.3, "!": 0.3, "?": 0.3}


class Piece(NamedTuple):
    """A part of a text that fits the canvas.

    Attributes:
        given: the part, with a beginning and an end of sentence of its own.
        own: which of its tokens are the text's.
    """

    given: AcousticInput
    own: slice


def pieces_of(
    given: AcousticInput, token_frames: float, most_frames: float, alphabet: Alphabet
) -> list[Piece]:
    """A text in pieces whose expected length stays below a limit.

    It is cut in two at the strongest gap that is not far from its middle, at a token where there is
    no gap at all, and so on with the parts.

    Args:
        given: the text.
        token_frames: expected frames of a token at a rate of 1.
        most_frames: the limit.
        alphabet: of the tokens.
    """
    n_tokens = len(given.tokens)
    expected = (token_frames / given.rate.astype(np.float64)).cumsum()
    of_symbol = {alphabet.ids[gap]: value for gap, value in _WORTH.items()}
    symbols = (given.tokens % alphabet.stress_step).tolist()
    worth = np.array([of_symbol.get(symbol, -1.0) for symbol in symbols])
    pieces: list[Piece] = []

    def add(begin: int, end: int) -> None:
        before = expected[begin - 1] if begin else 0.0
        if expected[end - 1] - before <= most_frames or end - begin < 4:
            pieces.append(_piece(given, begin, end, alphabet))
            return
        cut = _best_cut(worth[begin:end], expected[begin:end] - before) + begin
        add(begin, cut)
        add(cut, end)

    add(0, n_tokens)
    return pieces


def _best_cut(worth: np.ndarray, expected: np.ndarray) -> int:
    """Number of tokens before the cut, at least 2 and leaving at least 2."""
    from_middle = np.abs(expected / expected[-1] - 0.5)
    score = np.where(from_middle <= 0.4, worth, -1.0) - from_middle
    return 2 + int(score[1:-2].argmax())


def _piece(given: AcousticInput, begin: int, end: int, alphabet: Alphabet) -> Piece:
    first = [] if begin == 0 else [alphabet.ids[BOS]]
    last = [] if end == len(given.tokens) else [alphabet.ids[EOS]]

    def extended(values: np.ndarray, filler: float) -> np.ndarray:
        parts = [np.full(len(first), filler), values[begin:end], np.full(len(last), filler)]
        return np.concatenate(parts).astype(values.dtype)

    changed = dataclasses.replace(
        given,
        tokens=np.concatenate([first, given.tokens[begin:end], last]).astype(np.int64),
        rate=extended(given.rate, 1),
        pitch=extended(given.pitch, 1),
        energy=extended(given.energy, 1),
        fixed_frames=extended(given.fixed_frames, 0),
    )
    return Piece(changed, slice(len(first), len(first) + end - begin))
