"""Products of rows with a packed matrix against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from tts_pipeline.nn.matrix_product import PackedMatrix

SIZES = [(1, 1), (3, 7), (80, 32), (5, 33), (40, 64), (256, 150)]


def random_rows(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("n_rows", [0, 1, 3, 4, 5, 11, 12, 13, 40])
@pytest.mark.parametrize(("n_in", "n_out"), SIZES)
def test_products_against_numpy(n_rows, n_in, n_out):
    x, matrix, bias = random_rows(n_rows, n_in), random_rows(n_in, n_out), random_rows(n_out)
    expected = x.astype(np.float64) @ matrix.astype(np.float64)
    made = PackedMatrix(matrix)(x)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, expected, atol=1e-5 * n_in**0.5, rtol=0)
    made = PackedMatrix(matrix, bias, least=0.0)(x)
    expected = np.maximum(expected + bias, 0)
    np.testing.assert_allclose(made, expected, atol=1e-5 * n_in**0.5, rtol=0)


@pytest.mark.parametrize(("n_in", "n_out"), SIZES)
def test_a_row_does_not_depend_on_the_others_to_the_last_bit(n_in, n_out):
    x, product = random_rows(40, n_in), PackedMatrix(random_rows(n_in, n_out))
    whole = product(x)
    for begin, end in ((0, 1), (1, 4), (3, 8), (8, 19), (19, 32), (7, 40)):
        np.testing.assert_array_equal(product(x[begin:end]), whole[begin:end])


def test_rows_may_overlap():
    x, matrix = random_rows(20, 3), random_rows(4 * 3, 6)
    expected = np.stack([x[t : t + 4].reshape(-1) for t in range(17)]) @ matrix
    made = PackedMatrix(matrix).of_rows(x, 17, 3)
    np.testing.assert_allclose(made, expected, atol=1e-5, rtol=0)


def test_rows_of_any_layout_and_type():
    x, product = random_rows(20, 12), PackedMatrix(random_rows(6, 5))
    read_only = x[:, :6].copy()
    read_only.flags.writeable = False
    expected = product(x[:, :6].copy())
    for given in (x[:, :6], np.asfortranarray(x[:, :6]), x[:, :6].astype(np.float64), read_only):
        np.testing.assert_array_equal(product(given), expected)


def test_what_is_no_number_stays_so():
    x = np.array([[np.nan, 1.0], [1.0, 1.0]], np.float32)
    made = PackedMatrix(np.ones((2, 3), np.float32), least=0.0)(x)
    assert np.isnan(made[0]).all() and (made[1] == 2).all()
