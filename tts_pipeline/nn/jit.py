"""Numba kernels that compile once and are kept, wherever there is a folder to keep them in."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numba

_kept: list[Any] = []


def cache_folders() -> list[str]:
    """Where the machine code of the kernels made so far is kept; empty if it cannot be."""
    return sorted({str(kernel.stats.cache_path) for kernel in _kept})


def compiled(
    *, fastmath: bool = False, parallel: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    """Decorator: ``numba.njit``, without the interpreter's lock, whose machine code is cached when
    that is possible.

    Numba keeps it in ``NUMBA_CACHE_DIR`` if that is set, else in ``__pycache__`` beside the
    source, else in the user's cache folder. Where none of them can be written it refuses to make
    the function at all; here the function then works without a cache, and one warning says so.

    A division by zero gives infinity or NaN, as in NumPy: a loop that may raise an exception uses
    no vector units.

    Args:
        fastmath: let the compiler reorder sums, as vector units need.
        parallel: let ``numba.prange`` use several threads.
    """
    options = {"nogil": True, "fastmath": fastmath, "parallel": parallel, "error_model": "numpy"}

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            kernel = numba.njit(cache=True, **options)(function)
            _kept.append(kernel)
            return kernel
        except RuntimeError:
            _warn_once()
            return numba.njit(**options)(function)

    return decorate


@functools.cache
def _warn_once() -> None:
    warnings.warn(
        "compiled kernels cannot be kept, so every process compiles them anew (some seconds): set "
        "NUMBA_CACHE_DIR to a folder that can be written",
        RuntimeWarning,
        stacklevel=4,
    )
