"""What stands between the matrix products of a ConvNeXt block, as fused kernels for the CPU."""

from __future__ import annotations

import math

import numpy as np

from tts_pipeline.nn.jit import compiled

EPSILON = np.float32(1e-6)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@compiled(fastmath=True)
def depthwise_norm(
    padded: np.ndarray,
    taps: np.ndarray,
    bias: np.ndarray,
    gain: np.ndarray,
    offset: np.ndarray,
    out: np.ndarray,
) -> None:
    """A depthwise convolution over rows, then layer norm.

    Args:
        padded: ``(T + K - 1, C)``, as many rows around as the kernel sees.
        taps: weights ``(K, C)``.
        bias: of the convolution ``(C,)``.
        gain: of the norm ``(C,)``.
        offset: of the norm ``(C,)``.
        out: ``(T, C)``, filled.
    """
    n_channels = out.shape[1]
    share = _ONE / np.float32(n_channels)
    for t in range(len(out)):
        row = out[t]
        seen, weights = padded[t], taps[0]
        for j in range(n_channels):
            row[j] = bias[j] + seen[j] * weights[j]
        for k in range(1, len(taps)):
            seen, weights = padded[t + k], taps[k]
            for j in range(n_channels):
                row[j] += seen[j] * weights[j]
        mean = _ZERO
        for j in range(n_channels):
            mean += row[j]
        mean *= share
        variance = _ZERO
        for j in range(n_channels):
            variance += (row[j] - mean) * (row[j] - mean)
        scale = _ONE / np.float32(math.sqrt(variance * share + EPSILON))
        for j in range(n_channels):
            row[j] = (row[j] - mean) * scale * gain[j] + offset[j]


@compiled(fastmath=True)
def norm(x: np.ndarray, gain: np.ndarray, offset: np.ndarray, out: np.ndarray) -> None:
    """Layer norm of the rows of ``x`` ``(T, C)`` into ``out``; ``gain`` and ``offset`` ``(C,)``."""
    n_channels = x.shape[1]
    share = _ONE / np.float32(n_channels)
    for t in range(len(x)):
        row, made = x[t], out[t]
        mean = _ZERO
        for j in range(n_channels):
            mean += row[j]
        mean *= share
        variance = _ZERO
        for j in range(n_channels):
            variance += (row[j] - mean) * (row[j] - mean)
        scale = _ONE / np.float32(math.sqrt(variance * share + EPSILON))
        for j in range(n_channels):
            made[j] = (row[j] - mean) * scale * gain[j] + offset[j]


@compiled(fastmath=True)
def add_branch(x: np.ndarray, branch: np.ndarray, bias: np.ndarray, scale: np.ndarray) -> None:
    """``branch = x + (branch + bias) * scale`` in place; ``(T, C)``, the others ``(C,)``."""
    for t in range(len(branch)):
        row, past = branch[t], x[t]
        for j in range(len(row)):
            row[j] = past[j] + (row[j] + bias[j]) * scale[j]
