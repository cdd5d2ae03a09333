"""Means with intervals, paired tests, effect sizes, proportions and sample sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

# Asymptotic relative efficiency of Wilcoxon's signed-rank test to the paired t test under
# normality (Hodges and Lehmann 1956).
WILCOXON_EFFICIENCY = 3 / math.pi
MOST_LISTENERS = 100_000


class Estimate(NamedTuple):
    """A mean with its 95 % t interval; the ends are NaN for a single value."""

    mean: float
    low: float
    high: float
    sd: float
    n: int


class PairTest(NamedTuple):
    """Two conditions compared over listeners.

    Attributes:
        n: listeners who judged both.
        difference: mean of the differences, first minus second.
        low: lower end of its 95 % t interval.
        high: upper end of it.
        p: two-sided, Wilcoxon's signed-rank test.
        p_holm: corrected for all pairs of the table.
        rank_biserial: matched-pairs rank-biserial correlation, -1 to 1.
        dz: Cohen's d of paired differences.
    """

    n: int
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    rank_biserial: float
    dz: float


class Proportion(NamedTuple):
    """A share of choices with its 95 % Wilson interval and exact binomial p."""

    share: float
    low: float
    high: float
    p: float
    k: int
    n: int


def mean_interval(values: Sequence[float] | np.ndarray) -> Estimate:
    """Mean with 95 % interval from Student's t distribution with n - 1 degrees of freedom."""
    data = np.asarray(values, dtype=np.float64)
    n = len(data)
    mean = float(data.mean())
    if n < 2:
        return Estimate(mean, math.nan, math.nan, math.nan, n)
    sd = float(data.std(ddof=1))
    half = float(stats.t.ppf(0.975, n - 1)) * sd / math.sqrt(n)
    return Estimate(mean, mean - half, mean + half, sd, n)


def rank_biserial(differences: np.ndarray) -> float:
    """Kerby 2014's matched-pairs rank-biserial correlation: (W+ - W-) / (W+ + W-); 0 if all tie."""
    rest = differences[differences != 0]
    if len(rest) == 0:
        return 0.0
    ranks = stats.rankdata(np.abs(rest))
    return float((ranks * np.sign(rest)).sum() / ranks.sum())


def signed_rank_p(differences: np.ndarray) -> float:
    """Two-sided p of Wilcoxon's signed-rank test (SciPy; zeros dropped); 1 if all are zero."""
    if not np.any(differences):
        return 1.0
    return float(stats.wilcoxon(differences).pvalue)


