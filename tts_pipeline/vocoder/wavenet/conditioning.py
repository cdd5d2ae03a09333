"""The frame-rate network of WaveNet on a CPU, without PyTorch."""

from __future__ import annotations

import math

import numpy as np

from tts_pipeline.nn.jit import compiled
from tts_pipeline.nn.numpy_layers import Conv, Linear, SlidingStack
from tts_pipeline.nn.weights import Weights
from tts_pipeline.vocoder.wavenet.config import WaveNetConfig


class Conditioning:
    """What the mel adds inside every layer's gate (``WaveNet.condition``), on arrays.

    Args:
        config: sizes.
        n_mels: mel bands ``M``.
        weights: of the whole model; those of the conditioning network are taken.

    Attributes:
        macs_per_frame: multiply-accumulates.

    Raises:
        VoiceError: if they are not those of such a model.
    """

    def __init__(self, config: WaveNetConfig, n_mels: int, weights: Weights) -> None:
        c = config.conditioning_channels
        self._config = config
        self._mean = weights.buffer("mel_mean", n_mels, 1)
        self._scale = weights.deviations("mel_scale", n_mels, 1)
        self._layers = [
            _GeluConv(weights, "condition_in", n_mels, c, 3),
            _GeluConv(weights, "condition_mid", c, c, 3),
        ]
        n_gates = len(config.dilations) * config.gate_channels
        self._output = Linear(weights, "condition_out", c, n_gates)
        self.macs_per_frame = c * (3 * n_mels + 3 * c + n_gates)

    def stack(self) -> SlidingStack:
        """The network over a mel that comes piece by piece."""
        return SlidingStack(self._layers, [self._output])

    def scaled(self, mel: np.ndarray) -> np.ndarray:
        """``(M, t)`` to rows ``(t, M)`` for :meth:`stack`."""
        return np.ascontiguousarray(((mel - self._mean) * self._scale).T)

    def per_layer(self, rows: np.ndarray) -> np.ndarray:
        """Rows of :meth:`stack` as ``(t, L, gate)``."""
        return rows.reshape(len(rows), len(self._config.dilations), self._config.gate_channels)


class _GeluConv(Conv):
    """A convolution and ``torch.nn.functional.gelu`` after it."""

    def __call__(self, padded: np.ndarray) -> np.ndarray:
        x = super().__call__(padded)
        _gelu(x)
        return x


@compiled()
def _gelu(x: np.ndarray) -> None:
    half, root = np.float32(0.5), np.float32(0.5**0.5)
    for row in range(x.shape[0]):
        for k in range(x.shape[1]):
            value = x[row, k]
            x[row, k] = value * half * (np.float32(1.0) + np.float32(math.erf(value * root)))
