"""Waiting with a limit, or for a client to go away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.types import Receive

T = TypeVar("T")


class ClientGone(Exception):
    """Nobody waits for the answer."""


class NothingCame(Exception):
    """What was waited for did not happen in time."""


async def within(seconds: float, work: Awaitable[T]) -> T:
    """Wait for some work; cancel it after so many seconds.

    Unlike ``asyncio.wait_for`` before Python 3.12, a cancellation is never lost when it comes
    together with the result.

    Raises:
        NothingCame: if it takes longer.
    """
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            raise NothingCame
        return task.result()
    finally:
        task.cancel()


async def until_gone(receive: Receive) -> None:
    """Return when the client closes the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
