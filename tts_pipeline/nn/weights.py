"""Weights of a model by name, each taken once, in the shape that its configuration asks for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import safetensors
import safetensors.numpy

from tts_pipeline.errors import VoiceError

# Beyond what any trained weight is by far, and what some weight of every trained model exceeds.
LARGEST = 1e9
_LEAST_TRAINED = 1e-4


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
        self._largest_weight = 0.0
        self.n_parameters = 0

    def take(self, name: str, *shape: int) -> np.ndarray:
        """The array as float32, the stored one itself if it is float32 already.

        Raises:
            VoiceError: if it is missing, of another shape or type, or holds a number that is not
                finite or larger than ``LARGEST``.
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
        largest = float(np.abs(values).max(initial=0))
        if not np.isfinite(largest):
            raise VoiceError(f"{name} holds NaN or infinity")
        if largest > LARGEST:
            raise VoiceError(
                f"{name} holds a number of size {largest:g}, expected at most {LARGEST:g}"
            )
        self.n_parameters += values.size
        self._largest_weight = max(self._largest_weight, largest)
        return values

    def buffer(self, name: str, *shape: int) -> np.ndarray:
        """:meth:`take` for what was measured, not trained."""
        before = self._largest_weight
        values = self.take(name, *shape)
        self.n_parameters -= values.size
        self._largest_weight = before
        return values

    def deviations(self, name: str, *shape: int) -> np.ndarray:
        """:meth:`buffer` of standard deviations, or of what they are divided by.

        Raises:
            VoiceError: also if one of them is not above 0.
        """
        values = self.buffer(name, *shape)
        if not (values > 0).all():
            raise VoiceError(f"{name} holds {values.min():g}, expected numbers above 0")
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
            VoiceError: if something is left, or all weights are 0, or as good as.
        """
        if self._left:
            raise VoiceError(f"has unknown {next(iter(self._left))}")
        if self.n_parameters and self._largest_weight < _LEAST_TRAINED:
            raise VoiceError(
                f"no weight exceeds {self._largest_weight:g}, which is no trained model's"
            )


def arrays_in(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file.

    Raises:
        VoiceError: if it is none, or holds types that NumPy lacks.
    """
    try:
        return safetensors.numpy.load(content)
    except (safetensors.SafetensorError, KeyError, ValueError) as error:
        raise VoiceError(f"not a safetensors file ({error})") from error
