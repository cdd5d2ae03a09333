from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_pipeline.acoustic.durations import (
    expand,
    position_features,
    round_durations,
    token_of_frame,
)

DURATIONS = torch.tensor([[2, 0, 3], [1, 1, 0]])


def test_token_of_frame_by_hand():
    index, valid = token_of_frame(DURATIONS, 6)
    assert valid.tolist() == [[True] * 5 + [False], [True, True] + [False] * 4]
    assert index[0, :5].tolist() == [0, 0, 2, 2, 2]
    assert index[1, :2].tolist() == [0, 1]


def test_expand_by_hand():
    values = torch.arange(1.0, 13.0).reshape(2, 3, 2)
    expected = torch.tensor(
        [
            [[1, 2], [1, 2], [5, 6], [5, 6], [5, 6], [0, 0]],
            [[7, 8], [9, 10], [0, 0], [0, 0], [0, 0], [0, 0]],
        ]
    ).float()
    assert torch.equal(expand(values, DURATIONS, 6), expected)


def test_position_features_by_hand():
    made = position_features(torch.tensor([[1, 3]]), 5)[0]
    before = np.array([0.5, 0.5, 1.5, 2.5])
    length = np.array([1, 3, 3, 3])
    expected = np.stack([np.tanh(before / 8), np.tanh((length - before) / 8), before / length], 1)
    np.testing.assert_allclose(made[:4], expected, atol=1e-6)
    assert made[4].tolist() == [0, 0, 0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 30, width=32), st.integers(0, 1)), min_size=1, max_size=80))
def test_rounding_never_drifts_and_keeps_the_least(rows):
    real = torch.tensor([[row[0] for row in rows]])
    least = torch.tensor([[row[1] for row in rows]])
    whole = round_durations(real, least)
    exact = np.cumsum(np.maximum(real.double().numpy(), least.numpy()), axis=1)
    assert np.abs(whole.numpy().cumsum(1) - exact).max() <= 0.5
    assert (whole >= least).all()


@pytest.mark.parametrize("first", [0.5, 1.5, 2.5])
def test_a_token_between_two_halves_keeps_its_frame(first):
    # Rounding halves to even numbers would give the second token no frame, or two.
    assert round_durations(torch.tensor([[first, 1.0]]), torch.ones(1, 2))[0, 1] == 1
