"""Neighbouring codes of what a voice speaks, counted for the metric of unseen pairs."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tts_pipeline.features.codes.pairs import SeenPairs
from tts_pipeline.voice.models import FEATURES
from tts_pipeline.voice.voice import Voice

SEEN_PAIRS = "seen-pairs.npz"
"""File in a voice's folder; ``recipes/strategies/seen_pairs.py`` makes it."""


def mel_pairs(voice: Voice, mels: Iterable[np.ndarray]) -> dict[str, np.ndarray]:
    """Unseen and all pairs of the codes that the voice's auto-encoder gives mels ``(M, T)``, as
    ``mel_pairs`` ``(2,)``; nothing if the voice has no codes or no table of pairs."""
    names = voice.names(FEATURES)
    seen = _seen(voice.path)
    if not names or seen is None:
        return {}
    codes = voice.start(names[0], FEATURES)
    return {"mel_pairs": _counts(seen, (codes.encode(mel) for mel in mels))}


def code_pairs(voice: Voice, codes: Iterable[np.ndarray]) -> dict[str, np.ndarray]:
    """Unseen and all pairs of codes ``(L, G)``, as ``code_pairs`` ``(2,)``; nothing if there are
    none or the voice has no table of pairs."""
    seen = _seen(voice.path)
    counts = np.zeros(2, int) if seen is None else _counts(seen, codes)
    return {"code_pairs": counts} if counts[1] else {}


def _counts(seen: SeenPairs, codes: Iterable[np.ndarray]) -> np.ndarray:
    return np.sum([[0, 0], *(seen.unseen(each) for each in codes)], 0)


@functools.lru_cache(maxsize=4)
def _seen(folder: Path | None) -> SeenPairs | None:
    path = None if folder is None else folder / SEEN_PAIRS
    return SeenPairs.load(path) if path is not None and path.is_file() else None
