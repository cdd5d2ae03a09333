"""Pairs of codes that nobody said, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tts_pipeline.errors import ConfigError
from tts_pipeline.features.codes.pairs import SeenPairs

SAID = np.array([[0, 1], [2, 1], [2, 0]])


def test_by_hand():
    seen = SeenPairs.of([SAID], 2, 3)
    assert seen.in_time.sum() == 4 and seen.between.sum() == 3
    assert seen.unseen(SAID) == (0, 7)
    # 2 after 0 was said, 0 after 2 was not; 1 after 1 and 0 after 1 were. Beside one another stood
    # 0 and 1, 2 and 1, 2 and 0: never 0 and 0.
    assert seen.unseen(np.array([[0, 1], [2, 1], [0, 0]])) == (2, 7)
    # The same code after itself, in the first group, was said of 2 alone.
    assert seen.unseen(np.array([[0, 1], [0, 1]])) == (1, 4)
    assert seen.unseen(np.array([[2, 1]])) == (0, 1)


def test_recordings_are_not_joined():
    apart = SeenPairs.of([SAID[:2], SAID[2:]], 2, 3)
    assert apart.in_time.sum() == 2 and apart.between.sum() == 3


def test_independent_codes_fall_into_the_gaps_as_often_as_there_are_any():
    random = np.random.default_rng(0)
    seen = SeenPairs(random.random((4, 20, 20)) < 0.7, random.random((3, 20, 20)) < 0.7)
    n_unseen, n_pairs = seen.unseen(random.integers(20, size=(20000, 4)))
    gaps = [1 - table.mean() for table in seen]
    expected = (4 * gaps[0] + 3 * gaps[1]) / 7
    # Neighbouring pairs share a code, so the share of so many spreads a little more than apart.
    assert n_unseen / n_pairs == pytest.approx(expected, abs=5e-3)


def test_comes_back_from_its_file(tmp_path):
    random = np.random.default_rng(0)
    seen = SeenPairs(random.random((4, 25, 25)) < 0.5, random.random((3, 25, 25)) < 0.5)
    seen.save(tmp_path / "pairs.npz")
    again = SeenPairs.load(tmp_path / "pairs.npz")
    assert all(np.array_equal(a, b) for a, b in zip(seen, again))


def test_what_is_no_table_or_no_such_codes_is_said(tmp_path):
    with pytest.raises(ConfigError, match="seen_pairs.py"):
        SeenPairs.load(tmp_path / "missing.npz")
    (tmp_path / "broken.npz").write_bytes(b"none")
    with pytest.raises(ConfigError, match="no table of pairs"):
        SeenPairs.load(tmp_path / "broken.npz")
    with pytest.raises(ConfigError, match=r"\(3, 2\)"):
        SeenPairs.of([SAID], 3, 3)
