"""What the workers of test_workers.py are given to do; each writes its name when it is done."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def write(path: Path) -> None:
    path.write_text(path.name)


def crash_once(path: Path) -> None:
    """Crashes on the first file when it first sees it."""
    mark = path.with_suffix(".seen")
    if path.name == "0" and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    write(path)


def crash_always(path: Path) -> None:
    if path.name == "3":
        os.kill(os.getpid(), signal.SIGSEGV)
    write(path)


def refuse(path: Path) -> None:
    if path.name == "2":
        raise ValueError("no sound in it")
    write(path)


def wait_long(path: Path) -> None:
    path.write_text(str(os.getpid()))
    time.sleep(600)
