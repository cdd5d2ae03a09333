"""A job on its way, and the process that it is given to."""

from __future__ import annotations

import asyncio
import contextlib
import time
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from tts_pipeline.errors import TTSPipelineError
from tts_pipeline.serve.job import Cancel, Chunk, Done, Job, Read, Start, Taken


class Running:
    """A job on its way: events wait here until the client takes them."""

    def __init__(self, number: int, job: Job) -> None:
        self.number, self.job = number, job
        self.begun_s = time.perf_counter()
        self.worker: Worker | None = None
        self.events: asyncio.Queue[Chunk | Read | Done | TTSPipelineError] = asyncio.Queue()
        self.is_over = False
        self.timer: asyncio.TimerHandle | None = None

    def finish(self, event: Done | TTSPipelineError) -> None:
        """Let the client know the end; later events are ignored."""
        if not self.is_over:
            self.is_over = True
            self.events.put_nowait(event)
        if self.timer is not None:
            self.timer.cancel()


class Worker:
    """A process and our end of its pipe."""

    def __init__(self, process: BaseProcess, pipe: Connection) -> None:
        self.process, self.pipe = process, pipe
        self.is_ready = False
        self.running: Running | None = None

    def tell(self, message: Start | Cancel | Taken) -> None:
        """Send; a worker that has died is noticed by the end of its pipe."""
        with contextlib.suppress(OSError):
            self.pipe.send(message)
