"""The loop over codes as a fused kernel for the CPU; arrays and numbers only."""

from __future__ import annotations

import math

import numba
import numpy as np

from tts_pipeline.nn.jit import compiled
from tts_pipeline.nn.recurrent import add_gru
from tts_pipeline.nn.vector_product import add_sparse_product

_ZERO = np.float32(0.0)


@numba.njit
def draw(logits: np.ndarray, uniform: float, temperature: float, top_p: float) -> int:
    """A code out of logits ``(V,)``, which are changed, by one random number of [0, 1)."""
    best = 0
    for k in range(1, len(logits)):
        if logits[k] > logits[best]:
            best = k
    if temperature == 0:
        return best
    most, total = logits[best], _ZERO
    for k in range(len(logits)):
        logits[k] = np.float32(math.exp((logits[k] - most) / temperature))
        total += logits[k]
    if top_p < 1:
        kept = _ZERO
        order = np.argsort(-logits, kind="mergesort")
        for k in order:
            if kept >= top_p * total:
                logits[k] = _ZERO
            kept += logits[k]
        total = _ZERO
        for k in range(len(logits)):
            total += logits[k]
    aim, passed, last = np.float32(uniform) * total, _ZERO, best
    for k in range(len(logits)):
        if logits[k] > 0:
            passed += logits[k]
            last = k
            if passed > aim:
                break
    return last


@compiled(fastmath=True)
def write_codes(
    told: np.ndarray,
    uniforms: np.ndarray,
    temperature: float,
    top_p: float,
    past: np.ndarray,
    lower_state: np.ndarray,
    lower_bias: np.ndarray,
    upper_input: np.ndarray,
    upper_state: np.ndarray,
    upper_bias: np.ndarray,
    base: np.ndarray,
    group_bias: np.ndarray,
    within: np.ndarray,
    outputs: np.ndarray,
    output_bias: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    codes: np.ndarray,
    written: np.ndarray,
) -> None:
    """Write ``L`` steps of codes, one after another.

    Matrices are ``[in, out]``, float32. Columns of matrices on the input of a GRU are its gates
    ``n, r, z``, of those on its state ``r, z, n``.

    Args:
        told: the conditioning's part of the lower GRU's gates ``n, r, z`` and of the base of the
            outputs, with the biases ``(L, 4 C)``.
        uniforms: a random number of [0, 1) for each code ``(L, G)``.
        temperature: divides the logits; 0: always the likeliest code.
        top_p: a code is drawn among the likeliest ones that together have this probability.
        past: what each code of the step before adds to the lower GRU's gates ``(G, V + 1, 3 C)``.
        lower_state: ``(C, 3 C)``.
        lower_bias: of the state's ``n`` ``(C,)``.
        upper_input: ``(C, 3 C)``.
        upper_state: ``(C, 3 C)``.
        upper_bias: of ``[input's n | r | z | state's n]`` ``(4 C,)``.
        base: ``(C, C)``.
        group_bias: added to the base for each group ``(G, C)``.
        within: what a code adds to the base of the groups after it ``(G, V, C)``.
        outputs: ``(G, C, V)``, bias ``(G, V)``.
        output_bias: ``(G, V)``.
        lower: state of the lower GRU ``(C,)``, changed.
        upper: state of the upper GRU ``(C,)``, changed.
        codes: of the step before ``(G,)`` int64, ``V`` for none; changed.
        written: codes ``(L, G)`` int64, filled.
    """
    c = len(lower)
    n_groups, n_codes = output_bias.shape
    gates = np.empty(4 * c, np.float32)
    both = np.empty(c, np.float32)
    shown = np.empty(c, np.float32)
    logits = np.empty(n_codes, np.float32)
    chosen = np.empty(c, np.int64)
    for step in range(len(written)):
        gates[: 3 * c] = told[step, : 3 * c]
        gates[3 * c :] = lower_bias
        for group in range(n_groups):
            added = past[group, codes[group]]
            for j in range(3 * c):
                gates[j] += added[j]
        add_sparse_product(gates[c:], lower, lower_state, chosen)
        add_gru(lower, gates)

        gates[:] = upper_bias
        add_sparse_product(gates[: 3 * c], lower, upper_input, chosen)
        add_sparse_product(gates[c:], upper, upper_state, chosen)
        add_gru(upper, gates)

        for j in range(c):
            both[j] = lower[j] + upper[j]
        z = gates[:c]
        z[:] = told[step, 3 * c :]
        add_sparse_product(z, both, base, chosen)
        for group in range(n_groups):
            for j in range(c):
                shown[j] = max(z[j] + group_bias[group, j], _ZERO)
            logits[:] = output_bias[group]
            add_sparse_product(logits, shown, outputs[group], chosen)
            code = draw(logits, uniforms[step, group], temperature, top_p)
            codes[group] = code
            written[step, group] = code
            added = within[group, code]
            for j in range(c):
                z[j] += added[j]
