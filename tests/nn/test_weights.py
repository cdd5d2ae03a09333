"""Weights: each taken once and as asked for."""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.numpy

from tts_pipeline.errors import VoiceError
from tts_pipeline.nn.weights import Weights, arrays_in

ARRAYS = {
    "half": np.arange(6, dtype=np.float16).reshape(2, 3),
    "single": np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4),
    "odd": np.array([1.5], np.float16),
}


def test_matrices_are_input_first() -> None:
    weights = Weights(ARRAYS)
    for name in ("half", "single"):
        matrix = weights.matrix(name, *ARRAYS[name].shape)
        assert matrix.dtype == np.float32 and matrix.flags.c_contiguous
        np.testing.assert_array_equal(matrix, ARRAYS[name].T)
    vector = weights.vector("odd", 1)
    assert vector.flags.writeable and not np.shares_memory(vector, ARRAYS["odd"])
    weights.finish()


def test_what_is_left_over_is_named() -> None:
    weights = Weights(ARRAYS)
    weights.take("half", 2, 3)
    with pytest.raises(VoiceError, match="has unknown single"):
        weights.finish()


def test_other_files_and_numbers_are_refused() -> None:
    for content in (b"", b"\x80\x04", b"\xff" * 100):
        with pytest.raises(VoiceError, match="not a safetensors file"):
            arrays_in(content)
    arrays = arrays_in(safetensors.numpy.save({"n": np.arange(3)}))
    with pytest.raises(VoiceError, match="n is int64, expected float16 or float32"):
        Weights(arrays).take("n", 3)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "w holds NaN or infinity"),
        (np.inf, "w holds NaN or infinity"),
        (3e38, r"w holds a number of size 3e\+38, expected at most 1e\+09"),
    ],
)
def test_numbers_beyond_reason_are_refused(value: float, message: str) -> None:
    array = np.ones((2, 2), np.float32)
    array[1, 0] = value
    with pytest.raises(VoiceError, match=message):
        Weights({"w": array}).take("w", 2, 2)


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_deviations_are_above_0(value: float) -> None:
    with pytest.raises(VoiceError, match=f"std holds {value:g}, expected numbers above 0"):
        Weights({"std": np.array([1, value], np.float32)}).deviations("std", 2)


def test_weights_that_are_all_0_are_no_trained_models() -> None:
    weights = Weights({"mean": np.ones(2, np.float32), "w": np.zeros((2, 2), np.float32)})
    weights.buffer("mean", 2)
    weights.take("w", 2, 2)
    with pytest.raises(VoiceError, match="no weight exceeds 0"):
        weights.finish()
