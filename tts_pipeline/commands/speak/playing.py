"""Plays sound through a program that the system has."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tts_pipeline.commands.speak.sinks import PipeSink, Sink, file_sink
from tts_pipeline.errors import AudioError

_POWERSHELL = "(New-Object Media.SoundPlayer $args[0]).PlaySync()"


class Program(NamedTuple):
    """A player: its command, and whether it reads a stream; else the name of a file is added."""

    command: tuple[str, ...]
    is_stream: bool


# In order of preference: those that begin to play while more is being made come first.
PROGRAMS = (
    Program(("aplay", "-q", "-"), True),
    Program(("ffplay", "-nodisp", "-autoexit", "-loglevel", "error", "-i", "-"), True),
    Program(("paplay", "--file-format=wav"), False),
    Program(("afplay",), False),
    Program(("powershell", "-NoProfile", "-Command", _POWERSHELL), False),
)


def find_player() -> Program:
    """The first player that is installed.

    Raises:
        AudioError: if there is none.
    """
    for program in PROGRAMS:
        if shutil.which(program.command[0]):
            return program
    names = ", ".join(program.command[0] for program in PROGRAMS)
    raise AudioError(
        f"no player was found: expected one of {names}; install one, or write a file instead"
    )


@contextlib.contextmanager
def player_sink(program: Program, sample_rate: int) -> Iterator[Sink]:
    """Plays what is written, while it is written if the program can; ends when it has been heard.

    Raises:
        AudioError: if the player fails.
    """
    if not program.is_stream:
        with tempfile.TemporaryDirectory(prefix="tts_pipeline-") as folder:
            path = Path(folder) / "speech.wav"
            with file_sink(path, sample_rate) as sink:
                yield sink
            done = subprocess.run([*program.command, str(path)], stdin=subprocess.DEVNULL)
            _check(program, done.returncode)
        return
    process = subprocess.Popen(program.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    try:
        yield PipeSink(process.stdin, sample_rate, header=True)
    except BrokenPipeError:
        # It says itself what is wrong.
        _check(program, process.wait() or 1)
    except BaseException:
        process.kill()
        raise
    finally:
        with contextlib.suppress(OSError):
            process.stdin.close()
        code = process.wait()
    _check(program, code)


def _check(program: Program, code: int) -> None:
    if code:
        raise AudioError(f"{program.command[0]} ended with code {code}; see what it says above")
