"""Weights of recurrent loops as fused kernels read them."""

from __future__ import annotations

import numpy as np

from tts_pipeline.nn.recurrent import EXPONENT_GAP
from tts_pipeline.nn.weights import Weights


def gate_biases(weights: Weights, name: str, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Biases of ``[input's n | r | z]`` and of the state's n."""
    on_input = weights.take(f"{name}.bias_ih_l0", 3 * channels)
    on_state = weights.take(f"{name}.bias_hh_l0", 3 * channels)
    n_begin = 2 * channels
    open_gates = on_input[:n_begin] + on_state[:n_begin]
    return np.concatenate([on_input[n_begin:], open_gates]), on_state[n_begin:].copy()


def pack_matrices(matrices: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """All as float16 bits in int16 if nothing is lost by it, else all as float32; factors on their
    inputs ``(number of matrices,)`` float32."""
    stored, scales = {}, []
    for name, matrix in matrices.items():
        # The largest weight goes near the top of float16's range, the smallest away from its
        # subnormals.
        _, exponent = np.frexp(np.abs(matrix).max())
        float16 = np.ldexp(matrix, 15 - exponent).astype(np.float16)
        float16[np.abs(float16) < np.finfo(np.float16).smallest_normal] = 0
        if not np.array_equal(np.ldexp(float16.astype(np.float32), exponent - 15), matrix):
            packed = {key: np.array(value, order="C") for key, value in matrices.items()}
            return packed, np.ones(len(matrices), np.float32)
        stored[name] = np.array(float16, order="C").view(np.int16)
        scales.append(np.ldexp(1.0, EXPONENT_GAP + exponent - 15))
    return stored, np.array(scales, np.float32)
