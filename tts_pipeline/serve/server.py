"""Runs the doors side by side in one event loop, before one pool of workers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from tts_pipeline.connections import BACKLOG, BoundedHTTP, stop_signals
from tts_pipeline.errors import ConfigError
from tts_pipeline.serve.http.app import make_app
from tts_pipeline.serve.job import Facts
from tts_pipeline.serve.metrics import Metrics
from tts_pipeline.serve.pool import Pool
from tts_pipeline.serve.settings import Settings
from tts_pipeline.serve.wyoming.announce import announced
from tts_pipeline.serve.wyoming.door import WyomingDoor

log = logging.getLogger(__name__)

# What is being spoken when the server is told to stop may take so long.
STOP_S = 30


def listening_socket(host: str, port: int, option: str) -> socket.socket:
    """A socket that listens; port 0 takes any that is free.

    Raises:
        ConfigError: if that is not possible; the message names the option to change.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"cannot listen on {host}:{port} ({error}); choose another with --host and {option}"
        ) from error


async def run(
    settings: Settings,
    http: socket.socket,
    wyoming: socket.socket | None,
    zeroconf_name: str | None = None,
    when_ready: Callable[[Facts], None] | None = None,
) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; then finish what is being spoken.

    Args:
        settings: of the server.
        http: where HTTP is spoken.
        wyoming: where Wyoming is spoken, if it is.
        zeroconf_name: announce the Wyoming server in the local network under this name.
        when_ready: is told about the voice when requests are taken.

    Raises:
        TTSPipelineError: if the voice cannot be loaded.
    """
    pool = Pool(settings)
    try:
        facts = await pool.start()
        metrics = Metrics()
        config = uvicorn.Config(
            _broken_off_at_the_end(make_app(settings, pool, facts, metrics)),
            http=BoundedHTTP,
            backlog=BACKLOG,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=STOP_S,
            # A client sends a request in one go; what comes after it waits in the socket.
            timeout_keep_alive=30,
            lifespan="off",
        )
        async with contextlib.AsyncExitStack() as stack:
            if wyoming is not None:
                door = WyomingDoor(pool, facts, metrics, settings)
                await stack.enter_async_context(door.open(wyoming))
                if zeroconf_name is not None:
                    await stack.enter_async_context(announced(wyoming, zeroconf_name))
            if when_ready is not None:
                when_ready(facts)
            server = _HttpServer(config)
            with _stopping(server):
                await server.serve(sockets=[http])
    finally:
        await asyncio.shield(pool.stop(STOP_S))


def _broken_off_at_the_end(app: ASGIApp) -> ASGIApp:
    """The same; an answer that is not complete when patience ends is told in one line."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except asyncio.CancelledError:
            log.warning("an answer was broken off: the server stops")

    return answer


class _HttpServer(uvicorn.Server):
    """One that leaves signals to :func:`_stopping`: uvicorn ends the process with them when it is
    done itself, whatever else is still to be finished."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing."""
        yield


@contextlib.contextmanager
def _stopping(server: uvicorn.Server) -> Iterator[None]:
    """Stop gracefully at the first signal, at once at the second."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.force_exit = server.should_exit
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in stop_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
