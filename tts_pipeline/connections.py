"""Connections of a small web server: bounded in number, and in how long they may keep it waiting.

uvicorn waits for ever for the first request of a connection, so that a thousand idle ones take all
the files that a process may open and lock everybody else out. Beside them stand the signals that
end a server.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

# A thousand files is what a process may commonly open; sounds and the database need some as well.
MOST_CONNECTIONS = 256
# Taken at once, before the oldest are told to make room.
BACKLOG = 64
# For a request to be complete once its connection, or the answer to the one before, is there.
REQUEST_S = 20.0


class BoundedHTTP(H11Protocol):
    """uvicorn's HTTP/1.1 with limits; to be given as ``uvicorn.Config(http=BoundedHTTP,
    backlog=BACKLOG)``.

    A connection whose request is not complete in time is closed. When there are too many, the one
    that has been waiting for a request for longest makes room for the newest.

    Attributes:
        most: connections at once.
        request_s: seconds for a request to arrive, its body included.
    """

    most = MOST_CONNECTIONS
    request_s = REQUEST_S
    _deadline: asyncio.TimerHandle | None = None
    _since = 0.0

    @property
    def waits(self) -> bool:
        """Whether the client is to speak next, not the server."""
        cycle = self.cycle
        return cycle is None or cycle.response_complete or cycle.more_body

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect_request()
        # Those that were told to make room are still among them for a moment.
        open_ones = [other for other in self.connections if not other.transport.is_closing()]
        if len(open_ones) > self.most:
            waiting = [other for other in open_ones if getattr(other, "waits", False)]
            min(
                waiting, key=lambda other: getattr(other, "_since", 0.0), default=self
            ).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._expect_request()

    def _expect_request(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._since = self.loop.time()
        self._deadline = self.loop.call_later(self.request_s, self._give_up)

    def _give_up(self) -> None:
        if self.waits and not self.transport.is_closing():
            self.transport.close()


def stop_signals() -> list[signal.Signals]:
    """Signals that end a server: Ctrl-C, a service manager's, and a closed terminal's where there
    is one, unless ``nohup`` asked for it to stay."""
    found = [signal.SIGINT, signal.SIGTERM]
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) != signal.SIG_IGN:
        found.append(hangup)
    return found


class Server(uvicorn.Server):
    """uvicorn's, which a closed terminal ends as Ctrl-C does."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's, for all of :func:`stop_signals`."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        with super().capture_signals():
            before = {each: signal.signal(each, self.handle_exit) for each in stop_signals()}
            try:
                yield
            finally:
                for each, handler in before.items():
                    signal.signal(each, handler)
