"""The autoregressive loop as one fused kernel for the CPU; arrays and numbers only.

What is said of weights in :mod:`tts_pipeline.nn.recurrent` holds here; two thirds of the prenet's
units are zero in every step.
"""

from __future__ import annotations

import numba
import numpy as np

from tts_pipeline.nn.jit import compiled
from tts_pipeline.nn.recurrent import add_gru
from tts_pipeline.nn.vector_product import add_sparse_product

_ZERO = np.float32(0.0)


@numba.njit(fastmath=True)
def advance(
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
    lower: np.ndarray,
    upper: np.ndarray,
    frames: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    gates: np.ndarray,
    chosen: np.ndarray,
) -> None:
    """Both GRUs one step on.

    Args:
        told: the conditioning's part of the lower GRU's gates ``n, r, z`` with their biases
            ``(3 C,)``.
        masks: prenet masks ``(2, P)``.
        first: scratch ``(P,)``, and so are ``second``, ``gates`` ``(4 C,)`` and ``chosen``, as long
            as the longest of all inputs.

    The others are those of :func:`decode_steps`.
    """
    c = len(lower)
    first[:] = prenet_lower_bias
    add_sparse_product(first, frames, prenet_lower, chosen)
    for j in range(len(first)):
        first[j] = max(first[j], _ZERO) * masks[0, j]
    second[:] = prenet_upper_bias
    add_sparse_product(second, first, prenet_upper, chosen)
    for j in range(len(second)):
        second[j] = max(second[j], _ZERO) * masks[1, j]

    gates[: 3 * c] = told
    gates[3 * c :] = lower_state_bias
    add_sparse_product(gates[: 3 * c], second, lower_input, chosen)
    add_sparse_product(gates[c:], lower, lower_state, chosen)
    add_gru(lower, gates)

    gates[:] = upper_bias
    add_sparse_product(gates[: 3 * c], lower, upper_input, chosen)
    add_sparse_product(gates[c:], upper, upper_state, chosen)
    add_gru(upper, gates)


@compiled(fastmath=True)
def decode_steps(
    conditioning: np.ndarray,
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
    lower: np.ndarray,
    upper: np.ndarray,
    frames: np.ndarray,
    out: np.ndarray,
) -> None:
    """Write ``L`` decoder steps, one after another.

    Matrices are ``[in, out]``, float32 or float16 bits in uint16 (all of the same kind). Columns of
    matrices on the input of a GRU are its gates ``n, r, z``, of those on its state ``r, z, n``.

    Args:
        conditioning: its part of the lower GRU's gates ``n, r, z`` and of the output, with the
            biases ``(L, 3 C + r * M)``.
        masks: prenet masks ``(L, 2, P)``.
        prenet_lower: ``(r * M, P)``, bias ``(P,)``.
        prenet_upper: ``(P, P)``, bias ``(P,)``.
        lower_input: ``(P, 3 C)``.
        lower_state: ``(C, 3 C)``; the bias ``(C,)`` is that of ``n``.
        upper_input: ``(C, 3 C)``.
        upper_state: ``(C, 3 C)``.
        upper_bias: of ``[input's n | r | z | state's n]`` ``(4 C,)``.
        output: ``(C, r * M)``.
        lower: state of the lower GRU ``(C,)``, changed.
        upper: state of the upper GRU ``(C,)``, changed.
        frames: the last step's frames ``(r * M,)``, changed.
        out: scaled frames ``(L, r * M)``, filled.
    """
    c = len(lower)
    first = np.empty(len(prenet_lower_bias), np.float32)
    second = np.empty(len(prenet_upper_bias), np.float32)
    gates = np.empty(4 * c, np.float32)
    both = np.empty(c, np.float32)
    chosen = np.empty(max(len(frames), len(first), c), np.int64)
    for step in range(len(out)):
        advance(
            conditioning[step, : 3 * c],
            masks[step],
            prenet_lower,
            prenet_lower_bias,
            prenet_upper,
            prenet_upper_bias,
            lower_input,
            lower_state,
            lower_state_bias,
            upper_input,
            upper_state,
            upper_bias,
            lower,
            upper,
            frames,
            first,
            second,
            gates,
            chosen,
        )
        for j in range(c):
            both[j] = lower[j] + upper[j]
        frames[:] = conditioning[step, 3 * c :]
        add_sparse_product(frames, both, output, chosen)
        out[step] = frames
