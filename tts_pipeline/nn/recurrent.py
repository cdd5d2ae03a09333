"""Recurrent cells as fused kernels for the CPU; arrays and numbers only.

A step is bound by reading its weights. So they lie ``[in, out]``, four inputs are worked off per
pass over the outputs, inputs that are zero cost nothing, and weights that are float16 values take
two bytes each.
"""

from __future__ import annotations

import numba
import numpy as np
from numba.extending import overload

from tts_pipeline.nn.approximations import sigmoid, tanh
from tts_pipeline.nn.jit import compiled

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)
# Shifted into place, float16 bits are a float32 that is 2 ** 112 too small.
EXPONENT_GAP = 112
# Sign, exponent and mantissa of a shifted float16 as a signed number: 0x8FFFE000 - 2 ** 32.
_FLOAT16_BITS = -0x70002000


def _value(weight):
    raise NotImplementedError


@overload(_value, inline="always")
def _value_of(weight):
    """A stored weight as float32: itself, or out of float16 bits in an int16.

    The sign is extended, then everything is shifted to where float32 has it and the copies of the
    sign between are cleared. Three cheap instructions, which vectorise everywhere; the missing
    power of two is put into the inputs. There must be no subnormals among them.
    """
    if weight == numba.types.int16:

        def from_bits(weight):
            return np.int32((weight << 13) & _FLOAT16_BITS).view(np.float32)

        return from_bits
    return lambda weight: weight


@numba.njit(fastmath=True)
def add_sparse_product(
    out: np.ndarray, x: np.ndarray, weights: np.ndarray, scale: float, chosen: np.ndarray
) -> None:
    """``out += (scale * x) @ weights``, for the ``x`` that are not zero; ``chosen`` is scratch."""
    n = 0
    for k in range(len(x)):
        if x[k] != _ZERO:
            chosen[n] = k
            n += 1
    whole = n - n % 4
    for i in range(0, whole, 4):
        k0, k1, k2, k3 = chosen[i], chosen[i + 1], chosen[i + 2], chosen[i + 3]
        w0, w1, w2, w3 = weights[k0], weights[k1], weights[k2], weights[k3]
        x0, x1, x2, x3 = scale * x[k0], scale * x[k1], scale * x[k2], scale * x[k3]
        for j in range(len(out)):
            out[j] += (x0 * _value(w0[j]) + x1 * _value(w1[j])) + (
                x2 * _value(w2[j]) + x3 * _value(w3[j])
            )
    for i in range(whole, n):
        w0 = weights[chosen[i]]
        x0 = scale * x[chosen[i]]
        for j in range(len(out)):
            out[j] += x0 * _value(w0[j])


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
        add_sparse_product(gates[c:], state, state_weights, _ONE, chosen)
        add_gru(state, gates)
        states[step] = state
