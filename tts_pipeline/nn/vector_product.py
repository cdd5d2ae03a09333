"""Products of vectors with matrices for loops that are bound by reading the matrix.

In vector instructions by name: out of a plain loop the compiler makes code that loads and stores
every sum for every few inputs; here a tile of sums stays in registers while the inputs pass.
Matrices are ``[in, out]``, mostly flat, of float32 or of float16 bits in uint16, which take half
the memory traffic and one more instruction. All widths are multiples of ``LANES``, where nothing
else is said.
"""

from __future__ import annotations

import platform
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

LANES = 16
"""Numbers in a vector: widths are padded with zeros to a multiple of it."""

ROWS = 8
"""Rows that :func:`add_rows_product` works on at once."""

VECTOR = ir.VectorType(ir.FloatType(), LANES)
_HALVES = ir.VectorType(ir.HalfType(), LANES)
_SHORTS = ir.VectorType(ir.IntType(16), LANES)
_WORDS = ir.VectorType(ir.IntType(32), LANES)
TOGETHER = ("contract",)


def host_has(feature: str) -> bool:
    """Whether code is made for an x86 CPU that has a feature; not where a user names the CPU."""
    settings: Any = numba.config
    if settings.CPU_NAME or settings.CPU_FEATURES:
        return False
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    return bool(llvmlite.binding.get_host_cpu_features().get(feature))


def converts_float16() -> bool:
    """Whether the CPU turns float16 into float32 by itself; where it does not, the compiler would
    call a function that nobody provides."""
    return host_has("f16c") or platform.machine().lower() in ("aarch64", "arm64")


def load_vector(builder: ir.IRBuilder, pointer: Any, kind: ir.Type, bytes_each: int) -> Any:
    return builder.load(builder.bitcast(pointer, kind.as_pointer()), align=bytes_each)


def _load_weights(builder: ir.IRBuilder, pointer: Any, are_halves: bool) -> Any:
    """``LANES`` weights as float32."""
    if not are_halves:
        return load_vector(builder, pointer, VECTOR, 4)
    if converts_float16():
        return builder.fpext(load_vector(builder, pointer, _HALVES, 2), VECTOR)
    # Sign and magnitude go where float32 has them; the exponent is then 112 too small.
    bits = builder.sext(load_vector(builder, pointer, _SHORTS, 2), _WORDS)
    shifted = builder.shl(bits, _all(_WORDS, 13))
    kept = builder.and_(shifted, _all(_WORDS, -0x70002000))
    return builder.fmul(builder.bitcast(kept, VECTOR), _all(VECTOR, 2.0**112))


def _all(kind: ir.VectorType, value: float) -> ir.Constant:
    return ir.Constant(kind, [value] * LANES)


def spread(builder: ir.IRBuilder, value: Any) -> Any:
    """A vector of one number."""
    lane = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), value, ir.IntType(32)(0))
    return builder.shuffle_vector(lane, lane, ir.Constant(_WORDS, None))


def tile_function(n_rows: int, n_vectors: int) -> Any:
    """The function that adds a product to ``n_rows`` times ``n_vectors * LANES`` sums."""

    @intrinsic
    def add_tile(typing, out, at, n_out, x, x_at, n_in, weights, first):
        """``out[at + r n_out + j] += sum_k x[x_at + r n_in + k] weights[first + k n_out + j]``."""
        index = types.intp
        signature = types.void(out, index, index, x, index, index, weights, index)
        are_halves = weights.dtype == types.uint16

        def generate(context, builder, signature, arguments):
            out, at, n_out, x, x_at, n_in, weights, first = arguments

            def pointer(place: int, offset: Any) -> Any:
                array = context.make_array(signature.args[place])(
                    context, builder, arguments[place]
                )
                return builder.gep(array.data, [offset])

            def moved(start: Any, row: Any, step: Any, more: int = 0) -> Any:
                offset = builder.mul(row, step)
                return builder.gep(start, [builder.add(offset, at.type(more))])

            out, x, weights = pointer(0, at), pointer(3, x_at), pointer(6, first)
            sums = {}
            for r in range(n_rows):
                for v in range(n_vectors):
                    place = moved(out, at.type(r), n_out, v * LANES)
                    # Becomes a register: it never leaves this function.
                    sums[r, v] = place, cgutils.alloca_once(builder, VECTOR)
                    builder.store(load_vector(builder, place, VECTOR, 4), sums[r, v][1])
            with cgutils.for_range(builder, n_in) as loop:
                columns = [
                    _load_weights(builder, moved(weights, loop.index, n_out, v * LANES), are_halves)
                    for v in range(n_vectors)
                ]
                for r in range(n_rows):
                    row = moved(x, at.type(r), n_in)
                    factor = spread(builder, builder.load(builder.gep(row, [loop.index])))
                    for v, column in enumerate(columns):
                        total = sums[r, v][1]
                        term = builder.fmul(factor, column, flags=TOGETHER)
                        more = builder.fadd(builder.load(total), term, flags=TOGETHER)
                        builder.store(more, total)
            for place, total in sums.values():
                there = builder.bitcast(place, VECTOR.as_pointer())
                builder.store(builder.load(total), there, align=4)
            return context.get_dummy_value()

        return signature, generate

    return add_tile


