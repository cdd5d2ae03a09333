"""Clients that connect and say nothing."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def idle_connections(port: int, number: int) -> Iterator[list[socket.socket]]:
    """So many of them, one right after the other; skips where so many files may not be open."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number + 300
    if before[0] < wanted:
        if before[1] != resource.RLIM_INFINITY and before[1] < wanted:
            pytest.skip(f"a process may open {before[1]} files")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, before[1]))
    with contextlib.ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        connections = []
        for _ in range(number):
            connection = socket.create_connection(("127.0.0.1", port), timeout=20)
            connections.append(stack.enter_context(connection))
        yield connections


def n_open_files(pid: int) -> int:
    """Of a process, as Linux shows them; 0 elsewhere."""
    folder = Path(f"/proc/{pid}/fd")
    return len(os.listdir(folder)) if folder.is_dir() else 0
