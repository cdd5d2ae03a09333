"""The autoregressive loop with a flow head as one fused kernel; arrays and numbers only.

What is said of weights in :mod:`tts_pipeline.nn.recurrent` holds here.
"""

from __future__ import annotations

import numpy as np

from tts_pipeline.acoustic.autoregressive.kernel import advance
from tts_pipeline.nn.jit import compiled
from tts_pipeline.nn.kernels import norm as norm_rows
from tts_pipeline.nn.vector_product import add_sparse_product

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)


@compiled(fastmath=True)
def write_frames(
    told: np.ndarray,
    masks: np.ndarray,
    noise: np.ndarray,
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
    head_told: np.ndarray,
    head_noisy: np.ndarray,
    expand: np.ndarray,
    expand_bias: np.ndarray,
    project: np.ndarray,
    project_bias: np.ndarray,
    output: np.ndarray,
    output_bias: np.ndarray,
    norm: np.ndarray,
    modulations: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    frames: np.ndarray,
    out: np.ndarray,
) -> None:
    """Write ``L`` decoder steps, one after another, each by as many Euler steps as there are
    modulations.

    Matrices are ``[in, out]``, float32 or float16 bits in uint16 (all of the same kind). Columns of
    matrices on the input of a GRU are its gates ``n, r, z``, of those on its state ``r, z, n``.

    Args:
        told: the conditioning's part of the lower GRU's gates ``n, r, z`` and of the head's input,
            with the biases ``(L, 3 C + W)``.
        masks: prenet masks ``(L, 2, P)``.
        noise: what each step starts from ``(L, r * M)``.
        prenet_lower: as of :func:`~tts_pipeline.acoustic.autoregressive.kernel.decode_steps`, and
            so are the others up to ``upper_bias``, and the states.
        head_told: from the sum of both GRUs to the head's input ``(C, W)``.
        head_noisy: from frames on their way to the head's input ``(r * M, W)``.
        expand: of the head's blocks ``(K, W, H)``, bias ``(K, H)``.
        project: of the head's blocks ``(K, H, W)``, bias ``(K, W)``.
        output: ``(W, r * M)``, bias ``(r * M,)``.
        norm: scale and shift of the rows before it ``(2, W)``.
        modulations: scale and shift of the normed rows of each block in each Euler step ``(S, K, 2,
            W)``.
        out: scaled frames ``(L, r * M)``, filled.
    """
    c, n_euler, n_blocks = len(lower), len(modulations), len(expand)
    first = np.empty(len(prenet_lower_bias), np.float32)
    second = np.empty(len(prenet_upper_bias), np.float32)
    gates = np.empty(4 * c, np.float32)
    both = np.empty(c, np.float32)
    start = np.empty(head_told.shape[1], np.float32)
    # Of one row each, as layer norm wants them.
    rows, normed = np.empty((1, len(start)), np.float32), np.empty((1, len(start)), np.float32)
    x, y = rows[0], normed[0]
    inner = np.empty(expand.shape[2], np.float32)
    goal = np.empty(len(frames), np.float32)
    chosen = np.empty(max(len(frames), len(first), c, len(start), len(inner)), np.int64)
    for step in range(len(out)):
        advance(
            told[step, : 3 * c],
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
        start[:] = told[step, 3 * c :]
        add_sparse_product(start, both, head_told, chosen)
        frames[:] = noise[step]
        for euler in range(n_euler):
            x[:] = start
            add_sparse_product(x, frames, head_noisy, chosen)
            for k in range(n_blocks):
                norm_rows(rows, modulations[euler, k, 0], modulations[euler, k, 1], normed)
                inner[:] = expand_bias[k]
                add_sparse_product(inner, y, expand[k], chosen)
                for j in range(len(inner)):
                    inner[j] = max(inner[j], _ZERO)
                for j in range(len(x)):
                    x[j] += project_bias[k, j]
                add_sparse_product(x, inner, project[k], chosen)
            norm_rows(rows, norm[0], norm[1], normed)
            goal[:] = output_bias
            add_sparse_product(goal, y, output, chosen)
            share = _ONE / np.float32(n_euler - euler)
            for j in range(len(frames)):
                frames[j] += (goal[j] - frames[j]) * share
        out[step] = frames
