"""Weights: each taken once and as asked for; mapped ones are those of the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from tts_pipeline.errors import VoiceError
from tts_pipeline.nn.weights import Weights, arrays_in, mapped_arrays

ARRAYS = {
    "half": np.arange(6, dtype=np.float16).reshape(2, 3),
    "single": np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4),
    "odd": np.array([1.5], np.float16),
}


def test_matrices_are_input_first_and_shared_where_they_can_be() -> None:
    weights = Weights(ARRAYS)
    half, single = weights.matrix("half", 2, 3), weights.matrix("single", 3, 4)
    assert half.dtype == np.float32 and half.flags.c_contiguous
    np.testing.assert_array_equal(half, ARRAYS["half"].T)
    np.testing.assert_array_equal(single, ARRAYS["single"].T)
    assert np.shares_memory(single, ARRAYS["single"])
    vector = weights.vector("odd", 1)
    assert vector.flags.writeable and not np.shares_memory(vector, ARRAYS["odd"])
    weights.finish()


def test_what_is_left_over_is_named() -> None:
    weights = Weights(ARRAYS)
    weights.take("half", 2, 3)
    with pytest.raises(VoiceError, match="has unknown single"):
        weights.finish()


def test_mapped_arrays_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(safetensors.numpy.save(ARRAYS, {"made": "here"}))
    mapped, read = mapped_arrays(path), arrays_in(path.read_bytes())
    assert mapped.keys() == read.keys() == ARRAYS.keys()
    for name, array in mapped.items():
        assert array.dtype == ARRAYS[name].dtype and not array.flags.writeable
        np.testing.assert_array_equal(array, ARRAYS[name])
        np.testing.assert_array_equal(read[name], ARRAYS[name])


def test_other_files_and_numbers_are_refused(tmp_path: Path) -> None:
    for content in (b"", b"\x80\x04", b"\xff" * 100):
        with pytest.raises(VoiceError, match="not a safetensors file"):
            arrays_in(content)
    path = tmp_path / "w.safetensors"
    path.write_bytes(safetensors.numpy.save({"n": np.arange(3)}))
    with pytest.raises(VoiceError, match="n is I64"):
        mapped_arrays(path)
