"""Layers on a CPU: matrix products, fused kernels between them, signals piece by piece.

All work on float32 rows ``(T, C)``. The sliding ones take a signal piece by piece and give what
they would give of the whole: they keep what they need of the past and lag by the rows that they
look ahead, so that nothing is computed twice.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import numpy as np

from tts_pipeline.nn.kernels import add_branch, depthwise_norm, norm
from tts_pipeline.nn.matrix_product import PackedMatrix
from tts_pipeline.nn.weights import Weights


class Linear:
    """``torch.nn.Linear``."""

    def __init__(self, weights: Weights, name: str, n_in: int, n_out: int) -> None:
        matrix = weights.take(f"{name}.weight", n_out, n_in).T
        self._product = PackedMatrix(matrix, weights.take(f"{name}.bias", n_out))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """``(T, C)`` to ``(T, C')``."""
        return self._product(x)


class SideBySide:
    """Several ``torch.nn.Linear`` of the same rows, their results side by side.

    Args:
        weights: of the model.
        outputs: name to width of each.
        n_in: width of the rows.
    """

    def __init__(self, weights: Weights, outputs: Mapping[str, int], n_in: int) -> None:
        matrices = [weights.take(f"{name}.weight", n, n_in).T for name, n in outputs.items()]
        biases = [weights.take(f"{name}.bias", n) for name, n in outputs.items()]
        self._product = PackedMatrix(np.concatenate(matrices, 1), np.concatenate(biases))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """``(T, C)`` to ``(T, C' + C'' + ...)``."""
        return self._product(x)


class Norm:
    """``torch.nn.LayerNorm`` over the last axis."""

    def __init__(self, weights: Weights, name: str, channels: int) -> None:
        self._gain = weights.vector(f"{name}.weight", channels)
        self._offset = weights.vector(f"{name}.bias", channels)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """``(T, C)``."""
        y = np.empty_like(x)
        norm(x, self._gain, self._offset, y)
        return y


class Conv:
    """``torch.nn.Conv1d`` of stride 1, as one matrix product."""

    def __init__(self, weights: Weights, name: str, n_in: int, n_out: int, size: int) -> None:
        self.size = size
        weight = weights.take(f"{name}.weight", n_out, n_in, size)
        matrix = weight.transpose(2, 1, 0).reshape(size * n_in, n_out)
        self._product = PackedMatrix(matrix, weights.take(f"{name}.bias", n_out))

    def __call__(self, padded: np.ndarray) -> np.ndarray:
        """``(T + K - 1, C)`` to ``(T, C')``; nothing if there are fewer rows than ``K``."""
        n = max(0, len(padded) - self.size + 1)
        return self._product.of_rows(padded, n, padded.shape[1])


class Block:
    """:class:`~tts_pipeline.nn.convnext.ConvNeXtBlock`."""

    def __init__(
        self, weights: Weights, name: str, channels: int, hidden: int, size: int = 7
    ) -> None:
        self.size = size
        taps = weights.take(f"{name}.depthwise.weight", channels, 1, size)
        self._taps = np.ascontiguousarray(taps[:, 0].T)
        self._taps_bias = weights.vector(f"{name}.depthwise.bias", channels)
        self._gain = weights.vector(f"{name}.norm.weight", channels)
        self._offset = weights.vector(f"{name}.norm.bias", channels)
        matrix = weights.take(f"{name}.expand.weight", hidden, channels).T
        bias = weights.take(f"{name}.expand.bias", hidden)
        # ReLU is its lower bound.
        self._expand = PackedMatrix(matrix, bias, least=0.0)
        self._project = PackedMatrix(weights.take(f"{name}.project.weight", channels, hidden).T)
        self._project_bias = weights.vector(f"{name}.project.bias", channels)
        self._scale = weights.vector(f"{name}.scale", channels)

    def modulated(self, scale: np.ndarray, shift: np.ndarray) -> Block:
        """The block under a modulation that is the same for all rows, sharing its matrices.

        Args:
            scale: ``(C,)``, less one.
            shift: ``(C,)``.
        """
        block = copy.copy(self)
        block._gain = self._gain * (1 + scale)
        block._offset = self._offset * (1 + scale) + shift
        return block

    def __call__(self, padded: np.ndarray) -> np.ndarray:
        """``(T + K - 1, C)`` to ``(T, C)``; nothing if there are fewer rows than ``K``."""
        n, margin = max(0, len(padded) - self.size + 1), self.size // 2
        y = np.empty((n, padded.shape[1]), np.float32)
        depthwise_norm(padded, self._taps, self._taps_bias, self._gain, self._offset, y)
        y = self._project(self._expand(y))
        add_branch(padded[margin : margin + n], y, self._project_bias, self._scale)
        return y


def blocks_over(x: np.ndarray, blocks: Sequence[Block]) -> np.ndarray:
    """Blocks one after another over a whole signal ``(T, C)`` with silence around it."""
    for block in blocks:
        edge = np.zeros((block.size // 2, x.shape[1]), np.float32)
        x = block(np.concatenate([edge, x, edge]))
    return x


class Sliding:
    """A convolution or block, with silence around the signal.

    Args:
        layer: what takes ``(T + K - 1, C)`` to ``(T, C')``.
    """

    def __init__(self, layer: Conv | Block) -> None:
        self._layer = layer
        self._kept: np.ndarray | None = None

    @property
    def lookahead(self) -> int:
        """Rows seen after each."""
        return self._layer.size // 2

    def push(self, x: np.ndarray, last: bool) -> np.ndarray:
        """``(t, C)`` to the next ``(n, C')``."""
        margin = self.lookahead
        edge = np.zeros((margin, x.shape[1]), np.float32)
        pieces = [edge if self._kept is None else self._kept, x]
        joined = np.concatenate([*pieces, edge] if last else pieces)
        self._kept = joined[max(0, len(joined) - 2 * margin) :].copy()
        return self._layer(joined)


class SlidingStack:
    """Layers one after another, then perhaps what works on each row by itself."""

    def __init__(
        self, layers: Sequence[Conv | Block], pointwise: Sequence[Norm | Linear | SideBySide] = ()
    ) -> None:
        self._layers = [Sliding(layer) for layer in layers]
        self._pointwise = pointwise

    @property
    def lookahead(self) -> int:
        """Rows seen after each, which is also how far the result lags."""
        return sum(layer.lookahead for layer in self._layers)

    def push(self, x: np.ndarray, last: bool) -> np.ndarray:
        """``(t, C)`` to the next ``(n, C')``."""
        for layer in self._layers:
            x = layer.push(x, last)
        for function in self._pointwise:
            x = function(x)
        return x


class FrameBuffer:
    """Rows that wait for others."""

    def __init__(self) -> None:
        self._waiting: np.ndarray | None = None

    def push(self, x: np.ndarray) -> None:
        """Add ``(t, C)`` at the end."""
        waiting = self._waiting
        self._waiting = x if waiting is None else np.concatenate([waiting, x])

    def pop(self, n_rows: int) -> np.ndarray:
        """Take the first ``(n_rows, C)``.

        Raises:
            IndexError: if it holds fewer.
        """
        waiting = self._waiting
        if waiting is None or len(waiting) < n_rows:
            raise IndexError(f"{n_rows} rows of a queue that holds fewer")
        self._waiting = waiting[n_rows:].copy()
        return waiting[:n_rows]

    def __len__(self) -> int:
        return 0 if self._waiting is None else len(self._waiting)
