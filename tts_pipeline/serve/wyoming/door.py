"""Takes connections."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator

from wyoming.info import Attribution, Info, TtsProgram, TtsVoice

from tts_pipeline import __version__
from tts_pipeline.serve.job import Facts
from tts_pipeline.serve.metrics import Metrics
from tts_pipeline.serve.pool import Pool
from tts_pipeline.serve.settings import Settings
from tts_pipeline.serve.wyoming.connection import Connection, Shared
from tts_pipeline.serve.wyoming.frames import MAX_LINE

log = logging.getLogger("tts_pipeline.serve")

# A thousand files is what a process may commonly open, and HTTP has as many connections.
MAX_CONNECTIONS = 256
_STOP_S = 30.0


class WyomingDoor:
    """Takes connections; each is served by a task of its own.

    Args:
        pool: started.
        facts: of its voice.
        metrics: filled here.
        settings: of the server.
    """

    def __init__(self, pool: Pool, facts: Facts, metrics: Metrics, settings: Settings) -> None:
        self._open: dict[asyncio.Task[None], Connection] = {}
        self._shared = Shared(pool, facts, metrics, settings, _info(facts), set())

    @contextlib.asynccontextmanager
    async def open(self, listening: socket.socket) -> AsyncIterator[None]:
        """Take connections while the block runs; then let what is being spoken end."""
        server = await asyncio.start_server(self._connected, sock=listening, limit=MAX_LINE)
        try:
            yield
        finally:
            server.close()
            if speaking := set(self._shared.speaking):
                await asyncio.wait(speaking, timeout=_STOP_S)
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._open) >= MAX_CONNECTIONS and not self._make_room():
            writer.close()
            return
        self._open[task] = connection = Connection(self._shared, reader, writer)
        try:
            await connection.run()
        except (ConnectionError, asyncio.CancelledError):
            pass
        except Exception:
            log.exception("a Wyoming connection failed")
        finally:
            self._open.pop(task, None)
            await connection.stop_speaking()
            writer.close()

    def _make_room(self) -> bool:
        """End the connection that nothing was asked of for longest; whether there is one."""
        waiting = [task for task, connection in self._open.items() if connection.waits]
        if not waiting:
            return False
        longest = min(waiting, key=lambda task: self._open[task].since_s)
        del self._open[longest]
        longest.cancel()
        return True


def _info(facts: Facts) -> Info:
    """What ``describe`` is answered with."""
    ours = Attribution("tts_pipeline", "https://pypi.org/project/tts_pipeline/")
    voice = TtsVoice(
        name=facts.name,
        attribution=ours,
        installed=True,
        description=facts.name,
        version=__version__,
        languages=[facts.language.replace("-", "_")],
    )
    program = TtsProgram(
        name="tts_pipeline",
        attribution=ours,
        installed=True,
        description="Two-stage speech synthesis",
        version=__version__,
        voices=[voice],
        supports_synthesize_streaming=True,
    )
    return Info(tts=[program])
