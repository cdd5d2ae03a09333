"""One server for all tests that do not need a special one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve.running import Server, running_server


@pytest.fixture(scope="session")
def server(tiny_voice: Path) -> Iterator[Server]:
    """A server of two workers with the small untrained voice."""
    with running_server(tiny_voice, "--workers", 2) as running:
        yield running
