"""What a worker process does: load the voice, warm up, and speak one job after another."""

from __future__ import annotations

import contextlib
import functools
import signal
import time
import traceback
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from tts_pipeline import Voice
from tts_pipeline.errors import TTSPipelineError
from tts_pipeline.serve.formats import SOUND_FORMATS, encoder
from tts_pipeline.serve.job import (
    Cancel,
    Chunk,
    Done,
    Facts,
    Failed,
    Read,
    Reading,
    ReadWord,
    Ready,
    Speech,
    Start,
    Taken,
    Unable,
)

# A worker waits when it is so far ahead of its client.
AHEAD_S = 120.0
# What the splitter of sentences may need to see behind the end of one to be sure of it.
_TAIL = 100


def work(pipe: Connection, folder: Path | None) -> None:
    """Serve jobs until the other end of the pipe is closed.

    Args:
        pipe: takes :class:`Start`, :class:`Cancel` and :class:`Taken`.
        folder: of the voice; None: the one in the package.
    """
    # Ctrl-C reaches the whole group, as a closed terminal does; the parent waits for what is being
    # spoken, then closes pipes.
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    with contextlib.suppress(EOFError, OSError):
        try:
            worker = _Worker(pipe, folder)
        except TTSPipelineError as error:
            pipe.send(Unable(str(error)))
            return
        pipe.send(Ready(worker.facts()))
        while True:
            message = pipe.recv()
            # What comes for a job that is done already is of no use any more.
            if isinstance(message, Start):
                worker.do(message)


class _Worker:
    def __init__(self, pipe: Connection, folder: Path | None) -> None:
        from tts_pipeline import Voice, stream

        # The other cores belong to the other workers.
        self._pipe, self._stream = pipe, functools.partial(stream, threads=1)
        self._voice = Voice.load(folder)
        self._voices = {"plain": self._voice}
        # Compiles or loads the kernels, reads the dictionary, imports the encoders.
        for name in SOUND_FORMATS:
            first = encoder(name, self._voice.audio.sample_rate)
            for block in stream("Ready, 1 2 3.", voice=self._voice):
                first.write(block.samples)
            first.finish()

    def facts(self) -> Facts:
        voice = self._voice
        return Facts(
            voice.name,
            voice.language,
            voice.audio.sample_rate,
            tuple(voice.acoustics),
            tuple(voice.refiners),
            tuple(voice.vocoders),
            voice.default_acoustic,
            voice.default_vocoder,
        )

    def do(self, start: Start) -> None:
        """Do a job; the last message is always :class:`Done` or :class:`Failed`."""
        number, job = start
        try:
            if isinstance(job, Reading):
                self._read(number, job)
            else:
                self._speak(number, job)
        except TTSPipelineError as error:
            self._pipe.send(Failed(number, type(error).__name__, str(error)))
        except (EOFError, OSError):
            raise
        except Exception:
            self._pipe.send(Failed(number, "", traceback.format_exc()))

    def _voice_for(self, text_format: str) -> Voice:
        """The voice with a front end for a format, kept: it is not made for every text."""
        if text_format not in self._voices:
            self._voices[text_format] = self._voice.with_text_format(text_format)
        return self._voices[text_format]

    def _read(self, number: int, job: Reading) -> None:
        from tts_pipeline.text.phones import to_ipa

        sentences, report = self._voice_for(job.text_format).front_end(job.text)
        words = tuple(
            ReadWord(
                word.text, word.span, word.source, word.confidence, word.phones, to_ipa(word.phones)
            )
            for sentence in sentences
            for word in sentence.words
        )
        dropped = tuple(item.describe() for item in report.dropped)
        self._pipe.send(Read(number, report.normalised, words, dropped))
        self._pipe.send(Done(number))

    def _speak(self, number: int, job: Speech) -> None:
        begun = time.perf_counter()
        options = job.options
        # Reading is some thousand times as fast as speaking: whatever is wrong with the text
        # comes to light before the first sound.
        voice = self._voice_for(job.text_format)
        sentences, _ = voice.front_end(job.text, strict=bool(options.get("strict")))
        used = len(job.text)
        if not job.is_whole:
            while sentences and used > len(job.text) - _TAIL:
                used = sentences.pop().span[0]
        if not sentences and not (job.is_first and job.is_whole):
            used = used if job.is_whole else 0
            self._pipe.send(Done(number, time.perf_counter() - begun, used))
            return
        blocks = self._stream(job.text[:used], voice=voice, threads=1, **options)
        if not self._send(number, blocks, job):
            self._pipe.send(Done(number, time.perf_counter() - begun))
            return
        pause_s = sentences[-1].pause_after_s
        self._pipe.send(Done(number, time.perf_counter() - begun, used, len(sentences), pause_s))

    def _send(self, number: int, blocks: Iterator[Any], job: Speech) -> bool:
        """Send blocks as they come; return whether anybody waited for them to the end."""
        rate = self._voice.audio.sample_rate
        coder = encoder(job.format, rate)
        lead = np.zeros(round(job.lead_s * rate), np.float32)
        ahead = 0
        for block in blocks:
            while self._pipe.poll() or ahead > AHEAD_S * rate:
                message = self._pipe.recv()
                if isinstance(message, Cancel) and message.number == number:
                    return False
                if isinstance(message, Taken) and message.number == number:
                    ahead -= message.n_samples
            samples = np.concatenate([lead, block.samples]) if len(lead) else block.samples
            lead = lead[:0]
            left_out = [item.describe() for item in block.report.dropped]
            dropped = tuple(dict.fromkeys([*left_out, *block.report.problems]))
            content = coder.write(samples)
            self._pipe.send(Chunk(number, content, len(samples), block.timestamps, dropped))
            ahead += len(samples)
        self._pipe.send(Chunk(number, coder.finish(), 0, (), ()))
        return True
