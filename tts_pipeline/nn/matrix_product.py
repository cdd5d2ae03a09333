"""Products of many rows with a matrix that stays the same, as a fused kernel for the CPU.

Libraries of linear algebra put the matrix into another order in every call, which costs what the
products of a small network gain by it; here that is done once. The sums of a row depend neither on
the number of rows nor on the others, to the last bit, so pieces of a signal give what the whole
gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic

from tts_pipeline.nn.jit import compiled
from tts_pipeline.nn.vector_product import (
    LANES,
    TOGETHER,
    VECTOR,
    aligned,
    host_has,
    load_vector,
    spread,
)

# Rows by vectors whose sums fit the registers, 32 of 16 numbers or else 16 of 8; fewer rows where
# there are not as many.
_HIGH, _VECTORS = (12, 2) if host_has("avx512f") else (6, 1)
_LOW = 4
_WIDTH = _VECTORS * LANES


def _tile_function(n_rows: int) -> Any:
    """The function that makes ``n_rows`` times ``_WIDTH`` sums."""

    @intrinsic
    def fill_tile(typing, out, at, step, x, x_at, x_step, n_in, panels, first, start, least):
        """``out[at + r step + j] = start[j] + sum_k x[x_at + r x_step + k] panel[k, j]``, or
        ``least`` if that is more, for the panel that begins at ``first``."""
        index = types.intp
        given = out, index, index, x, index, index, index, panels, index, start, types.float32

        def generate(context, builder, signature, arguments):
            _, at, step, _, x_at, x_step, n_in, _, first, _, least = arguments

            def pointer(place: int, *offsets: Any) -> Any:
                array = context.make_array(signature.args[place])
                found = array(context, builder, arguments[place]).data
                for offset in offsets:
                    found = builder.gep(found, [offset])
                return found

            def vectors(begin: Any) -> list[Any]:
                return [builder.gep(begin, [at.type(v * LANES)]) for v in range(_VECTORS)]

            rows = [builder.mul(x_step, at.type(r)) for r in range(n_rows)]
            rows = [pointer(3, x_at, row) for row in rows]
            panel = pointer(7, first)
            # Become registers: they never leave this function.
            sums = [[cgutils.alloca_once(builder, VECTOR) for _ in range(_VECTORS)] for _ in rows]
            for v, place in enumerate(vectors(pointer(9))):
                value = load_vector(builder, place, VECTOR, 4)
                for row_sums in sums:
                    builder.store(value, row_sums[v])
            with cgutils.for_range(builder, n_in) as loop:
                begin = builder.gep(panel, [builder.mul(loop.index, at.type(_WIDTH))])
                columns = [load_vector(builder, each, VECTOR, 4) for each in vectors(begin)]
                for row, row_sums in zip(rows, sums):
                    factor = spread(builder, builder.load(builder.gep(row, [loop.index])))
                    for column, total in zip(columns, row_sums):
                        term = builder.fmul(factor, column, flags=TOGETHER)
                        more = builder.fadd(builder.load(total), term, flags=TOGETHER)
                        builder.store(more, total)
            bound = spread(builder, least)
            for r, row_sums in enumerate(sums):
                made = pointer(0, at, builder.mul(step, at.type(r)))
                for place, total in zip(vectors(made), row_sums):
                    there = builder.bitcast(place, VECTOR.as_pointer())
                    value = builder.load(total)
                    # What is no number stays so.
                    is_less = builder.fcmp_ordered("<", value, bound)
                    builder.store(builder.select(is_less, bound, value), there, align=4)
            return context.get_dummy_value()

        return types.void(*given), generate

    return fill_tile


_fill_high, _fill_low, _fill_row = map(_tile_function, (_HIGH, _LOW, 1))


class PackedMatrix:
    """``max(x @ matrix + bias, least)`` for any rows ``x``.

    Args:
        matrix: ``(C, C')``, float32.
        bias: ``(C',)``; None: none.
        least: no result is below it.
    """

    def __init__(
        self, matrix: np.ndarray, bias: np.ndarray | None = None, least: float = -np.inf
    ) -> None:
        self.n_in, self.n_out = matrix.shape
        n_panels = -(-self.n_out // _WIDTH)
        wide = np.zeros((self.n_in, n_panels * _WIDTH), np.float32)
        wide[:, : self.n_out] = matrix
        panels = wide.reshape(self.n_in, n_panels, _WIDTH).transpose(1, 0, 2)
        self._panels = aligned(panels).reshape(-1)
        self._bias = np.zeros(self.n_out, np.float32) if bias is None else bias.copy()
        self._least = np.float32(least)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """``(T, C)`` to ``(T, C')``."""
        return self.of_rows(x, len(x), self.n_in)

    def of_rows(self, x: np.ndarray, n_rows: int, step: int) -> np.ndarray:
        """The product with rows that may overlap.

        Args:
            x: holds them one after another, of any shape.
            n_rows: ``T``.
            step: numbers from the beginning of a row to that of the next one.

        Returns:
            ``(T, C')``.
        """
        out = np.empty((n_rows, self.n_out), np.float32)
        # One form of array, so that the kernel is compiled once.
        if not (x.flags.carray and x.dtype == np.float32):
            x = np.array(x, np.float32, order="C")
        _multiply(
            x.reshape(-1), step, self.n_in, self._panels, self._bias, self._least, out.reshape(-1)
        )
        return out


@compiled()
def _multiply(
    x: np.ndarray,
    step: int,
    n_in: int,
    panels: np.ndarray,
    bias: np.ndarray,
    least: float,
    out: np.ndarray,
) -> None:
    """A product, one panel of columns after another, so that a panel stays in the nearest cache.

    Args:
        x: rows, flat.
        step: from a row to the next one.
        n_in: numbers in a row.
        panels: ``_WIDTH`` columns of the matrix after another, flat, each ``(n_in, _WIDTH)``.
        bias: ``(n_out,)``.
        least: no result is below it, float32.
        out: ``(T, n_out)``, flat, filled.
    """
    n_out = len(bias)
    n_rows = len(out) // n_out
    height = _HIGH if n_rows >= _HIGH else _LOW if n_rows >= _LOW else 1
    start, narrow = np.zeros(_WIDTH, np.float32), np.empty(_HIGH * _WIDTH, np.float32)
    for panel in range(len(panels) // (n_in * _WIDTH)):
        left, first = panel * _WIDTH, panel * n_in * _WIDTH
        width = min(_WIDTH, n_out - left)
        for j in range(width):
            start[j] = bias[left + j]
        for begin in range(0, n_rows, height):
            # The last rows once more rather than a few of them by themselves.
            row = min(begin, n_rows - height)
            at = row * n_out + left
            made, place, out_step = (out, at, n_out) if width == _WIDTH else (narrow, 0, _WIDTH)
            if height == _HIGH:
                _fill_high(
                    made, place, out_step, x, row * step, step, n_in, panels, first, start, least
                )
            elif height == _LOW:
                _fill_low(
                    made, place, out_step, x, row * step, step, n_in, panels, first, start, least
                )
            else:
                _fill_row(
                    made, place, out_step, x, row * step, step, n_in, panels, first, start, least
                )
            if width < _WIDTH:
                for r in range(height):
                    for j in range(width):
                        out[at + r * n_out + j] = narrow[r * _WIDTH + j]
