"""Weights of recurrent loops as fused kernels read them."""

from __future__ import annotations

import numpy as np

from tts_pipeline.nn.vector_product import LANES, aligned
from tts_pipeline.nn.weights import Weights


def gate_biases(weights: Weights, name: str, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Biases of ``[input's n | r | z]`` and of the state's n."""
    on_input = weights.take(f"{name}.bias_ih_l0", 3 * channels)
    on_state = weights.take(f"{name}.bias_hh_l0", 3 * channels)
    n_begin = 2 * channels
    open_gates = on_input[:n_begin] + on_state[:n_begin]
    return np.concatenate([on_input[n_begin:], open_gates]), on_state[n_begin:].copy()


def pack_matrices(matrices: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """All as float16 bits in uint16 if nothing is lost by it and the widths are multiples of
    ``LANES``, else all as float32."""
    with np.errstate(over="ignore"):
        halves = {name: matrix.astype(np.float16) for name, matrix in matrices.items()}
    exact = all(
        matrix.shape[1] % LANES == 0 and np.array_equal(halves[name], matrix)
        for name, matrix in matrices.items()
    )
    if not exact:
        return {name: aligned(matrix) for name, matrix in matrices.items()}
    return {name: aligned(matrix).view(np.uint16) for name, matrix in halves.items()}
