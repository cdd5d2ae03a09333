"""How soon a screen reader's user hears something: our module beside a process per message."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

MESSAGES = {
    "letter": ("CHAR", "k"),
    "word": ("SPEAK", "Settings"),
    "sentence": ("SPEAK", "The file could not be saved, because the disk is full."),
}
# What speech-dispatcher's generic modules start for every message.
PROGRAMS = {
    "espeak-ng": ("espeak-ng", "--stdout"),
    "flite": ("flite", "-voice", "slt", "-o", "/dev/stdout", "-t"),
}
_HEADER = 44
_PAUSE_S = 3.0


def first_sounds(voice: Path | None, rounds: int) -> dict[str, dict[str, float]]:
    """Median milliseconds to the first sound by program and kind of message, in turn.

    Ours counts from the end of the message to the first frame of sound on its pipe, warm, with a
    number behind the text so that none but letters is heard twice.
    """
    found: dict[str, dict[str, list[float]]] = {}
    command = [sys.executable, "-m", "tts_pipeline", "speechd-module"]
    options = [] if voice is None else ["--voice", str(voice)]
    process = subprocess.Popen(
        [*command, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )
    module = _Module(process)
    try:
        module.ask("INIT\n", b"299 OK")
        module.first_sound("SPEAK", "Warm.")
        # Letters are made ready now, in the pause that every user makes.
        time.sleep(_PAUSE_S)
        for number in range(rounds):
            for kind, (message, text) in MESSAGES.items():
                ours = partial(module.first_sound, message, _varied(text, number))
                runs: dict[str, Callable[[], float]] = {"ours": ours}
                for name, program in PROGRAMS.items():
                    if shutil.which(program[0]):
                        runs[name] = partial(_process, program, text)
                for name, run in runs.items():
                    found.setdefault(name, {}).setdefault(kind, []).append(run())
        module.ask("QUIT\n", b"210 OK QUIT")
    finally:
        process.kill()
        process.wait()
    return {
        name: {kind: float(np.median(times)) for kind, times in kinds.items()}
        for name, kinds in found.items()
    }


def _varied(text: str, number: int) -> str:
    """A text that was not said before: letters change, other texts get a number behind them."""
    return chr(ord("a") + number % 26) if len(text) == 1 else f"{text} {number}"


class _Module:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._in, self._out = process.stdin, process.stdout
        self._held = b""

    def ask(self, text: str, until: bytes) -> float:
        """Send, wait for something in the answer; milliseconds that it took."""
        begun_s = time.perf_counter()
        self._in.write(text.encode())
        while until not in self._held:
            part = os.read(self._out.fileno(), 65536)
            if not part:
                raise BrokenPipeError("the module ended")
            self._held += part
        self._held = self._held[self._held.index(until) + len(until) :]
        return 1000 * (time.perf_counter() - begun_s)

    def first_sound(self, message: str, text: str) -> float:
        took_ms = self.ask(f"{message}\n{text}\n.\n", b"705-AUDIO\0")
        self.ask("STOP\n", b"70")
        while not self._held.endswith((b"2 END\n", b"3 STOP\n")):
            self._held += os.read(self._out.fileno(), 65536)
        self._held = b""
        return took_ms


def _process(program: tuple[str, ...], text: str) -> float:
    begun_s = time.perf_counter()
    process = subprocess.Popen(
        [*program, text], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
    )
    assert process.stdout is not None
    n_read = 0
    while n_read <= _HEADER and (part := process.stdout.read(4096)):
        n_read += len(part)
    took_ms = 1000 * (time.perf_counter() - begun_s)
    process.stdout.close()
    process.wait()
    return took_ms
