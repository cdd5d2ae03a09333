"""Processes of this machine, as Linux shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="needs /proc as on Linux"
)


def children(pid: int) -> set[int]:
    """Processes that a process started."""
    numbers = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())
    return {number for number in numbers if _state(number)[1] == pid}


def is_alive(pid: int) -> bool:
    """Whether there is such a process that has not ended."""
    return _state(pid)[0] not in ("", "Z")


def _state(pid: int) -> tuple[str, int]:
    """State and parent, see proc(5); an empty state if there is no such process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", 0
    return fields[0], int(fields[1])
