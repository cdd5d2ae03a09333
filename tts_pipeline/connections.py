"""Connections of a small web server: bounded in number, and in how long they may keep it waiting.

uvicorn waits for ever for the first request of a connection, so that a thousand idle ones take all
the files that a process may open and lock everybody else out.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

# A thousand files is what a process may commonly open; sounds and the database need some as well.
MOST_CONNECTIONS = 256
# For a request to be complete once its connection, or the answer to the one before, is there.
REQUEST_S = 20.0


class BoundedHTTP(H11Protocol):
    """uvicorn's HTTP/1.1 with limits; to be given as ``uvicorn.Config(http=BoundedHTTP)``.

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
        if len(self.connections) > self.most:
            waiting = [other for other in self.connections if getattr(other, "waits", False)]
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
