"""Latin squares and orders."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tts_pipeline.listening.design import balance


@given(n_texts=st.integers(1, 12), n_conditions=st.integers(1, 6), start=st.integers(0, 30))
def test_latin_square_over_sessions_and_within_one(
    n_texts: int, n_conditions: int, start: int
) -> None:
    cells = {f"t{i}": [f"c{j}" for j in range(n_conditions)] for i in range(n_texts)}
    sessions = [balance.latin_cells(cells, start + k) for k in range(n_conditions)]
    for text, own in cells.items():
        assert sorted(session[text] for session in sessions) == own
    for session in sessions:
        counts = Counter(session.values())
        assert set(session) == set(cells)
        assert max(counts.values()) - min(counts.get(c, 0) for c in cells["t0"]) <= 1


def test_texts_with_fewer_conditions_are_balanced_over_a_round() -> None:
    cells = {"a": ["x", "y", "z"], "b": ["x", "y"], "c": ["x", "y", "z"]}
    length = balance.round_length(cells)
    assert length == 6
    sessions = [balance.latin_cells(cells, k) for k in range(length)]
    assert Counter(s["a"] for s in sessions) == {"x": 2, "y": 2, "z": 2}
    assert Counter(s["b"] for s in sessions) == {"x": 3, "y": 3}


@given(n_pairs=st.integers(1, 10), n_variants=st.sampled_from([1, 2, 4]))
def test_every_pair_comes_in_every_variant(n_pairs: int, n_variants: int) -> None:
    pairs = [f"p{i}" for i in range(n_pairs)]
    cells = balance.with_variants(pairs, n_variants)
    assert sorted(cells) == sorted((p, v) for p in pairs for v in range(n_variants))


def test_a_listener_hears_both_orders_of_pairs() -> None:
    cells = {f"t{i}": balance.with_variants(["p", "q", "r"], 2) for i in range(6)}
    for session in range(6):
        variants = [cell[1] for cell in balance.latin_cells(cells, session).values()]
        assert variants.count(0) == variants.count(1) == 3


@given(n=st.integers(2, 12), seed=st.integers(0, 99))
def test_every_sound_is_at_every_place_once_a_round(n: int, seed: int) -> None:
    names = [f"c{i}" for i in range(n)]
    orders = [balance.balanced_positions(names, k, [seed, 1]) for k in range(n)]
    for place in range(n):
        assert sorted(order[place] for order in orders) == sorted(names)
    assert balance.balanced_positions(names, 0, [seed, 1]) == orders[0]


def test_number_of_sessions_is_whole_rounds_or_as_asked_for() -> None:
    assert balance.n_sessions(0, 5) == 25
    assert balance.n_sessions(0, 24) == 24
    assert balance.n_sessions(0, 30) == 30
    assert balance.n_sessions(7, 5) == 7


def test_a_text_does_not_follow_itself_where_that_can_be_avoided() -> None:
    items = [(text, condition) for text in "abcdef" for condition in "xyz"]
    order = balance.spread_order(items, lambda item: item[0], np.random.default_rng(4))
    assert sorted(order) == sorted(items)
    assert all(a[0] != b[0] for a, b in zip(order, order[1:]))


@given(n_main=st.integers(1, 60), n_checks=st.integers(0, 5), seed=st.integers(0, 50))
def test_checks_are_spread_and_never_first(n_main: int, n_checks: int, seed: int) -> None:
    places = balance.check_places(n_main, n_checks, np.random.default_rng(seed))
    assert len(places) == n_checks
    assert all(1 <= place <= max(2, n_main) for place in places)
    assert places == sorted(places)
