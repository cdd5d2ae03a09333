"""Recordings with their F0 and the phones of their alignment."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class AlignedRecording:
    """A recording and what is known of it.

    Attributes:
        id: name, usable as a file name.
        text: what is said.
        waveform: ``(S,)`` float32 at the voice's rate, levelled and trimmed as for training.
        f0: its F0 in Hz per frame of 10 ms if it is known, 0 where unvoiced.
        segments: name, start and end in seconds of its phones, if they are known.
    """

    id: str
    text: str
    waveform: np.ndarray
    f0: np.ndarray | None = None
    segments: tuple[tuple[str, float, float], ...] = ()
