"""The two stages on arrays: what lies between a text's tokens and its samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np


class Request(NamedTuple):
    """What stage 1 is to speak, all of it per token ``(N,)``.

    Attributes:
        tokens: int64, see :mod:`tts_pipeline.text.symbols`.
        rate: factor on the speaking rate, float32.
        pitch: factor on F0, float32.
        energy: factor on the amplitude, float32.
        fixed_frames: frames that a token lasts whatever is predicted, int64; 0: as predicted.
    """

    tokens: np.ndarray
    rate: np.ndarray
    pitch: np.ndarray
    energy: np.ndarray
    fixed_frames: np.ndarray


class Written(NamedTuple):
    """A mel that is written block by block, and what is known of it at once.

    Attributes:
        durations: frames of each token ``(N,)`` int64.
        f0: F0 of each token in Hz ``(N,)``, as asked of the decoder.
        blocks: ``(M, t)`` natural-log amplitude, each written when it is asked for.
    """

    durations: np.ndarray
    f0: np.ndarray
    blocks: Iterator[np.ndarray]

    @property
    def mel(self) -> np.ndarray:
        """All blocks that are left, together ``(M, T)``."""
        return np.concatenate(list(self.blocks), 1)


class Stage1(Protocol):
    """Tokens to mel."""

    def write_all(self, requests: Sequence[Request], *, seed: int) -> list[Written]:
        """Write texts, side by side where that pays; each in one block."""

    def write(self, request: Request, *, seed: int) -> Written:
        """Write a text block by block, the first one soon."""


class Stage2(Protocol):
    """Mel to samples."""

    def infer(self, mel: np.ndarray, *, seed: int = 0) -> np.ndarray:
        """``(M, T)`` to ``(T * hop_length,)``; see :meth:`Vocoder.infer`."""

    def stream(self, mel: Iterable[np.ndarray], *, seed: int = 0) -> Iterator[np.ndarray]:
        """Blocks ``(M, t)`` to blocks ``(S,)``; see :meth:`Vocoder.stream`."""
