"""Frames of the Wyoming protocol from a stream that may send anything.

A frame is one line of JSON, then ``data_length`` bytes of JSON, then ``payload_length`` bytes.
The reader of the package ``wyoming`` believes every length; this one has limits and says what is
wrong.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from wyoming.event import Event

MAX_LINE = 65_536
MAX_PAYLOAD = 1_048_576


class BadFrame(Exception):
    """Bytes that are no frame; nothing after them can be understood."""


async def read_frame(reader: asyncio.StreamReader, max_data: int) -> Event | None:
    """The next event, or None at the end.

    Args:
        reader: with a limit of ``MAX_LINE`` or more.
        max_data: bytes of JSON that may follow the line.

    Raises:
        BadFrame: if there is something else.
    """
    try:
        line = await reader.readline()
    except ValueError as error:
        raise BadFrame(
            f"a line of more than {MAX_LINE} bytes: expected a header in JSON"
        ) from error
    if not line:
        return None
    head = _object(line, "header")
    kind = head.get("type")
    if not isinstance(kind, str) or not kind:
        raise BadFrame("a header without a type: expected a string")
    data = head.get("data") or {}
    if not isinstance(data, dict):
        raise BadFrame("data in the header: expected an object")
    try:
        if size := _length(head, "data_length", max_data):
            data = {**data, **_object(await reader.readexactly(size), "data")}
        payload = None
        if size := _length(head, "payload_length", MAX_PAYLOAD):
            payload = await reader.readexactly(size)
    except asyncio.IncompleteReadError as error:
        raise BadFrame("the connection ended inside a frame") from error
    return Event(kind, data, payload)


def _length(head: dict[str, Any], name: str, most: int) -> int:
    size = head.get(name) or 0
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= most:
        raise BadFrame(f"{name}: expected a whole number from 0 to {most}")
    return size


def _object(content: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadFrame(f"a {name} that is not JSON: expected an object") from error
    if not isinstance(value, dict):
        raise BadFrame(f"a {name} that is no object of JSON")
    return value
