"""Weights of a model by name, each taken once, in the shape that its configuration asks for."""

from __future__ import annotations

import json
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from tts_pipeline.errors import VoiceError

_DTYPES: dict[str, np.dtype[Any]] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}


class Weights:
    """What a model is built from; whatever is wrong with it comes to light as it is taken.

    Args:
        arrays: by name, float16 or float32. They are not changed.

    Attributes:
        n_parameters: trained numbers among those taken so far; buffers do not count.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = arrays
        self._left = dict.fromkeys(arrays)
        self.n_parameters = 0

    def take(self, name: str, *shape: int) -> np.ndarray:
        """The array as float32, the stored one itself if it is float32 already.

        Raises:
            VoiceError: if it is missing, of another shape or type, or not finite.
        """
        if name not in self._arrays:
            raise VoiceError(f"lacks {name}")
        self._left.pop(name, None)
        array = self._arrays[name]
        if array.shape != shape:
            raise VoiceError(f"{name} has shape {array.shape}, expected {shape}")
        if array.dtype not in (np.float16, np.float32):
            raise VoiceError(f"{name} is {array.dtype}, expected float16 or float32")
        values = array.astype(np.float32, copy=False)
        if not np.isfinite(values).all():
            raise VoiceError(f"{name} holds NaN or infinity")
        self.n_parameters += values.size
        return values

    def buffer(self, name: str, *shape: int) -> np.ndarray:
        """:meth:`take` for what was measured, not trained."""
        values = self.take(name, *shape)
        self.n_parameters -= values.size
        return values

    def vector(self, name: str, *shape: int) -> np.ndarray:
        """:meth:`take`, always a copy that can be written to, as compiled kernels expect."""
        return np.array(self.take(name, *shape), order="C")

    def matrix(self, name: str, n_out: int, n_in: int) -> np.ndarray:
        """A weight ``(n_out, n_in)`` as ``(n_in, n_out)``, laid out for products with few rows;
        one that is stored as float32 is left where it lies, so that processes can share it."""
        stored = self.take(name, n_out, n_in)
        shared = self._arrays[name].dtype == np.float32
        return stored.T if shared else np.array(stored.T, order="C")

    def finish(self) -> None:
        """To be called when all is taken.

        Raises:
            VoiceError: if something is left.
        """
        if self._left:
            raise VoiceError(f"has unknown {next(iter(self._left))}")


def arrays_in(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file.

    Raises:
        VoiceError: if it is none, or holds types that NumPy lacks.
    """
    try:
        return safetensors.numpy.load(content)
    except (safetensors.SafetensorError, KeyError, ValueError) as error:
        raise VoiceError(f"not a safetensors file ({error})") from error


def mapped_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file left where they are: all processes share its pages.

    The library copies what it reads into NumPy, so the header (a length in 8 bytes, then JSON) is
    read here; see https://huggingface.co/docs/safetensors, "Format".

    Args:
        path: a file that :func:`arrays_in` can read.

    Raises:
        VoiceError: if it holds numbers of another kind.
    """
    with path.open("rb") as file:
        view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    begin = 8 + int.from_bytes(view[:8], "little")
    arrays = {}
    for name, entry in json.loads(view[8:begin]).items():
        if name == "__metadata__":
            continue
        if entry["dtype"] not in _DTYPES:
            raise VoiceError(f"{name} is {entry['dtype']}, expected F16 or F32")
        dtype, shape = _DTYPES[entry["dtype"]], entry["shape"]
        first, last = entry["data_offsets"]
        n_numbers = (last - first) // dtype.itemsize
        arrays[name] = np.frombuffer(view, dtype, n_numbers, begin + first).reshape(shape)
    return arrays
