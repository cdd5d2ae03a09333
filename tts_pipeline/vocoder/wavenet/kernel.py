"""WaveNet's loop over samples as one fused kernel for the CPU; arrays and numbers only.

Half a million weights are read for every sample, so where they come from decides the speed: 2.05 MB
of float32 are just too much for a level-2 cache of 2 MB, 1.02 MB of float16 are not. Hence

- weights lie ``[in, out]``, every one is read once, in order, and sums stay in registers;
- all that follows a gate is one product: ``[x | skip sum]`` is one vector that it adds to;
- a layer whose dilation is at least ``ROWS`` knows its past taps that many samples ahead: one
  product of matrices serves them all. Of the past's weights, a third of all, seven tenths are so
  read an eighth as often, and 1.65 MB or 0.83 MB are left to be read for every sample.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from tts_pipeline.nn.approximations import exponential_of_negative, sigmoid, tanh
from tts_pipeline.nn.jit import compiled
from tts_pipeline.nn.vector_product import ROWS, add_product, add_rows_product
from tts_pipeline.vocoder.wavenet.levels import MIN_LOG_SCALE

_ZERO = np.float32(0.0)


class Packed(NamedTuple):
    """A WaveNet as the kernels read it.

    Every width is padded to a multiple of ``LANES`` with weights of zero. The flat matrices are
    ``[in, out]``, layer after layer, float32, or float16 bits in uint16, all of the same kind.

    Attributes:
        hop_length: samples per frame.
        n_mixtures: logistics of the output; 0: classes.
        n_classes: of the output.
        dilations: of the layers, powers of two ``(L,)`` int64.
        embedding: of the classes ``(n_classes, R)``, or slope and offset of a level ``(2, R)``.
        past: weights on the past tap, flat ``(L, R, 2 H)``.
        present: weights on the present tap, flat ``(L, R, 2 H)``.
        residual_and_skip: weights of the residual and the skip path, flat ``(L, H, R + K)``.
        residual_bias: ``(L, R)``.
        skip_bias: ``(K,)``.
        head: flat ``(K, K)``.
        head_bias: ``(K,)``.
        output: flat ``(K, Y)``.
        output_bias: ``(Y,)``.
    """

    hop_length: int
    n_mixtures: int
    n_classes: int
    dilations: np.ndarray
    embedding: np.ndarray
    past: np.ndarray
    present: np.ndarray
    residual_and_skip: np.ndarray
    residual_bias: np.ndarray
    skip_bias: np.ndarray
    head: np.ndarray
    head_bias: np.ndarray
    output: np.ndarray
    output_bias: np.ndarray


@numba.njit(fastmath=True, error_model="numpy")
def _choose(logits, n, inverse_temperature, uniform, masses):
    """Place in the softmax's cumulative distribution: the first of ``n`` classes at which it goes
    beyond ``uniform``; the likeliest if ``inverse_temperature``, one over the temperature, is 0."""
    top = logits[0]
    for j in range(n):
        top = max(top, logits[j])
    if inverse_temperature > _ZERO:
        total = _ZERO
        for j in range(n):
            masses[j] = exponential_of_negative((logits[j] - top) * inverse_temperature)
            total += masses[j]
        left = uniform * total
        for j in range(n):
            left -= masses[j]
            if left < _ZERO:
                return j
    best = 0
    for j in range(n):
        if logits[j] > logits[best]:
            best = j
    return best


@numba.njit(fastmath=True, error_model="numpy")
def _level(made, n_mixtures, inverse_temperature, first, second, masses):
    """A sample of a mixture of logistics on 16-bit levels, by its cumulative distribution."""
    k = _choose(made, n_mixtures, inverse_temperature, first, masses)
    value = np.float64(made[n_mixtures + k])
    if inverse_temperature > _ZERO:
        scale = (
            np.exp(max(np.float64(made[2 * n_mixtures + k]), MIN_LOG_SCALE)) / inverse_temperature
        )
        inside = min(max(np.float64(second), 1e-7), 1 - 1e-7)
        value += scale * (np.log(inside) - np.log(1 - inside))
    value = min(max(value, -1.0), 1.0)
    return np.float32(np.rint(value * 32767.0) / 32767.0)


@numba.njit(fastmath=True, error_model="numpy")
def _copy(out, x):
    for j in range(len(out)):
        out[j] = x[j]


@numba.njit(fastmath=True, error_model="numpy")
def _add(out, x, y):
    for j in range(len(out)):
        out[j] = x[j] + y[j]


@numba.njit(fastmath=True, error_model="numpy")
def _rectify(out, x):
    for j in range(len(out)):
        out[j] = max(x[j], _ZERO)


@numba.njit(fastmath=True, error_model="numpy")
def _gated_activation(out, filter_, gate):
    for j in range(len(out)):
        out[j] = tanh(filter_[j]) * sigmoid(gate[j])


@numba.njit(fastmath=True, error_model="numpy")
def _embed(out, embedding, symbol, is_level):
    if is_level:
        slope, offset = embedding[0], embedding[1]
        for j in range(len(out)):
            out[j] = symbol * slope[j] + offset[j]
    else:
        _copy(out, embedding[np.intp(symbol)])


@compiled(fastmath=True)
def write_samples(
    packed: Packed,
    conditioning: np.ndarray,
    first_frame: int,
    uniforms: np.ndarray,
    inverse_temperature: float,
    rings: np.ndarray,
    time: np.ndarray,
    last: np.ndarray,
    symbols: np.ndarray,
    seen: np.ndarray,
) -> None:
    """Write the next samples, one after another, and leave the state where the next call goes on.

    Args:
        packed: the model.
        conditioning: what each frame adds to the gates, filters before gates ``(T, L, 2 H)``.
        first_frame: number of the first of these frames.
        uniforms: random numbers in [0, 1), for the class and for the place in a logistic
            ``(S, 2)`` float32.
        inverse_temperature: one over the temperature, float32; 0: always the likeliest.
        rings: past inputs of every layer, for each as many rows as its dilation, flat
            ``(sum of dilations, R)``, changed.
        time: samples written so far ``(1,)`` int64, changed.
        last: the last symbol ``(1,)`` float32, changed.
        symbols: what is drawn ``(S,)`` float32, filled: classes or levels.
        seen: the outputs of the network ``(S, Y)``, filled; with no rows, not.
    """
    n_layers, r = packed.residual_bias.shape
    g = conditioning.shape[2]
    h, k, y = g // 2, len(packed.skip_bias), len(packed.output_bias)
    gates, inner = np.empty(g, np.float32), np.empty(h, np.float32)
    carried, hidden = np.empty(r + k, np.float32), np.empty(k, np.float32)
    made, masses = np.empty(y, np.float32), np.empty(y, np.float32)
    ahead = np.empty((n_layers, ROWS, g), np.float32)
    flat_ahead = ahead.reshape(-1)
    filter_, gate = gates[:h], gates[h:]
    x, total = carried[:r], carried[r:]
    fresh = True
    for s in range(len(symbols)):
        t = time[0]
        in_block = t % ROWS
        if fresh or in_block == 0:
            # Rows of samples that this block has behind it are past their use, and are not used.
            fresh = False
            ring = 0
            for layer in range(n_layers):
                d = packed.dilations[layer]
                if d >= ROWS:
                    at = layer * ROWS * g
                    ahead[layer] = _ZERO
                    row = ring + (t - in_block) % d
                    add_rows_product(
                        flat_ahead, at, g, rings, row * r, r, packed.past, layer * r * g
                    )
                ring += d
        _embed(x, packed.embedding, last[0], packed.n_mixtures > 0)
        _copy(total, packed.skip_bias)
        frame = conditioning[t // packed.hop_length - first_frame]
        ring = 0
        for layer in range(n_layers):
            d = packed.dilations[layer]
            row = ring + t % d
            ring += d
            if d >= ROWS:
                _add(gates, frame[layer], ahead[layer, in_block])
            else:
                _copy(gates, frame[layer])
                add_product(gates, 0, g, rings, row * r, r, packed.past, layer * r * g)
            add_product(gates, 0, g, carried, 0, r, packed.present, layer * r * g)
            _copy(rings[row * r : row * r + r], x)
            _add(x, x, packed.residual_bias[layer])
            _gated_activation(inner, filter_, gate)
            add_product(
                carried, 0, r + k, inner, 0, h, packed.residual_and_skip, layer * h * (r + k)
            )
        _rectify(total, total)
        _copy(hidden, packed.head_bias)
        add_product(hidden, 0, k, carried, r, k, packed.head, 0)
        _rectify(hidden, hidden)
        _copy(made, packed.output_bias)
        add_product(made, 0, y, hidden, 0, k, packed.output, 0)
        if len(seen):
            _copy(seen[s], made)
        if packed.n_mixtures > 0:
            last[0] = _level(
                made, packed.n_mixtures, inverse_temperature, uniforms[s, 0], uniforms[s, 1], masses
            )
        else:
            last[0] = _choose(made, packed.n_classes, inverse_temperature, uniforms[s, 0], masses)
        symbols[s] = last[0]
        time[0] = t + 1


@compiled(fastmath=True, parallel=True)
def write_batch(
    packed: Packed,
    conditioning: np.ndarray,
    first_frame: int,
    uniforms: np.ndarray,
    inverse_temperature: float,
    rings: np.ndarray,
    time: np.ndarray,
    last: np.ndarray,
    symbols: np.ndarray,
    seen: np.ndarray,
) -> None:
    """:func:`write_samples` for every item of a batch, several at a time.

    Args:
        packed: the model.
        conditioning: ``(B, T, L, 2 H)``.
        first_frame: number of the first frame.
        uniforms: the same for all items ``(S, 2)``.
        inverse_temperature: as for one item.
        rings: ``(B, sum of dilations * R)``, changed.
        time: ``(B, 1)``, changed.
        last: ``(B, 1)``, changed.
        symbols: ``(B, S)``, filled.
        seen: ``(B, S, Y)``, filled; with no rows ``(B, 0, Y)``, not.
    """
    for item in numba.prange(len(symbols)):
        write_samples(
            packed,
            conditioning[item],
            first_frame,
            uniforms,
            inverse_temperature,
            rings[item],
            time[item],
            last[item],
            symbols[item],
            seen[item],
        )