def effect_dz(differences: np.ndarray) -> float:
    """Cohen's dz: mean of the differences by their standard deviation; NaN for fewer than two."""
    if len(differences) < 2:
        return math.nan
    sd = float(differences.std(ddof=1))
    mean = float(differences.mean())
    if sd == 0:
        return 0.0 if mean == 0 else math.copysign(math.inf, mean)
    return mean / sd


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm 1979's step-down correction: adjusted p in the given order."""
    m = len(p_values)
    adjusted, highest = [1.0] * m, 0.0
    for rank, index in enumerate(sorted(range(m), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (m - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def paired_tests(scores: np.ndarray, pairs: Sequence[tuple[int, int]]) -> list[PairTest | None]:
    """Compare pairs of columns over listeners, Holm-corrected over all pairs.

    Args:
        scores: ``(listeners, conditions)``, a listener's mean for each condition; NaN for none.
        pairs: indices of columns.

    Returns:
        One test a pair; None where nobody judged both.
    """
    found: list[tuple[int, np.ndarray]] = []
    for index, (first, second) in enumerate(pairs):
        differences = scores[:, first] - scores[:, second]
        differences = differences[~np.isnan(differences)]
        if len(differences):
            found.append((index, differences))
    p_values = [signed_rank_p(differences) for _, differences in found]
    tests: list[PairTest | None] = [None] * len(pairs)
    for (index, differences), p, p_holm in zip(found, p_values, holm(p_values)):
        mean = mean_interval(differences)
        tests[index] = PairTest(
            len(differences),
            mean.mean,
            mean.low,
            mean.high,
            p,
            p_holm,
            rank_biserial(differences),
            effect_dz(differences),
        )
    return tests


def proportion(k: int, n: int, *, alternative: str = "two-sided") -> Proportion:
    """Exact binomial test against one half, with the Wilson 1927 score interval (SciPy).

    Args:
        k: choices of one kind, of ``n``.
        n: all choices; 0 gives NaN and p = 1.
        alternative: ``two-sided``, or ``greater`` for ABX.
    """
    if n == 0:
        return Proportion(math.nan, 0.0, 1.0, 1.0, 0, 0)
    test = stats.binomtest(k, n, 0.5, alternative=alternative)
    interval = stats.binomtest(k, n, 0.5).proportion_ci(0.95, method="wilson")
    return Proportion(k / n, float(interval.low), float(interval.high), float(test.pvalue), k, n)


def t_test_power(dz: float, n: int, alpha: float) -> float:
    """Power of the two-sided paired t test, from the noncentral t distribution."""
    critical = stats.t.ppf(1 - alpha / 2, n - 1)
    shift = abs(dz) * math.sqrt(n)
    wrong_side = stats.nct.cdf(-critical, n - 1, shift)
    # SciPy gives NaN for some of the probabilities too small to matter.
    return float(stats.nct.sf(critical, n - 1, shift) + np.nan_to_num(wrong_side))


def _fewest(enough: Callable[[int], bool], low: int) -> int | None:
    """The smallest n from ``low`` on that is enough, for a condition that holds ever after."""
    high = low
    while not enough(high):
        if high >= MOST_LISTENERS:
            return None
        low, high = high + 1, min(2 * high, MOST_LISTENERS)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return high


def listeners_for_power(dz: float, *, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """Listeners needed for a paired t test to find an effect; None above 100,000.

    For Wilcoxon's test divide by :data:`WILCOXON_EFFICIENCY`, as :func:`wilcoxon_listeners` does.
    """
    if math.isnan(dz) or dz == 0:
        return None
    # Infinite when all differences are the same.
    size = min(abs(dz), 20.0)
    return _fewest(lambda n: t_test_power(size, n, alpha) >= power, 2)


def wilcoxon_listeners(dz: float, *, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """Listeners needed for Wilcoxon's signed-rank test, by its efficiency under normality.

    Never fewer than the test needs to reach ``alpha`` at all: its smallest two-sided p is
    ``2 ** (1 - n)``.
    """
    n = listeners_for_power(dz, alpha=alpha, power=power)
    if n is None:
        return None
    return max(math.ceil(n / WILCOXON_EFFICIENCY), math.ceil(1 - math.log2(alpha)))


def listeners_for_half_width(sd: float, half_width: float) -> int | None:
    """Listeners needed until the 95 % t interval of a mean is no wider than this to a side."""
    if not math.isfinite(sd):
        return None
    return _fewest(lambda n: stats.t.ppf(0.975, n - 1) * sd / math.sqrt(n) <= half_width, 2)


def choices_for_power(
    share: float, *, alternative: str = "two-sided", alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """Choices needed for the exact binomial test to tell a share from one half.

    The power of an exact test goes up and down with n; this is the first n that reaches it.
    None where more than 5,000 would be needed.
    """
    side = alpha / 2 if alternative == "two-sided" else alpha
    share = max(share, 1 - share) if alternative == "two-sided" else share
    if not share > 0.5:
        return None
    for first, last in ((1, 200), (201, 5000)):
        n = np.arange(first, last + 1)
        # The smallest k with P(K >= k) <= side under one half.
        k = stats.binom.isf(side, n, 0.5) + 1
        reached = np.flatnonzero(stats.binom.sf(k - 1, n, share) >= power)
        if len(reached):
            return int(n[reached[0]])
    return None
