"""Speaks messages one at a time in a thread of its own, and can be stopped at any moment."""

from __future__ import annotations

import dataclasses
import queue
import string
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tts_pipeline import Voice, stream
from tts_pipeline.audio.pcm import pcm_16
from tts_pipeline.errors import TTSPipelineError
from tts_pipeline.serve.speechd.messages import Message, Settings, character_message
from tts_pipeline.serve.speechd.wire import Wire

# Samples sent at once: short enough that whoever plays them stops soon.
_PIECE = 2000
# How far sound is sent ahead of its time. What was sent cannot be taken back, and marks are
# reported when they are sent.
_AHEAD_S = 0.4
# Letters and short words come again and again: so many of them are kept, if they are this short.
_KEPT, _KEPT_S, _KEPT_LETTERS = 500, 2.0, 64

_LETTERS = string.ascii_lowercase + string.digits


class Part(NamedTuple):
    """Samples ``(S,)`` float32, and marks with their places from the start of the message."""

    samples: np.ndarray
    marks: tuple[tuple[int, str], ...]


class Speaker:
    """Speaks.

    Args:
        wire: sound and events go here.
        voice: speaks.
    """

    def __init__(self, wire: Wire, voice: Voice) -> None:
        self._wire, self._voice = wire, voice
        self._rate = voice.audio.sample_rate
        self._messages: queue.Queue[Message | None] = queue.Queue()
        self._interrupted = threading.Event()
        self._is_pause = False
        self._is_speaking = False
        self._options = Settings().options
        self._kept: OrderedDict[tuple[object, ...], list[Part]] = OrderedDict()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def say(self, message: Message) -> None:
        """Speak a message as soon as the one before it is over."""
        if self._messages.empty() and not self._is_speaking:
            self._interrupted.clear()
        self._is_speaking = True
        self._messages.put(message)

    def stop(self) -> None:
        """Stop at once; nothing happens if nothing is spoken."""
        self._interrupt(is_pause=False)

    def pause(self) -> None:
        """Stop at once, to go on later: speech-dispatcher sends what comes after the last mark."""
        self._interrupt(is_pause=True)

    def close(self) -> None:
        """Stop and end the thread."""
        self.stop()
        self._messages.put(None)
        self._thread.join(5)

    def _interrupt(self, *, is_pause: bool) -> None:
        if self._is_speaking:
            self._is_pause = is_pause
            self._interrupted.set()

    def _run(self) -> None:
        try:
            # Compiles or loads the kernels before somebody waits for them.
            for _ in stream("Ready, a b c.", voice=self._voice):
                pass
            while (message := self._next()) is not None:
                self._wire.say("701 BEGIN")
                said_all = self._speak(message)
                self._is_speaking = not self._messages.empty()
                self._interrupted.clear()
                self._wire.say(
                    "702 END" if said_all else "704 PAUSE" if self._is_pause else "703 STOP"
                )
        except BrokenPipeError:
            return

    def _next(self) -> Message | None:
        """The next message; letters are made ready while there is none."""
        for letter in _LETTERS:
            if not self._messages.empty():
                break
            named = character_message(letter, Settings())
            for _ in self._parts(dataclasses.replace(named, options=self._options)):
                pass
        message = self._messages.get()
        self._options = message.options if message is not None else {}
        return message

    def _speak(self, message: Message) -> bool:
        """Send the sound of a message; return whether nobody interrupted it."""
        begun_s = time.perf_counter()
        n_sent = 0
        marks: list[tuple[int, str]] = []
        for part in self._parts(message):
            # A sentence's marks come with its first block.
            marks += part.marks
            cuts = [at - n_sent for at, _ in marks if 0 < at - n_sent < len(part.samples)]
            for samples in _pieces(part.samples, cuts):
                self._report(marks, n_sent)
                ahead_s = n_sent / self._rate - (time.perf_counter() - begun_s)
                if self._interrupted.wait(max(0.0, ahead_s - _AHEAD_S)):
                    return False
                self._wire.sound(pcm_16(samples * np.float32(message.gain)), self._rate)
                n_sent += len(samples)
        self._report(marks, n_sent)
        # What was sent is still being played: it can be stopped or paused until its end.
        rest_s = n_sent / self._rate - (time.perf_counter() - begun_s)
        return not self._interrupted.wait(max(0.0, rest_s - 0.1))

    def _report(self, marks: list[tuple[int, str]], place: int) -> None:
        """Report the marks up to a place and take them out of the list."""
        while marks and marks[0][0] <= place:
            self._wire.say(f"700-{marks.pop(0)[1]}", "700 INDEX MARK")

    def _parts(self, message: Message) -> Iterator[Part]:
        key = (message.text, *sorted(message.options.items()))
        if key in self._kept:
            self._kept.move_to_end(key)
            yield from self._kept[key]
            return
        parts: list[Part] = []
        for part in self._made(message):
            parts.append(part)
            yield part
        seconds = sum(len(part.samples) for part in parts) / self._rate
        if len(message.text) <= _KEPT_LETTERS and seconds <= _KEPT_S:
            self._kept[key] = parts
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)

    def _made(self, message: Message) -> Iterator[Part]:
        for text in dict.fromkeys((message.text, message.plain)):
            is_begun = False
            try:
                for block in stream(text, voice=self._voice, threads=1, **message.options):
                    is_begun = True
                    marks = tuple(
                        (round(stamp.start_s * self._rate), stamp.text)
                        for stamp in block.timestamps
                        if stamp.kind == "mark"
                    )
                    yield Part(block.samples, marks)
                return
            except TTSPipelineError as error:
                # Mark-up that we cannot read is no reason to be silent.
                print(f"tts-pipeline: {error}", file=sys.stderr, flush=True)
                if is_begun:
                    return


def _pieces(samples: np.ndarray, cuts: list[int]) -> Iterator[np.ndarray]:
    for stretch in np.split(samples, cuts):
        for start in range(0, len(stretch), _PIECE):
            yield stretch[start : start + _PIECE]
