"""Gives jobs to worker processes, in order, and replaces workers that die."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from tts_pipeline.errors import TTSPipelineError
from tts_pipeline.processes import one_thread_each
from tts_pipeline.serve.job import (
    Cancel,
    Chunk,
    Done,
    Facts,
    Failed,
    Job,
    Read,
    Ready,
    Start,
    Taken,
    Unable,
)
from tts_pipeline.serve.refusals import Busy, TooLong, WorkerLost, error_of
from tts_pipeline.serve.running import Running, Worker
from tts_pipeline.serve.settings import Settings
from tts_pipeline.serve.worker import work

log = logging.getLogger("tts_pipeline.serve")

# A worker that does not answer a cancellation so soon is in the middle of something long.
PATIENCE_S = 2.0
# Waits before a worker is started again after several died before they were ready.
_LONGEST_WAIT_S = 30.0
_START_S = 120.0
_SAFE_PATH = "PYTHONSAFEPATH"


class Pool:
    """Worker processes with a queue before them. All methods run in one event loop.

    Args:
        settings: how many, how long.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._context = multiprocessing.get_context("spawn")
        self._numbers = itertools.count(1)
        self._waiting: deque[Running] = deque()
        self._workers: list[Worker] = []
        self._is_stopping = False
        self._deaths_in_a_row = 0
        self._mean_s = 1.0
        self._timers: set[asyncio.TimerHandle] = set()
        self.n_lost = 0

    async def start(self) -> Facts:
        """Start all workers; return when one is warm.

        Raises:
            TTSPipelineError: if the voice cannot be loaded.
        """
        self._loop = asyncio.get_running_loop()
        self._facts: asyncio.Future[Facts] = self._loop.create_future()
        for _ in range(self._settings.workers):
            self._add_worker()
        return await asyncio.wait_for(self._facts, _START_S)

    @property
    def n_waiting(self) -> int:
        """Jobs that no worker has begun."""
        return len(self._waiting)

    @property
    def n_busy(self) -> int:
        """Workers that are at a job."""
        return sum(worker.running is not None for worker in self._workers)

    @property
    def n_ready(self) -> int:
        """Workers that are warm."""
        return sum(worker.is_ready for worker in self._workers)

    async def do(self, job: Job) -> AsyncGenerator[Chunk | Read | Done, None]:
        """Have a job done; the last event is :class:`Done`. Closing the generator cancels it.

        Raises:
            Busy: if too many wait already.
            WorkerLost, TooLong, Broken: as they say.
            TTSPipelineError: what :func:`tts_pipeline.stream` raises.
        """
        running = self._enter(job)
        try:
            while True:
                event = await running.events.get()
                if isinstance(event, TTSPipelineError):
                    raise event
                yield event
                if isinstance(event, Done):
                    return
                if isinstance(event, Chunk) and running.worker is not None:
                    running.worker.tell(Taken(running.number, event.n_samples))
        finally:
            self._leave(running)

    async def stop(self, patience_s: float) -> None:
        """Finish what was begun, but not for longer than so many seconds; end all workers."""
        self._is_stopping = True
        end_s = time.perf_counter() + patience_s
        while (self.n_busy or self._waiting) and time.perf_counter() < end_s:
            await asyncio.sleep(0.05)
        for running in [*self._waiting, *(w.running for w in self._workers if w.running)]:
            running.finish(WorkerLost("the server is stopping"))
        for timer in self._timers:
            timer.cancel()
        for worker in list(self._workers):
            worker.process.kill()
        await asyncio.gather(
            *(asyncio.to_thread(worker.process.join) for worker in list(self._workers))
        )

    def _enter(self, job: Job) -> Running:
        # Those that idle workers are about to take do not count as waiting.
        n_idle = sum(worker.is_ready and worker.running is None for worker in self._workers)
        if self._is_stopping:
            raise WorkerLost("the server is stopping")
        if len(self._waiting) >= self._settings.queue + n_idle:
            ahead = (len(self._waiting) + 1) / max(1, len(self._workers))
            raise Busy(len(self._waiting), max(1, min(60, round(ahead * self._mean_s))))
        running = Running(next(self._numbers), job)
        self._waiting.append(running)
        self._assign()
        return running

    def _assign(self) -> None:
        for worker in self._workers:
            if not self._waiting:
                return
            if not worker.is_ready or worker.running is not None:
                continue
            running = self._waiting.popleft()
            running.worker, worker.running = worker, running
            running.begun_s = time.perf_counter()
            running.timer = self._loop.call_later(
                self._settings.max_seconds, self._expire, worker, running
            )
            worker.tell(Start(running.number, running.job))

    def _leave(self, running: Running) -> None:
        if running in self._waiting:
            self._waiting.remove(running)
        worker = running.worker
        if running.is_over or worker is None or worker.running is not running:
            return
        running.finish(Done(running.number))
        self._cancel(worker, running)

    def _cancel(self, worker: Worker, running: Running) -> None:
        worker.tell(Cancel(running.number))
        self._later(PATIENCE_S, self._kill_if_still_at, worker, running)

    def _expire(self, worker: Worker, running: Running) -> None:
        limit_s = self._settings.max_seconds
        running.finish(
            TooLong(f"not done within {limit_s:g} s, this server's limit; send a shorter text")
        )
        self._cancel(worker, running)

    def _kill_if_still_at(self, worker: Worker, running: Running) -> None:
        if worker.running is running:
            worker.process.kill()

    def _later(self, seconds: float, call: Any, *arguments: Any) -> None:
        def run() -> None:
            self._timers.discard(handle)
            call(*arguments)

        handle = self._loop.call_later(seconds, run)
        self._timers.add(handle)

    def _add_worker(self) -> None:
        """Start a worker; if that is not possible now, later.

        Raises:
            TTSPipelineError: if it is not possible while the pool starts, and there is no other.
        """
        if self._is_stopping:
            return
        try:
            self._workers.append(self._started())
        except (OSError, RuntimeError) as error:
            # A limit on processes or threads, or memory that is short.
            if not (self._workers or self._facts.done()):
                raise TTSPipelineError(
                    f"no worker process can be started ({error}); allow more processes and "
                    "threads, or take fewer --workers"
                ) from error
            log.warning("no worker process can be started (%s)", error)
            self._deaths_in_a_row += 1
            self._later(self._wait_s, self._add_worker)

    def _started(self) -> Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=work, args=(theirs, self._settings.voice), daemon=True, name="tts worker"
        )
        with one_thread_each(), _no_modules_from_here():
            process.start()
        # So that the pipe ends when the worker does.
        theirs.close()
        worker = Worker(process, ours)
        try:
            threading.Thread(target=self._listen, args=(worker,), daemon=True).start()
        except RuntimeError:
            process.kill()
            raise
        return worker

    @property
    def _wait_s(self) -> float:
        """Before a worker is started again after those that did not get warm."""
        return min(_LONGEST_WAIT_S, 2.0**self._deaths_in_a_row)

    def _listen(self, worker: Worker) -> None:
        """Hand on what a worker sends, in a thread of its own, until the worker ends."""
        with contextlib.suppress(RuntimeError):  # The event loop is closed.
            while True:
                try:
                    message = worker.pipe.recv()
                except (EOFError, OSError):
                    break
                self._loop.call_soon_threadsafe(self._arrived, worker, message)
            worker.process.join()
            self._loop.call_soon_threadsafe(self._died, worker)
        worker.pipe.close()

    def _arrived(self, worker: Worker, message: Any) -> None:
        if isinstance(message, Ready):
            self._deaths_in_a_row = 0
            worker.is_ready = True
            if not self._facts.done():
                self._facts.set_result(message.facts)
        elif isinstance(message, Unable):
            log.error("a worker cannot start: %s", message.message)
            if not self._facts.done():
                self._facts.set_exception(TTSPipelineError(message.message))
            return
        running = worker.running
        if running is not None and getattr(message, "number", None) == running.number:
            if isinstance(message, Failed):
                running.finish(error_of(message))
            elif isinstance(message, Done):
                self._mean_s += 0.1 * (time.perf_counter() - running.begun_s - self._mean_s)
                running.finish(message)
            elif not running.is_over:
                running.events.put_nowait(message)
            if isinstance(message, (Done, Failed)):
                worker.running = None
        self._assign()

    def _died(self, worker: Worker) -> None:
        self._workers.remove(worker)
        if worker.running is not None:
            worker.running.finish(
                WorkerLost("the process that worked on this request died; send it again")
            )
        if self._is_stopping:
            return
        self.n_lost += 1
        log.warning("a worker died (exit code %s)", worker.process.exitcode)
        if not self._facts.done():
            self._facts.set_exception(
                TTSPipelineError(
                    f"a worker died while it started (exit code {worker.process.exitcode})"
                )
            )
            return
        # At once, unless they die before they are warm.
        wait_s = 0.0 if worker.is_ready else self._wait_s
        self._deaths_in_a_row += not worker.is_ready
        self._later(wait_s, self._add_worker)


@contextlib.contextmanager
def _no_modules_from_here() -> Iterator[None]:
    """Processes that are started meanwhile import nothing from the current folder, whose files
    may be called like modules (Python 3.11 and later)."""
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before
