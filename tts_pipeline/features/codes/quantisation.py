"""Finite scalar quantisation (Mentzer et al. 2023, arXiv 2309.15505): codes and their coordinates.

A code is a point of a small grid, one number per coordinate with ``levels`` values each. Nothing is
looked up, so there is no code book that could collapse.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# How far the outermost values stay inside the range of tanh.
_MARGIN = 1e-3


def bounds(levels: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half the range, the offset of grids with an even number of values, and the shift that takes
    zero to zero all the same; each ``(D,)`` float32 (section 3.1 of the paper, ``bound``)."""
    counts = np.asarray(levels, np.float64)
    half = (counts - 1) * (1 - _MARGIN) / 2
    offset = np.where(counts % 2 == 0, 0.5, 0.0)
    shift = np.arctanh(offset / half)
    return half.astype(np.float32), offset.astype(np.float32), shift.astype(np.float32)


def codes_of(outputs: np.ndarray, levels: Sequence[int]) -> np.ndarray:
    """Codes of what an encoder put out.

    Args:
        outputs: real ``(..., D)``.
        levels: values per coordinate ``(D,)``.

    Returns:
        ``(...)`` int64, from 0 to the product of the levels.
    """
    half, offset, shift = bounds(levels)
    places = np.round(np.tanh(outputs + shift) * half - offset).astype(np.int64)
    counts = np.asarray(levels, np.int64)
    return ((places + counts // 2) * _steps(levels)).sum(-1)


def coordinates_of(codes: np.ndarray, levels: Sequence[int]) -> np.ndarray:
    """Where codes lie on their grid: ``(...)`` to ``(..., D)`` float32 in [-1, 1]."""
    counts = np.asarray(levels, np.int64)
    places = codes[..., None] // _steps(levels) % counts
    return ((places - counts // 2) / (counts // 2)).astype(np.float32)


def _steps(levels: Sequence[int]) -> np.ndarray:
    """What one place along each coordinate adds to a code."""
    return np.cumprod([1, *levels[:-1]]).astype(np.int64)
