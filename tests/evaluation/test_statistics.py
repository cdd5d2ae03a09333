"""Bootstrap intervals of distributions whose intervals are known."""

from __future__ import annotations

import numpy as np
import pytest

from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.statistics import bootstrap, standard_deviation_ratio


def mean_rows(values: np.ndarray) -> np.ndarray:
    return np.stack([values, np.ones_like(values)], 1)


def test_interval_of_a_mean_is_that_of_the_central_limit_theorem():
    values = np.random.default_rng(0).normal(3.0, 2.0, 400)
    found = bootstrap(mean_rows(values), n_resamples=4000)
    half = 1.96 * values.std() / np.sqrt(400)
    assert found.value == pytest.approx(values.mean())
    assert found.n == 400
    assert found.low == pytest.approx(values.mean() - half, abs=0.02)
    assert found.high == pytest.approx(values.mean() + half, abs=0.02)


def test_interval_holds_the_truth_19_times_in_20():
    rng = np.random.default_rng(1)
    hits = 0
    for trial in range(300):
        found = bootstrap(mean_rows(rng.exponential(1.0, 60)), n_resamples=400, seed=trial)
        hits += found.low <= 1.0 <= found.high
    assert 0.90 <= hits / 300 <= 0.98


def test_error_rate_is_errors_by_words_and_not_a_mean_of_rates():
    found = bootstrap(np.array([[1, 2], [0, 8]]))
    assert found.value == pytest.approx(0.1)
    assert (found.low, found.high) == (0.0, 0.5)


def test_deviation_ratio_is_that_of_the_pooled_numbers():
    rng = np.random.default_rng(2)
    parts = [(rng.normal(5, 0.3, n), rng.normal(5.2, 0.2, m)) for n, m in ((50, 40), (7, 90))]
    rows = [[len(a), a.sum(), (a**2).sum(), len(b), b.sum(), (b**2).sum()] for a, b in parts]
    first, second = (np.concatenate(column) for column in zip(*parts))
    found = bootstrap(np.array(rows), standard_deviation_ratio)
    assert found.value == pytest.approx(first.std() / second.std(), rel=1e-9)


def test_same_seed_same_interval():
    rows = mean_rows(np.random.default_rng(3).normal(size=30))
    assert bootstrap(rows, seed=5) == bootstrap(rows, seed=5)
    assert bootstrap(rows, seed=5) != bootstrap(rows, seed=6)


def test_nothing_to_average_is_an_error():
    with pytest.raises(ConfigError, match="at least one row"):
        bootstrap(np.zeros((0, 2)))
