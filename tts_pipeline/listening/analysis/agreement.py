"""How far listeners agree: Krippendorff's alpha, intraclass correlation, Kendall's W."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats


def krippendorff_alpha(ratings: np.ndarray, *, level: str = "interval") -> float:
    """Krippendorff's alpha: 1 is perfect agreement, 0 what chance gives.

    Krippendorff 2011, "Computing Krippendorff's alpha-reliability": 1 - D_observed / D_expected,
    over all pairs of values within units. Units with fewer than two ratings do not count.

    Args:
        ratings: ``(listeners, units)``; NaN where a listener did not rate a unit.
        level: ``interval`` (squared difference) or ``nominal`` (differs or not).

    Returns:
        alpha; NaN where there is no variation or no unit rated twice.
    """
    if level not in ("interval", "nominal"):
        raise ValueError(f"level={level!r}: expected interval or nominal")

    def disagreement(values: np.ndarray) -> float:
        """Sum of the squared differences over all ordered pairs, or of the pairs that differ."""
        n = len(values)
        if level == "interval":
            return float(2 * (n * (values**2).sum() - values.sum() ** 2))
        _, counts = np.unique(values, return_counts=True)
        return float(n * n - (counts**2).sum())

    units = [column[~np.isnan(column)] for column in np.asarray(ratings, dtype=np.float64).T]
    units = [unit for unit in units if len(unit) > 1]
    if not units:
        return math.nan
    everything = np.concatenate(units)
    n = len(everything)
    expected = disagreement(everything) / (n * (n - 1))
    observed = sum(disagreement(unit) / (len(unit) - 1) for unit in units) / n
    return 1 - observed / expected if expected > 0 else math.nan


def intraclass_correlation(ratings: np.ndarray) -> tuple[float, float]:
    """ICC(2,1) and ICC(2,k) of Shrout and Fleiss 1979: two-way random effects, agreement.

    Args:
        ratings: ``(targets, listeners)`` without gaps.

    Returns:
        Reliability of a single listener, and of the mean over all k of them.
    """
    data = np.asarray(ratings, dtype=np.float64)
    n, k = data.shape
    if n < 2 or k < 2:
        return math.nan, math.nan
    mean = data.mean()
    between = k * ((data.mean(axis=1) - mean) ** 2).sum() / (n - 1)
    judges = n * ((data.mean(axis=0) - mean) ** 2).sum() / (k - 1)
    total = ((data - mean) ** 2).sum()
    error = (total - between * (n - 1) - judges * (k - 1)) / ((n - 1) * (k - 1))
    single = between + (k - 1) * error + k * (judges - error) / n
    average = between + (judges - error) / n
    if single == 0 or average == 0:
        return math.nan, math.nan
    return float((between - error) / single), float((between - error) / average)


def kendall_w(scores: np.ndarray) -> float:
    """Kendall's coefficient of concordance with correction for ties, 0 to 1.

    Kendall and Babington Smith 1939; W = 12 S / (m^2 (k^3 - k) - m T).

    Args:
        scores: ``(listeners, conditions)`` without gaps.
    """
    data = np.asarray(scores, dtype=np.float64)
    m, k = data.shape
    if m < 2 or k < 2:
        return math.nan
    ranks = stats.rankdata(data, axis=1)
    totals = ranks.sum(axis=0)
    deviation = ((totals - totals.mean()) ** 2).sum()
    ties = 0.0
    for row in data:
        _, counts = np.unique(row, return_counts=True)
        ties += float((counts**3 - counts).sum())
    below = m * m * (k**3 - k) - m * ties
    return float(12 * deviation / below) if below > 0 else math.nan
