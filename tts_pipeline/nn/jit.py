"""Numba kernels that compile once and are kept, wherever there is a folder to keep them in."""

from __future__ import annotations

import functools
import hashlib
import inspect
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.core import caching
from numba.core.dispatcher import Dispatcher

kept_kernels: list[Any] = []
# Numba's locators lost the underscore in 0.62.
_InTree: Any = getattr(caching, "InTreeCacheLocator", None) or getattr(
    caching, "_InTreeCacheLocator", None
)


def cache_folders() -> list[str]:
    """Where the machine code of the kernels made so far is kept; empty if it cannot be."""
    return sorted({str(kernel.stats.cache_path) for kernel in kept_kernels})


def compiled(
    *, fastmath: bool = False, parallel: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    """Decorator: ``numba.njit``, without the interpreter's lock, whose machine code is cached when
    that is possible.

    It is kept in ``NUMBA_CACHE_DIR`` if that is set, else in ``__pycache__`` beside the source,
    else in the user's cache folder; fresh machine code beside the source is used even where
    nothing can be written. Fresh means that neither the kernel's file nor those of the kernels that
    it calls have changed. Where nothing can be kept the kernel works without a cache, and one
    warning says so.

    A division by zero gives infinity or NaN, as in NumPy: a loop that may raise an exception uses
    no vector units.

    Args:
        fastmath: let the compiler reorder sums, as vector units need.
        parallel: let ``numba.prange`` use several threads.
    """
    options: dict[str, Any] = {
        "nogil": True,
        "fastmath": fastmath,
        "parallel": parallel,
        "error_model": "numpy",
    }

    def decorate(function: Callable[..., Any]) -> Any:
        kernel = numba.njit(**options)(function)
        cache = _cache_of(function)
        if cache is None:
            warn_that_nothing_is_kept()
        else:
            kernel._cache = cache
            kept_kernels.append(kernel)
        return kernel

    return decorate


def _cache_of(function: Callable[..., Any]) -> caching.FunctionCache | None:
    read_only = _ReadOnlyInTree.from_function(function, inspect.getfile(function))
    if read_only is not None and read_only.holds(function):
        return _ReadOnlyCache(function)
    try:
        return _Cache(function)
    except RuntimeError:
        return None


class _Cache(caching.FunctionCache):
    """Numba's cache of a function, which is stale too when a kernel that it calls has changed."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = caching.IndexDataCacheFile(
            cache_path=self._cache_path,
            filename_base=self._impl.filename_base,
            source_stamp=(self._impl.locator.get_source_stamp(), _called_sources(function)),
        )

    def is_fresh(self) -> bool:
        """Whether it holds anything for the sources as they are."""
        try:
            return bool(self._cache_file._load_index())
        except Exception:  # whatever a damaged pickle raises
            return False


class _ReadOnlyInTree(_InTree):
    """``__pycache__`` beside the source, where it can be read but not written."""

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Any:
        folder = Path(py_file).parent / "__pycache__"
        settings: Any = numba.config
        if settings.CACHE_DIR or not folder.is_dir() or os.access(folder, os.W_OK):
            return None
        return cls(py_func, py_file)

    def ensure_cache_path(self) -> None:
        """Nothing will be written."""

    def holds(self, function: Callable[..., Any]) -> bool:
        """Whether fresh machine code of the function is there."""
        return _ReadOnlyCache(function).is_fresh()


class _ReadOnlyImpl(caching.CompileResultCacheImpl):
    _locator_classes = [_ReadOnlyInTree]  # noqa: RUF012


class _ReadOnlyCache(_Cache):
    _impl_class: Any = _ReadOnlyImpl

    def save_overload(self, sig: Any, data: Any) -> None:
        """A form of the function that is not there is compiled in every process."""


def _called_sources(function: Any) -> tuple[str, ...]:
    """Digests of the files of the kernels that a function calls, directly or by another."""
    found: dict[str, str] = {}
    waiting = [function]
    while waiting:
        current = waiting.pop()
        for name in current.__code__.co_names:
            called = current.__globals__.get(name)
            if isinstance(called, Dispatcher):
                path = inspect.getfile(called.py_func)
                if path not in found:
                    found[path] = _digest(path, os.stat(path).st_mtime_ns)
                    waiting.append(called.py_func)
    return tuple(sorted(found.values()))


@functools.cache
def _digest(path: str, changed: int) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@functools.cache
def warn_that_nothing_is_kept() -> None:
    warnings.warn(
        "compiled kernels cannot be kept, so every process compiles them anew (some seconds): set "
        "NUMBA_CACHE_DIR to a folder that can be written",
        RuntimeWarning,
        stacklevel=4,
    )
