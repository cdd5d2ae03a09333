"""Answers speech-dispatcher's commands."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tts_pipeline import Voice
from tts_pipeline.errors import TTSPipelineError
from tts_pipeline.serve.speechd.messages import (
    Message,
    Settings,
    character_message,
    key_message,
    text_message,
)
from tts_pipeline.serve.speechd.speaker import Speaker
from tts_pipeline.serve.speechd.wire import TooMuch, Wire

_MESSAGES: dict[str, Callable[[str, Settings], Message]] = {
    "SPEAK": text_message,
    "CHAR": character_message,
    "KEY": key_message,
    # There are none; their names tell as much.
    "SOUND_ICON": text_message,
}
_BAD = "303 ERROR INVALID PARAMETER OR VALUE"


class Module:
    """Speaks the protocol until ``QUIT`` or the end of the input.

    Args:
        wire: to speech-dispatcher.
        folder: of the voice; None: the one in the package.
    """

    def __init__(self, wire: Wire, folder: Path | None) -> None:
        self._wire, self._folder = wire, folder
        self._settings = Settings()
        self._speaker: Speaker | None = None
        self._voice: Voice | None = None

    def run(self) -> int:
        """Serve; returns the exit code."""
        try:
            while True:
                try:
                    line = self._wire.line()
                except TooMuch:
                    self._wire.say("302 ERROR BAD SYNTAX")
                    continue
                if line is None:
                    return 0
                if line == "QUIT":
                    self._close()
                    self._wire.say("210 OK QUIT")
                    return 0
                if not self._answer(line):
                    return 1
        except BrokenPipeError:
            return 0
        finally:
            self._close()

    def _answer(self, command: str) -> bool:
        """Answer a command; return whether to go on."""
        wire = self._wire
        if command == "INIT":
            return self._init()
        if command in _MESSAGES:
            self._message(command)
        elif command == "STOP":
            if self._speaker is not None:
                self._speaker.stop()
        elif command == "PAUSE":
            if self._speaker is not None:
                self._speaker.pause()
        elif command == "LIST VOICES":
            if self._voice is None:
                wire.say("304 CANT LIST VOICES")
            else:
                wire.say(
                    f"200-{self._voice.name}\t{self._voice.language}\tnone",
                    "200 OK VOICE LIST SENT",
                )
        elif command == "SET":
            self._parameters("203 OK RECEIVING SETTINGS", "SETTINGS RECEIVED", self._settings.set)
        elif command == "AUDIO":
            self._parameters("207 OK RECEIVING AUDIO SETTINGS", "AUDIO INITIALIZED", _audio)
        elif command == "LOGLEVEL":
            self._parameters("207 OK RECEIVING LOGLEVEL SETTINGS", "LOGLEVEL SET", _log_level)
        elif command.startswith("DEBUG "):
            # What there is to say goes to standard error, which speech-dispatcher keeps in a file.
            wire.say(f"200 OK DEBUGGING {command.split()[1]}")
        else:
            wire.say("300 ERR UNKNOWN COMMAND")
        return True

    def _init(self) -> bool:
        if self._speaker is None:
            try:
                self._voice = Voice.load(self._folder)
                self._speaker = Speaker(self._wire, self._voice)
            except TTSPipelineError as error:
                message = " ".join(str(error).split())
                self._wire.say(f"399-{message}", "399 ERR CANT INIT MODULE")
                return False
        self._wire.say(f"299-voice {self._voice.name}" if self._voice else "299-",
                       "299 OK LOADED SUCCESSFULLY")  # fmt: skip
        return True

    def _message(self, command: str) -> None:
        wire = self._wire
        wire.say("202 OK RECEIVING MESSAGE")
        try:
            lines = wire.block()
        except TooMuch:
            wire.say("301 ERROR CANT SPEAK")
            return
        if lines is None:
            return
        text = "\n".join(lines)
        if command != "SPEAK" and len(lines) > 1:
            wire.say("305 DATA MORE THAN ONE LINE")
        elif not text or self._speaker is None:
            wire.say("301 ERROR CANT SPEAK")
        else:
            message = _MESSAGES[command](text, self._settings)
            wire.say("200 OK SPEAKING")
            self._speaker.say(message)

    def _parameters(self, receiving: str, done: str, take: Callable[[str, str], bool]) -> None:
        self._wire.say(receiving)
        try:
            lines = self._wire.block()
        except TooMuch:
            lines = ["="]
        if lines is None:
            return
        fault = ""
        for line in lines:
            name, sign, value = line.partition("=")
            if not sign:
                fault = "302 ERROR BAD SYNTAX"
            elif not take(name, value):
                fault = _BAD
        self._wire.say(fault or f"203 OK {done}")

    def _close(self) -> None:
        if self._speaker is not None:
            self._speaker.close()
            self._speaker = None


def _audio(name: str, value: str) -> bool:
    """Whether sound goes through the server: nothing else is on offer, and nothing else needed."""
    return name != "audio_output_method" or value == "server"


def _log_level(name: str, value: str) -> bool:
    return name == "log_level" and value.isdecimal()


def run_module(folder: Path | None) -> int:
    """Speak the protocol on standard input and output; returns the exit code."""
    wire = Wire(sys.stdin.buffer, sys.stdout.buffer)
    # Whatever prints by mistake must not come between replies.
    sys.stdout = sys.stderr
    return Module(wire, folder).run()
