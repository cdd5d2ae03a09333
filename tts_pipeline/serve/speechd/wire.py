"""The protocol between speech-dispatcher and its modules: lines in, replies and sound out."""

from __future__ import annotations

import re
import threading
from typing import IO

_ESCAPE, _INVERT = 0x7D, 0x20
_SPECIAL = re.compile(b"[\n\x7d]")
MAX_LINE = 1_048_576
MAX_TEXT = 200_000


class TooMuch(Exception):
    """More than a message may hold."""


class Wire:
    """Two ends of pipes; replies may come from several threads.

    Args:
        source: commands come from here.
        sink: replies go here.
    """

    def __init__(self, source: IO[bytes], sink: IO[bytes]) -> None:
        self._source, self._sink = source, sink
        self._lock = threading.Lock()

    def line(self) -> str | None:
        """The next line without its end, or None when there is none any more.

        Raises:
            TooMuch: if it is longer than a mebibyte.
        """
        content = self._source.readline(MAX_LINE)
        if len(content) == MAX_LINE:
            while not content.endswith(b"\n") and content:
                content = self._source.readline(MAX_LINE)
            raise TooMuch
        if not content.endswith(b"\n"):
            return None
        return content.rstrip(b"\r\n").decode("utf-8", "replace")

    def block(self) -> list[str] | None:
        """Lines up to one that is a dot, as they were meant; None if the end comes first.

        Raises:
            TooMuch: if they are longer than any message may be.
        """
        lines: list[str] = []
        size, is_too_much = 0, False
        while True:
            try:
                line = self.line()
            except TooMuch:
                line, is_too_much = "", True
            if line is None:
                return None
            if line == ".":
                if is_too_much:
                    raise TooMuch
                return lines
            size += len(line) + 1
            is_too_much = is_too_much or size > MAX_TEXT
            if not is_too_much:
                lines.append(line[1:] if line.startswith(".") else line)

    def say(self, *lines: str) -> None:
        """Send a reply or an event."""
        self._send("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))

    def sound(self, samples: bytes, sample_rate: int) -> None:
        """Send 16-bit little-endian mono sound, 10,000 bytes at most."""
        head = (
            f"705-bits=16\n705-num_channels=1\n705-sample_rate={sample_rate}\n"
            f"705-num_samples={len(samples) // 2}\n705-big_endian=0\n705-AUDIO"
        )
        escaped = _SPECIAL.sub(lambda m: bytes([_ESCAPE, m[0][0] ^ _INVERT]), samples)
        self._send(head.encode() + b"\0" + escaped + b"\n705 AUDIO\n")

    def _send(self, content: bytes) -> None:
        with self._lock:
            self._sink.write(content)
            self._sink.flush()
