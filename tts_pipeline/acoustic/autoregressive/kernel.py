"""The loops of the acoustic model as fused kernels for the CPU; arrays and numbers only.

A step is bound by reading its weights. So they lie ``[in, out]``, four inputs are worked off per
pass over the outputs, inputs that are zero (two thirds of the prenet's) cost nothing, and weights
that are float16 values take two bytes each.
"""

from __future__ import annotations

import numba
import numpy as np
from numba.extending import overload

from tts_pipeline.nn.jit import compiled

# tanh(x) = x P(x^2) / Q(x^2) for |x| up to the limit, of least maximum error (2e-8 in exact
# arithmetic, 4e-7 in float32); beyond the limit tanh is within 3e-7 of 1.
_LIMIT = np.float32(8.0)
_P0 = np.float32(0.999999912965706)
_P1 = np.float32(0.12972586709947148)
_P2 = np.float32(0.002978818937302733)
_P3 = np.float32(9.815607535896589e-06)
_P4 = np.float32(-1.4517283382093078e-08)
_P5 = np.float32(2.3026717607912805e-11)
_Q1 = np.float32(0.4630588436042916)
_Q2 = np.float32(0.02399886089674413)
_Q3 = np.float32(0.00023623910489225435)
_ONE = np.float32(1.0)
_HALF = np.float32(0.5)
_ZERO = np.float32(0.0)

# Shifted into place, float16 bits are a float32 that is 2 ** 112 too small.
EXPONENT_GAP = 112
# Sign, exponent and mantissa of a shifted float16 as a signed number: 0x8FFFE000 - 2 ** 32.
_FLOAT16_BITS = -0x70002000


@numba.njit(fastmath=True, inline="always")
def tanh(x: float) -> float:
    """Hyperbolic tangent in float32, absolute error below 4e-7; unlike the library's it
    vectorises."""
    x = min(max(x, -_LIMIT), _LIMIT)
    s = x * x
    top = x * (_P0 + s * (_P1 + s * (_P2 + s * (_P3 + s * (_P4 + s * _P5)))))
    return top / (_ONE + s * (_Q1 + s * (_Q2 + s * _Q3)))


@numba.njit(fastmath=True, inline="always")
def sigmoid(x: float) -> float:
    """Logistic function in float32, ``(1 + tanh(x / 2)) / 2``."""
    return _HALF + _HALF * tanh(_HALF * x)


def _value(weight):  # type: ignore[no-untyped-def]
    raise NotImplementedError


@overload(_value, inline="always")
def _value_of(weight):  # type: ignore[no-untyped-def]
    """A stored weight as float32: itself, or out of float16 bits in an int16.

    The sign is extended, then everything is shifted to where float32 has it and the copies of the
    sign between are cleared. Three cheap instructions, which vectorise everywhere; the missing
    power of two is put into the inputs. There must be no subnormals among them.
    """
    if weight == numba.types.int16:

        def from_bits(weight):  # type: ignore[no-untyped-def]
            return np.int32((weight << 13) & _FLOAT16_BITS).view(np.float32)

        return from_bits
    return lambda weight: weight


@numba.njit(fastmath=True)
def _add_product(
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
def _add_gru(state: np.ndarray, gates: np.ndarray) -> None:
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
    told: np.ndarray,
    state_weights: np.ndarray,
    state_bias: np.ndarray,
    backwards: bool,
    written: np.ndarray,
) -> None:
    """A GRU over a sequence, from a state of zeros.

    Args:
        told: the input's part of the gates ``n, r, z`` with all biases but one ``(N, 3 C)``.
        state_weights: ``[in, out]``, columns ``r, z, n`` ``(C, 3 C)``.
        state_bias: of the state's ``n`` ``(C,)``.
        backwards: begin at the last step.
        written: the state after each step ``(N, C)``, filled.
    """
    n, c = written.shape
    state = np.zeros(c, np.float32)
    gates = np.empty(4 * c, np.float32)
    chosen = np.empty(c, np.int64)
    for k in range(n):
        step = n - 1 - k if backwards else k
        gates[: 3 * c] = told[step]
        gates[3 * c :] = state_bias
        _add_product(gates[c:], state, state_weights, _ONE, chosen)
        _add_gru(state, gates)
        written[step] = state


@compiled(fastmath=True)
def decode_steps(
    told: np.ndarray,
    masks: np.ndarray,
    prenet_lower: np.ndarray,
    prenet_lower_bias: np.ndarray,
    prenet_upper: np.ndarray,
    prenet_upper_bias: np.ndarray,
    lower_input: np.ndarray,
    lower_state: np.ndarray,
    lower_state_bias: np.ndarray,
    upper_input: np.ndarray,
    upper_state: np.ndarray,
    upper_bias: np.ndarray,
    output: np.ndarray,
    scales: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    frames: np.ndarray,
    written: np.ndarray,
) -> None:
    """Write ``L`` decoder steps, one after another.

    Matrices are ``[in, out]``, float32 or float16 bits in int16 (all of the same kind). Columns of
    matrices on the input of a GRU are its gates ``n, r, z``, of those on its state ``r, z, n``.

    Args:
        told: the conditioning's part of the lower GRU's gates ``n, r, z`` and of the output, with
            the biases ``(L, 3 C + r * M)``.
        masks: prenet masks ``(L, 2, P)``.
        prenet_lower: ``(r * M, P)``, bias ``(P,)``.
        prenet_upper: ``(P, P)``, bias ``(P,)``.
        lower_input: ``(P, 3 C)``.
        lower_state: ``(C, 3 C)``; the bias ``(C,)`` is that of ``n``.
        upper_input: ``(C, 3 C)``.
        upper_state: ``(C, 3 C)``.
        upper_bias: of ``[input's n | r | z | state's n]`` ``(4 C,)``.
        output: ``(C, r * M)``.
        scales: factor on the inputs of each of the seven matrices, in the order above ``(7,)``.
        lower: state of the lower GRU ``(C,)``, changed.
        upper: state of the upper GRU ``(C,)``, changed.
        frames: the last step's frames ``(r * M,)``, changed.
        written: scaled frames ``(L, r * M)``, filled.
    """
    c = len(lower)
    first = np.empty(len(prenet_lower_bias), np.float32)
    second = np.empty(len(prenet_upper_bias), np.float32)
    gates = np.empty(4 * c, np.float32)
    both = np.empty(c, np.float32)
    chosen = np.empty(max(len(frames), len(first), c), np.int64)
    for step in range(len(written)):
        first[:] = prenet_lower_bias
        _add_product(first, frames, prenet_lower, scales[0], chosen)
        for j in range(len(first)):
            first[j] = max(first[j], _ZERO) * masks[step, 0, j]
        second[:] = prenet_upper_bias
        _add_product(second, first, prenet_upper, scales[1], chosen)
        for j in range(len(second)):
            second[j] = max(second[j], _ZERO) * masks[step, 1, j]

        gates[: 3 * c] = told[step, : 3 * c]
        gates[3 * c :] = lower_state_bias
        _add_product(gates[: 3 * c], second, lower_input, scales[2], chosen)
        _add_product(gates[c:], lower, lower_state, scales[3], chosen)
        _add_gru(lower, gates)

        gates[:] = upper_bias
        _add_product(gates[: 3 * c], lower, upper_input, scales[4], chosen)
        _add_product(gates[c:], upper, upper_state, scales[5], chosen)
        _add_gru(upper, gates)

        for j in range(c):
            both[j] = lower[j] + upper[j]
        frames[:] = told[step, 3 * c :]
        _add_product(frames, both, output, scales[6], chosen)
        written[step] = frames
