"""Means and their bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tts_pipeline.errors import ConfigError

# From column sums ``(..., K)`` to the statistic ``(...)``.
Statistic = Callable[[np.ndarray], np.ndarray]


class Summary(NamedTuple):
    """A figure over several utterances.

    Attributes:
        value: the figure.
        low: lower end of its 95 % interval.
        high: upper end of it.
        n: number of utterances.
    """

    value: float
    low: float
    high: float
    n: int


def ratio(sums: np.ndarray) -> np.ndarray:
    """First column by second; of rows ``(value, 1)`` it is the mean."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return sums[..., 0] / sums[..., 1]


def standard_deviation_ratio(sums: np.ndarray) -> np.ndarray:
    """Standard deviation of one set of numbers by that of another.

    Columns: number, sum and sum of squares of the first set, then those of the second.
    """
    count, total, squares = (sums[..., [k, k + 3]] for k in range(3))
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.maximum(squares / count - (total / count) ** 2, 0.0)
        return np.sqrt(variance[..., 0] / variance[..., 1])


def quotient(sums: np.ndarray) -> np.ndarray:
    """:func:`ratio` of the first two columns by that of the next two."""
    return ratio(sums[..., :2]) / ratio(sums[..., 2:])


def difference(sums: np.ndarray) -> np.ndarray:
    """:func:`ratio` of the first two columns less that of the next two."""
    return ratio(sums[..., :2]) - ratio(sums[..., 2:])


def bootstrap(
    rows: np.ndarray,
    statistic: Statistic = ratio,
    *,
    n_resamples: int = 2000,
    seed: int = 0,
) -> Summary:
    """A statistic of sums over utterances with its 95 % percentile interval.

    Efron 1979 (Annals of Statistics 7): utterances are drawn again with replacement, the ends are
    the 2.5th and 97.5th percentile of the statistic over the draws.

    Args:
        rows: ``(U, K)``, one row an utterance; sums over rows are what ``statistic`` takes.
        statistic: see :func:`ratio`.
        n_resamples: number of draws.
        seed: of the draws.

    Raises:
        ConfigError: if there is no row.
    """
    rows = np.asarray(rows, dtype=np.float64)
    if rows.ndim != 2 or len(rows) == 0:
        raise ConfigError(f"rows of shape {rows.shape}: expected (U, K) with at least one row")
    n = len(rows)
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=n_resamples)
    low, high = np.nanpercentile(statistic(draws @ rows), [2.5, 97.5])
    return Summary(float(statistic(rows.sum(axis=0))), float(low), float(high), n)
