"""Statistics against SciPy and published figures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from tts_pipeline.listening.analysis.agreement import (
    intraclass_correlation,
    kendall_w,
    krippendorff_alpha,
)
from tts_pipeline.listening.analysis.analysis import statistics

# Darwin's maize plants (Fisher 1935, The Design of Experiments): crossed minus self-fertilised,
# eighths of an inch. Published: t = 2.148, p = 0.0497; Wilcoxon W- = 24, exact p = 0.0413.
DARWIN = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], dtype=float)


def test_mean_and_interval_against_scipy() -> None:
    found = statistics.mean_interval(DARWIN)
    reference = stats.ttest_1samp(DARWIN, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((reference.low, reference.high), rel=1e-12)
    assert found.mean == pytest.approx(20.933, abs=1e-3)
    assert found.n == 15
    single = statistics.mean_interval([4.0])
    assert single.mean == 4.0
    assert math.isnan(single.low)


def test_darwins_plants() -> None:
    assert statistics.signed_rank_p(DARWIN) == pytest.approx(0.0413, abs=5e-5)
    # W- = 24 of 15 * 16 / 2 = 120.
    assert statistics.rank_biserial(DARWIN) == pytest.approx((96 - 24) / 120)
    # t = dz * sqrt(n).
    assert statistics.effect_dz(DARWIN) * math.sqrt(15) == pytest.approx(2.148, abs=1e-3)


def test_differences_that_are_all_zero_or_all_equal() -> None:
    zero = np.zeros(5)
    assert statistics.signed_rank_p(zero) == 1.0
    assert statistics.rank_biserial(zero) == statistics.effect_dz(zero) == 0.0
    assert statistics.effect_dz(np.full(4, -2.0)) == -math.inf
    assert statistics.rank_biserial(np.full(4, -2.0)) == -1.0


def test_holm_against_the_published_procedure() -> None:
    # Holm 1979's rule by hand: 4 * .005, 3 * .01, 2 * .03, then 1 * .04 raised to the one before.
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert statistics.holm([0.6, 0.9]) == [1.0, 1.0]
    assert statistics.holm([]) == []


def test_paired_tests_take_listeners_who_judged_both() -> None:
    random = np.random.default_rng(5)
    scores = random.normal(60, 10, (12, 3)) + [0, 5, 20]
    scores[0, 1] = np.nan
    tests = statistics.paired_tests(scores, [(0, 1), (0, 2), (1, 2)])
    p_values = []
    for test, (a, b) in zip(tests, [(0, 1), (0, 2), (1, 2)]):
        assert test is not None
        rows = ~np.isnan(scores[:, [a, b]]).any(axis=1)
        first, second = scores[rows, a], scores[rows, b]
        assert test.n == rows.sum()
        assert test.p == pytest.approx(stats.wilcoxon(first, second).pvalue, rel=1e-12)
        reference = stats.ttest_rel(first, second)
        assert test.dz == pytest.approx(reference.statistic / math.sqrt(test.n))
        interval = reference.confidence_interval(0.95)
        assert (test.low, test.high) == pytest.approx((interval.low, interval.high))
        p_values.append(test.p)
    assert [test.p_holm for test in tests if test] == pytest.approx(statistics.holm(p_values))
    nobody = statistics.paired_tests(np.array([[1.0, np.nan], [np.nan, 2.0]]), [(0, 1)])
    assert nobody == [None]


def test_proportion_against_published_figures() -> None:
    # The lady tasting tea as a binomial: 8 of 8.
    assert statistics.proportion(8, 8).p == pytest.approx(2 / 256)
    assert statistics.proportion(8, 8, alternative="greater").p == pytest.approx(1 / 256)
    # Newcombe 1998 (Statistics in Medicine 17, table I): Wilson's interval of 81 of 263.
    found = statistics.proportion(81, 263)
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    none = statistics.proportion(0, 0)
    assert (none.p, none.low, none.high) == (1.0, 0.0, 1.0)


@pytest.mark.parametrize(("dz", "n"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_sample_sizes_as_published(dz: float, n: int) -> None:
    # G*Power 3 (Faul et al. 2007), matched pairs, two-sided, alpha 0.05, power 0.8.
    assert statistics.listeners_for_power(dz) == n
    assert statistics.listeners_for_power(-dz) == n
    wilcoxon = statistics.wilcoxon_listeners(dz)
    assert wilcoxon == math.ceil(n * math.pi / 3)


def test_sample_size_holds_in_simulation() -> None:
    n = statistics.wilcoxon_listeners(0.8)
    assert n is not None
    draws = np.random.default_rng(2).normal(0.8, 1, (2000, n))
    power = np.mean(stats.wilcoxon(draws, axis=1).pvalue < 0.05)
    assert power == pytest.approx(0.8, abs=0.05)


def test_sample_sizes_at_the_ends() -> None:
    assert statistics.listeners_for_power(0.0) is None
    assert statistics.listeners_for_power(math.nan) is None
    # Six listeners is where Wilcoxon's two-sided p first can go below 0.05.
    assert statistics.wilcoxon_listeners(math.inf) == 6
    assert stats.wilcoxon(np.arange(1, 7)).pvalue < 0.05 < stats.wilcoxon(np.arange(1, 6)).pvalue
    assert statistics.wilcoxon_listeners(18.0, alpha=0.05 / 3) == 7


def test_half_width() -> None:
    n = statistics.listeners_for_half_width(10.0, 5.0)
    assert n is not None
    assert stats.t.ppf(0.975, n - 1) * 10 / math.sqrt(n) <= 5
    assert stats.t.ppf(0.975, n - 2) * 10 / math.sqrt(n - 1) > 5
    assert statistics.listeners_for_half_width(math.nan, 5.0) is None


@pytest.mark.parametrize(
    ("share", "alternative"), [(0.7, "two-sided"), (0.3, "two-sided"), (0.75, "greater")]
)
def test_choices_for_power_against_scipys_test(share: float, alternative: str) -> None:
    n = statistics.choices_for_power(share, alternative=alternative)
    assert n is not None

    def power(n: int) -> float:
        significant = [
            k for k in range(n + 1) if stats.binomtest(k, n, alternative=alternative).pvalue <= 0.05
        ]
        return float(sum(stats.binom.pmf(k, n, share) for k in significant))

    assert power(n) >= 0.8
    assert all(power(m) < 0.8 for m in range(5, n))
    assert statistics.choices_for_power(0.5) is None
    assert statistics.choices_for_power(0.4, alternative="greater") is None


def test_krippendorffs_own_example() -> None:
    # Krippendorff 2011, "Computing Krippendorff's alpha-reliability", section C: four observers,
    # twelve units, missing data; published: nominal 0.743, interval 0.849.
    nan = math.nan
    ratings = np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, 3],
            [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, nan],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan],
        ]
    )
    assert krippendorff_alpha(ratings, level="nominal") == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(ratings) == pytest.approx(0.849, abs=5e-4)
    assert math.isnan(krippendorff_alpha(np.array([[1.0, nan], [nan, 2.0]])))


def test_intraclass_correlation_of_shrout_and_fleiss() -> None:
    # Shrout and Fleiss 1979, table 2 and 4: six targets, four judges; ICC(2,1) .29, ICC(2,4) .62.
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    single, average = intraclass_correlation(np.array(ratings))
    assert (single, average) == pytest.approx((0.2898, 0.6201), abs=5e-5)
    assert math.isnan(intraclass_correlation(np.ones((3, 1)))[0])


def test_kendalls_w_against_friedmans_test() -> None:
    scores = np.random.default_rng(3).integers(1, 6, (9, 4)) + np.arange(4)
    friedman = stats.friedmanchisquare(*scores.T).statistic
    assert kendall_w(scores) == pytest.approx(friedman / (9 * 3))
    assert kendall_w(np.tile(np.arange(5), (3, 1))) == pytest.approx(1.0)
    assert math.isnan(kendall_w(np.ones((3, 4))))
