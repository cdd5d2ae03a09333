"""How many threads the processes that are started compute with."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

# What OpenMP, the matrix libraries (OpenBLAS, MKL, BLIS, Apple's Accelerate) and Numba read.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def threads_environment(n_threads: int) -> dict[str, str]:
    """Environment variables with which a new process computes with so many threads."""
    return dict.fromkeys(THREAD_VARIABLES, str(n_threads))


@contextlib.contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes that are started meanwhile compute with one thread: libraries read these
    variables when they are loaded."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(threads_environment(1))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
