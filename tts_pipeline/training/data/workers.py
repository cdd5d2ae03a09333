"""One function over many files, in processes: an interrupt ends them, a crash names its file."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from tqdm import tqdm

from tts_pipeline.errors import CorpusError
from tts_pipeline.nn.jit import cache_folders
from tts_pipeline.processes import one_thread_each

# Workers start afresh: a forked child of a process that runs PyTorch threads can hang.
_CONTEXT = multiprocessing.get_context("spawn")


def run_in_workers(
    function: Callable[[Any], None], jobs: dict[str, Any], n_workers: int, name: str
) -> None:
    """Call ``function`` of every job.

    A job whose process crashes is tried once more in a process of its own, which tells whether it
    was to blame; the others go on.

    Args:
        function: of a module, so that other processes find it; what it does must be repeatable.
        jobs: its argument by the file that messages are to name.
        n_workers: processes.
        name: of the work, for messages.

    Raises:
        CorpusError: naming the first file that cannot be used, or whose process crashed again.
    """
    waiting = dict(jobs)
    with tqdm(total=len(jobs), desc=name, disable=None) as bar:
        while waiting:
            before = len(waiting)
            if _run_pool(function, waiting, n_workers, name, bar.update):
                return
            # What the crash took with it: the first jobs of those that are not done.
            for file in list(waiting)[: n_workers + 1]:
                _run_alone(function, waiting[file], file, name)
                del waiting[file]
                bar.update()
            if len(waiting) == before:
                raise CorpusError(f"{name}: worker processes crash one after another")


def _run_pool(
    function: Callable[[Any], None],
    waiting: dict[str, Any],
    n_workers: int,
    name: str,
    done: Callable[[], Any],
) -> bool:
    """Whether all got done; what did is taken out of ``waiting``."""
    with (
        one_thread_each(),
        concurrent.futures.ProcessPoolExecutor(n_workers, _CONTEXT, initialise_worker) as pool,
    ):
        futures = {pool.submit(function, job): file for file, job in waiting.items()}
        try:
            for future in concurrent.futures.as_completed(futures):
                file = futures[future]
                try:
                    future.result()
                except BrokenProcessPool:
                    return False
                except Exception as error:
                    raise CorpusError(f"{name}: {_naming(file, error)}") from error
                del waiting[file]
                done()
        finally:
            pool.shutdown(cancel_futures=True)
    return True


def _run_alone(function: Callable[[Any], None], job: Any, file: str, name: str) -> None:
    process = _CONTEXT.Process(target=function, args=(job,), daemon=True)
    with one_thread_each():
        process.start()
    process.join()
    code = process.exitcode or 0
    if code > 0:
        # An exception, whose message went to the child's stderr.
        raise CorpusError(f"{name}: {file}: its process ended with exit code {code}")
    if code < 0:
        raise CorpusError(f"{name}: {file}: {_why(-code)}")


def _why(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    found = f"its process was ended by {name}, twice"
    if name == "SIGKILL":
        return f"{found}: is memory short? Use fewer processes (n_workers in the recipe)"
    folders = ", ".join(cache_folders()) or "NUMBA_CACHE_DIR"
    return (
        f"{found}: compiled code is damaged, or the file breaks a library; remove the *.nbi and "
        f"*.nbc files in {folders}, then convert the file anew or leave its row out"
    )


def _naming(file: str, error: Exception) -> str:
    message = str(error)
    return message if file in message else f"{file}: {message}"


def initialise_worker() -> None:
    """End at once on Ctrl-C, which reaches the whole group, and when the parent dies."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)
