"""What a server is told when it starts."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tts_pipeline.cores import usable_cores
from tts_pipeline.errors import ConfigError

DEFAULT_HTTP_PORT = 8880
DEFAULT_WYOMING_PORT = 10200


def default_workers() -> int:
    """One worker for each processor that this process may keep busy, four at most."""
    return min(4, usable_cores())


@dataclasses.dataclass(frozen=True)
class Settings:
    """How a server is run.

    Attributes:
        voice: folder of the voice; None: the one in the package. No request can change it.
        workers: processes that speak, each with one thread and the voice of its own.
        queue: requests that may wait for a worker; one more is refused (HTTP 429).
        max_characters: of the text of one request.
        max_seconds: that one request may be worked on.
        idle_seconds: that a client may take nothing of its sound, or send no more of its text.
        api_key: what a client must send as ``Authorization: Bearer``; empty: nothing.
        origins: web origins whose pages may call the server (CORS).

    Raises:
        ConfigError: if a number is out of its range.
    """

    voice: Path | None = None
    workers: int = dataclasses.field(default_factory=default_workers)
    queue: int = 32
    max_characters: int = 20_000
    max_seconds: float = 300.0
    idle_seconds: float = 30.0
    api_key: str = ""
    origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        least = {"workers": 1, "queue": 0, "max_characters": 1}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise ConfigError(f"{name}={getattr(self, name)}: expected at least {low}")
        for name in ("max_seconds", "idle_seconds"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name}={getattr(self, name)}: expected more than 0")
        if self.api_key and not (self.api_key.isascii() and self.api_key.isprintable()):
            raise ConfigError("the API key holds characters that no HTTP header can carry")
