"""Rows of a batch into files: in this process, or in worker processes of one thread each."""

from __future__ import annotations

import contextlib
import glob
import itertools
import multiprocessing
import signal
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from tts_pipeline.commands.batch.rows import Row
from tts_pipeline.errors import TextError, TTSPipelineError
from tts_pipeline.processes import one_thread_each

if TYPE_CHECKING:
    from tts_pipeline.text.protocol import Dropped

# A row whose worker dies (killed for want of memory, say) is given to so many workers in all.
TRIES = 3
_PATIENCE_S = 10.0


class Job(NamedTuple):
    """A row to speak, the file it becomes, and a digest of all that decides how it sounds."""

    row: Row
    path: Path
    made_of: str


class Outcome(NamedTuple):
    """What became of a job; ``error`` is empty if its file is written."""

    job: Job
    duration_s: float = 0.0
    dropped: tuple[Dropped, ...] = ()
    error: str = ""


def speak(job: Job, options: dict[str, Any]) -> Outcome:
    """Speak a row into its file, which appears when it is whole.

    Args:
        job: the row.
        options: of :func:`tts_pipeline.synthesize`.
    """
    from tts_pipeline.synthesis import synthesize

    # What a kill left behind when it came between writing and naming.
    for part in job.path.parent.glob(f".{glob.escape(job.path.name)}.*.part"):
        part.unlink(missing_ok=True)
    try:
        if job.row.fault:
            raise TextError(job.row.fault)
        # The other cores belong to the other workers.
        audio = synthesize(job.row.text, **{"threads": 1, **options})
        audio.save(job.path)
    except TTSPipelineError as error:
        return Outcome(job, error=str(error))
    return Outcome(job, audio.duration_s, audio.report.dropped)


def speak_in_workers(
    jobs: Iterable[Job], options: dict[str, Any], n_workers: int
) -> Generator[Outcome, None, None]:
    """:func:`speak` in processes, in the order in which they finish.

    Every worker computes with one thread. On Linux workers are forked from this process, once it is
    ready to speak: they start in milliseconds and share its memory, weights included. Elsewhere, or
    where other threads run, which a fork would cut off in the middle, they start afresh and are
    handed the voice. A job whose worker dies is given to a new one.

    Args:
        jobs: read as they are needed, one for each worker.
        options: of :func:`tts_pipeline.synthesize`, ``voice`` being a loaded one.
        n_workers: how many at most.

    Raises:
        TTSPipelineError: if no worker can be started, or they die one after another and nothing
            gets done.
    """
    waiting = iter(jobs)
    first = next(waiting, None)
    if first is None:
        return
    forked = sys.platform == "linux" and threading.active_count() == 1
    if forked:
        _get_ready(options)
    team = _Team(options, n_workers, forked)
    try:
        yield from team.outcomes(itertools.chain([first], waiting))
    finally:
        team.dismiss()


def _get_ready(options: dict[str, Any]) -> None:
    """Load what speaking and saving need, and the kernels' machine code."""
    from tts_pipeline.synthesis import synthesize

    # What cannot be spoken with these options is said of every row.
    with contextlib.suppress(TTSPipelineError):
        synthesize("Ready, 1 2 3.", **{"threads": 1, **options}).to_bytes()


class _Worker(NamedTuple):
    process: BaseProcess
    pipe: Connection


class _Team:
    """Workers, each with a pipe of its own, so that what a dying one leaves harms no other."""

    def __init__(self, options: dict[str, Any], n_workers: int, forked: bool) -> None:
        self._context: Any = multiprocessing.get_context("fork" if forked else "spawn")
        self._options, self._n_workers, self._forked = options, n_workers, forked
        self._idle: list[_Worker] = []
        self._busy: dict[Connection, tuple[_Worker, Job]] = {}

    def outcomes(self, jobs: Iterator[Job]) -> Iterator[Outcome]:
        again: deque[Job] = deque()
        tries: dict[str, int] = {}
        n_died = 0
        while True:
            while len(self._busy) < self._n_workers:
                job = again.popleft() if again else next(jobs, None)
                if job is None:
                    break
                try:
                    self._give(job)
                except OSError as error:
                    # Those that are there will do it, if there is one.
                    if not self._busy:
                        raise TTSPipelineError(
                            f"no worker process can be started ({error.strerror}); allow more of "
                            "them, or try --workers 1"
                        ) from error
                    self._n_workers = len(self._busy)
                    again.appendleft(job)
            if not self._busy:
                return
            for pipe in wait(list(self._busy)):
                worker, job = self._busy.pop(cast(Connection, pipe))
                try:
                    outcome = worker.pipe.recv()
                except (EOFError, OSError):
                    n_died += 1
                    worker.process.join()
                    if n_died > TRIES * self._n_workers:
                        raise TTSPipelineError(
                            f"{n_died} worker processes died one after another (exit code "
                            f"{worker.process.exitcode}); try --workers 1 to see why"
                        ) from None
                    tries[job.row.id] = tries.get(job.row.id, 0) + 1
                    if tries[job.row.id] < TRIES:
                        again.append(job)
                        continue
                    code = worker.process.exitcode
                    outcome = Outcome(job, error=f"{TRIES} workers died of it (exit code {code})")
                else:
                    n_died = 0
                    self._idle.append(worker)
                yield outcome

    def dismiss(self) -> None:
        """Let everybody finish the row at hand, and wait for them, but not for ever."""
        workers = [*self._idle, *(worker for worker, _ in self._busy.values())]
        for worker in workers:
            worker.pipe.close()
        for worker in workers:
            worker.process.join(_PATIENCE_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    def _give(self, job: Job) -> None:
        while self._idle:
            worker = self._idle.pop()
            # One that died while it had nothing to do cannot be written to.
            with contextlib.suppress(OSError):
                worker.pipe.send(job)
                self._busy[worker.pipe] = (worker, job)
                return
        self._hire()
        self._give(job)

    def _hire(self) -> None:
        """Start a worker."""
        ours, theirs = self._context.Pipe()
        busy = [worker.pipe for worker, _ in self._busy.values()]
        # Copies that a forked process has of what does not belong to it.
        others = [ours, *busy] if self._forked else []
        arguments = (theirs, others, self._options)
        process = self._context.Process(target=_work, args=arguments, daemon=True)
        with one_thread_each():
            process.start()
        # So that the pipe ends when the worker does.
        theirs.close()
        self._idle.append(_Worker(process, ours))


def _work(pipe: Connection, others: Iterable[Connection], options: dict[str, Any]) -> None:
    """What a worker does until the other end of its pipe is closed, be it by a kill."""
    # Ctrl-C reaches the whole group, as a closed terminal does; the parent closes the pipe then.
    for name, action in (
        ("SIGINT", signal.SIG_IGN),
        ("SIGHUP", signal.SIG_IGN),
        ("SIGTERM", signal.SIG_DFL),
    ):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), action)
    for other in others:
        other.close()
    with contextlib.suppress(EOFError, OSError):
        while True:
            pipe.send(speak(pipe.recv(), options))
