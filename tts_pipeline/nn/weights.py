"""Weights of a model by name, each taken once, in the shape that its configuration asks for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import safetensors
import safetensors.numpy

from tts_pipeline.errors import VoiceError


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
        """A weight ``(n_out, n_in)`` as ``(n_in, n_out)``, laid out for products with few rows."""
        return np.array(self.take(name, n_out, n_in).T, order="C")

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