def sparse_tile_function(n_vectors: int) -> Any:
    """The function that adds a product with chosen inputs to ``n_vectors * LANES`` sums."""

    @intrinsic
    def add_tile(typing, out, at, n_out, x, chosen, n_chosen, weights):
        """``out[at + j] += sum_k x[k] weights[k, at + j]`` for the ``k`` in ``chosen``."""
        index = types.intp
        signature = types.void(out, index, index, x, chosen, index, weights)
        are_halves = weights.dtype == types.uint16

        def generate(context, builder, signature, arguments):
            _, at, n_out, _, _, n_chosen, _ = arguments
            out, x, chosen, weights = (
                context.make_array(signature.args[place])(context, builder, arguments[place]).data
                for place in (0, 3, 4, 6)
            )
            places = [builder.add(at, at.type(v * LANES)) for v in range(n_vectors)]
            sums = [cgutils.alloca_once(builder, VECTOR) for _ in places]
            for place, total in zip(places, sums):
                builder.store(load_vector(builder, builder.gep(out, [place]), VECTOR, 4), total)
            with cgutils.for_range(builder, n_chosen) as loop:
                row = builder.load(builder.gep(chosen, [loop.index]))
                factor = spread(builder, builder.load(builder.gep(x, [row])))
                begin = builder.gep(weights, [builder.mul(row, n_out)])
                for place, total in zip(places, sums):
                    column = _load_weights(builder, builder.gep(begin, [place]), are_halves)
                    term = builder.fmul(factor, column, flags=TOGETHER)
                    more = builder.fadd(builder.load(total), term, flags=TOGETHER)
                    builder.store(more, total)
            for place, total in zip(places, sums):
                there = builder.bitcast(builder.gep(out, [place]), VECTOR.as_pointer())
                builder.store(builder.load(total), there, align=4)
            return context.get_dummy_value()

        return signature, generate

    return add_tile


# Vectors, and rows by vectors, whose sums fit the registers: 32 of 16 numbers, or else about 16 of
# 8 numbers.
_WIDE, _HIGH, _HIGH_VECTORS = (8, 8, 2) if host_has("avx512f") else (4, 4, 1)
_add_wide = tile_function(1, _WIDE)
_add_narrow = tile_function(1, 1)
_add_sparse = sparse_tile_function(_WIDE)
_add_sparse_narrow = sparse_tile_function(1)
_add_high = tile_function(_HIGH, _HIGH_VECTORS)
_add_high_narrow = tile_function(_HIGH, 1)


@numba.njit
def add_product(out, at, n_out, x, x_at, n_in, weights, first):
    """``out[at : at + n_out] += x[x_at : x_at + n_in] @ W``.

    Args:
        out: flat float32, changed.
        at: place in it.
        n_out: number of sums.
        x: flat float32.
        x_at: place in it.
        n_in: number of inputs.
        weights: flat, holding ``W (n_in, n_out)``.
        first: place of ``W`` in it.
    """
    wide = n_out - n_out % (_WIDE * LANES)
    for j in range(0, wide, _WIDE * LANES):
        _add_wide(out, at + j, n_out, x, x_at, n_in, weights, first + j)
    for j in range(wide, n_out, LANES):
        _add_narrow(out, at + j, n_out, x, x_at, n_in, weights, first + j)


@numba.njit
def add_rows_product(out, at, n_out, x, x_at, n_in, weights, first):
    """:func:`add_product` for ``ROWS`` vectors that follow one another in ``x``, as do their sums
    in ``out``; a row's sums do not depend on the others, to the last bit."""
    wide = n_out - n_out % (_HIGH_VECTORS * LANES)
    for row in range(0, ROWS, _HIGH):
        to, of = at + row * n_out, x_at + row * n_in
        for j in range(0, wide, _HIGH_VECTORS * LANES):
            _add_high(out, to + j, n_out, x, of, n_in, weights, first + j)
        for j in range(wide, n_out, LANES):
            _add_high_narrow(out, to + j, n_out, x, of, n_in, weights, first + j)


@numba.njit
def add_sparse_product(out, x, weights, chosen):
    """``out += x @ weights`` that costs nothing for inputs that are zero.

    Args:
        out: float32 ``(n_out,)``, changed.
        x: float32 ``(n_in,)``.
        weights: ``(n_in, n_out)``, contiguous; ``n_out`` may be any number if it is float32.
        chosen: scratch of at least ``n_in`` int64.
    """
    n, n_out = 0, len(out)
    for k in range(len(x)):
        if x[k] != 0:
            chosen[n] = k
            n += 1
    wide = n_out - n_out % (_WIDE * LANES)
    whole = n_out - n_out % LANES
    for j in range(0, wide, _WIDE * LANES):
        _add_sparse(out, j, n_out, x, chosen, n, weights)
    for j in range(wide, whole, LANES):
        _add_sparse_narrow(out, j, n_out, x, chosen, n, weights)
    for i in range(n if whole < n_out else 0):
        for j in range(whole, n_out):
            out[j] += x[chosen[i]] * weights[chosen[i], j]


def padded(width: int) -> int:
    """The multiple of ``LANES`` that holds a width."""
    return -(-width // LANES) * LANES


def aligned(array: np.ndarray) -> np.ndarray:
    """A contiguous copy that begins where a cache line does: a vector then never spans two."""
    room = np.empty(array.nbytes + 64, np.uint8)
    begin = -room.ctypes.data % 64
    copy = room[begin : begin + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy
