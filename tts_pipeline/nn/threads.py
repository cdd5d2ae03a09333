"""How many threads the matrix products may use, for the length of a call.

Our products are small: a second thread saves little on a quiet machine and waits for a busy one,
where speech with default settings was found to fall from 40 to 4 times real time. So a call uses
one thread unless it is asked for more, whatever the environment says, and the former setting is
given back afterwards.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np  # noqa: F401  (loads the library whose threads are set)
from threadpoolctl import ThreadpoolController

Item = TypeVar("Item")


class _Limit:
    """The thread limit of one library.

    Under OpenMP every thread has a limit of its own, otherwise there is one for the process. Then
    calls in several threads may overlap: as long as one of them lasts, the largest number that one
    of them asked for holds, and the last to end gives back what was set before the first.
    """

    def __init__(self, library: Any) -> None:
        self._library = library
        self._per_thread = getattr(library, "threading_layer", None) == "openmp"
        self._lock = threading.Lock()
        self._active: list[int] = []
        self._before = 1

    @contextlib.contextmanager
    def hold(self, threads: int) -> Iterator[None]:
        if self._per_thread:
            before = self._library.num_threads
            self._library.set_num_threads(threads)
            try:
                yield
            finally:
                self._library.set_num_threads(before)
            return
        with self._lock:
            if not self._active:
                self._before = self._library.num_threads
            self._active.append(threads)
            self._set(max(self._active))
        try:
            yield
        finally:
            with self._lock:
                self._active.remove(threads)
                self._set(max(self._active, default=self._before))

    def _set(self, threads: int) -> None:
        # threadpoolctl from 3.7 on heeds only the thread that was first; here a lock keeps order.
        clear = getattr(self._library, "clear_controlling_thread", lambda **_: None)
        clear(force=True)
        self._library.set_num_threads(threads)
        clear(force=True)


@contextlib.contextmanager
def blas_threads(threads: int) -> Iterator[None]:
    """Let the linear algebra libraries use so many threads in the block.

    Args:
        threads: at least 1.
    """
    with contextlib.ExitStack() as stack:
        # SciPy brings a library of its own, which comes with its linear algebra.
        for limit in _limits("scipy.linalg" in sys.modules):
            stack.enter_context(limit.hold(threads))
        yield


def limited(items: Iterator[Item]) -> Iterator[Item]:
    """An iterator whose items are made with one thread; between them the caller has all."""
    try:
        while True:
            with blas_threads(1):
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()


@functools.cache
def _limits(with_scipy: bool) -> list[_Limit]:
    """Those of the libraries that are loaded; kept, since looking for them takes milliseconds."""
    found = ThreadpoolController().select(user_api="blas").lib_controllers
    return [_limit_of(library.filepath, library) for library in found]


_known: dict[str, _Limit] = {}


def _limit_of(path: str, library: Any) -> _Limit:
    return _known.setdefault(path, _Limit(library))
