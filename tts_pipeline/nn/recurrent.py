"""Recurrent cells as fused kernels for the CPU; arrays and numbers only.

A step is bound by reading its weights: they lie ``[in, out]`` for the products of
:mod:`tts_pipeline.nn.vector_product`, which leave out inputs that are zero and take weights that
are float16 values at two bytes each.
"""

from __future__ import annotations

import numba
import numpy as np

from tts_pipeline.nn.approximations import sigmoid, tanh
from tts_pipeline.nn.jit import compiled
from tts_pipeline.nn.vector_product import add_sparse_product


@numba.njit(fastmath=True)
def add_gru(state: np.ndarray, gates: np.ndarray) -> None:
    """New state of a GRU from the sums of its gates, ``[input's n | r | z | state's n]``.

    As ``torch.nn.GRU``: ``n = tanh(input's n + r * state's n)``, ``h = (1 - z) n + z h``.
    """
    c = len(state)
    new, reset, update, past = gates[:c], gates[c : 2 * c], gates[2 * c : 3 * c], gates[3 * c :]
    for j in range(c):
        n = tanh(new[j] + sigmoid(reset[j]) * past[j])
        state[j] = n + sigmoid(update[j]) * (state[j] - n)


@compiled(fastmath=True)
def gru_steps(
    input_gates: np.ndarray,
    state_weights: np.ndarray,
    state_bias: np.ndarray,
    backwards: bool,
    states: np.ndarray,
) -> None:
    """A GRU over a sequence, from a state of zeros.

    Args:
        input_gates: the input's part of the gates ``n, r, z`` with all biases but one ``(N, 3 C)``.
        state_weights: ``[in, out]``, columns ``r, z, n`` ``(C, 3 C)``.
        state_bias: of the state's ``n`` ``(C,)``.
        backwards: begin at the last step.
        states: the state after each step ``(N, C)``, filled.
    """
    n, c = states.shape
    state = np.zeros(c, np.float32)
    gates = np.empty(4 * c, np.float32)
    chosen = np.empty(c, np.int64)
    for k in range(n):
        step = n - 1 - k if backwards else k
        gates[: 3 * c] = input_gates[step]
        gates[3 * c :] = state_bias
        add_sparse_product(gates[c:], state, state_weights, chosen)
        add_gru(state, gates)
        states[step] = state
