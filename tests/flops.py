"""Counts the arithmetic of PyTorch code, against which what models declare is tested."""

from __future__ import annotations

import math

import torch
from torch.utils.flop_counter import FlopCounterMode


def _real_fft(size: tuple[int, ...], dims: list[int], *others: object, **named: object) -> int:
    """2.5 N log2 N operations for each real transform of length N, half those of the split-radix
    count for complex ones usual in benchmarks (Frigo and Johnson 2005, Proc. IEEE 93, section V).
    """
    (dim,) = dims
    out = named.get("out_shape")
    # The real side is the longer one, whichever way the transform goes.
    length = max(size[dim], out[dim] if isinstance(out, (tuple, torch.Size)) else 0)
    return round(math.prod(size) / size[dim] * 2.5 * length * math.log2(length))


def _added_product(
    out: tuple[int, ...], first: tuple[int, ...], second: tuple[int, ...], **named: object
) -> int:
    """A multiplication and an addition for each pair of numbers that meet, batches included."""
    return 2 * math.prod(first) * second[-1]


# What the counter does not know of itself: transforms, and products added in place.
_MORE = {
    torch.ops.aten._fft_r2c: _real_fft,
    torch.ops.aten._fft_c2r: _real_fft,
    torch.ops.aten.addmm_: _added_product,
    torch.ops.aten.baddbmm_: _added_product,
}


class Counter(FlopCounterMode):
    """Counts matrix products, convolutions and Fourier transforms of what runs within it.

    That is ``torch.utils.flop_counter`` with formulas for the transforms. Functions of single
    numbers (activations, sums, norms) do not count, nor do compiled kernels, which it cannot see:
    give it the PyTorch code that they are equal to.
    """

    def __init__(self) -> None:
        super().__init__(display=False, custom_mapping=_MORE)

    @property
    def multiply_accumulates(self) -> float:
        """Half of the operations."""
        return self.get_total_flops() / 2
