"""Speaks with one client."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import AsyncGenerator
from typing import Any

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, async_write_event
from wyoming.info import Info
from wyoming.ping import Pong
from wyoming.tts import SynthesizeStopped

from tts_pipeline.audio.pcm import WIDTH
from tts_pipeline.errors import ConfigError, TextError, TTSPipelineError
from tts_pipeline.serve.formats import RAW
from tts_pipeline.serve.job import Chunk, Facts, Speech
from tts_pipeline.serve.live import LiveText
from tts_pipeline.serve.metrics import Metrics
from tts_pipeline.serve.pool import Pool
from tts_pipeline.serve.refusals import Broken, Busy, TooLong, WorkerLost
from tts_pipeline.serve.settings import Settings
from tts_pipeline.serve.waiting import NothingCame, within
from tts_pipeline.serve.wyoming.frames import MAX_LINE, BadFrame, read_frame

SAMPLES_PER_CHUNK = 1024
_CODES: dict[type[TTSPipelineError], str] = {
    Busy: "busy",
    WorkerLost: "worker-lost",
    TooLong: "timeout",
    Broken: "internal-error",
    TextError: "invalid-text",
}


@dataclasses.dataclass(frozen=True)
class Shared:
    """What all connections share.

    Attributes:
        pool: started.
        facts: of its voice.
        metrics: filled here.
        settings: of the server.
        info: what ``describe`` is answered with.
        speaking: tasks that are speaking at the moment.
    """

    pool: Pool
    facts: Facts
    metrics: Metrics
    settings: Settings
    info: Info
    speaking: set[asyncio.Task[None]]


class Connection:
    """One client. Reading goes on while it is spoken to, so that its going away is noticed.

    Attributes:
        since_s: when something came of it last, by :func:`time.monotonic`.
    """

    def __init__(
        self, shared: Shared, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._shared, self._reader, self._writer = shared, reader, writer
        self._pieces: asyncio.Queue[str | None] | None = None
        self._n_characters = 0
        self._speaking: asyncio.Task[None] | None = None
        self.since_s = time.monotonic()

    @property
    def waits(self) -> bool:
        """Whether the client is to speak next, not the server."""
        return self._pieces is None and (self._speaking is None or self._speaking.done())

    async def run(self) -> None:
        """Answer events until the client closes."""
        max_data = self._shared.settings.max_characters * 12 + MAX_LINE
        while True:
            try:
                event = await read_frame(self._reader, max_data)
                if event is None:
                    await self._finish()
                    return
                self.since_s = time.monotonic()
                await self._handle(event)
            except BadFrame as error:
                await self._fault(str(error), "invalid-frame")
                return

    async def _finish(self) -> None:
        """The client sends no more. One that listens still is spoken to; one that has gone makes
        the next write fail, which ends it."""
        if self._pieces is not None:
            self._pieces.put_nowait(None)
            self._pieces = None
        await self._previous()

    async def stop_speaking(self) -> None:
        """Stop the work: nobody waits for it."""
        if self._speaking is not None:
            self._speaking.cancel()
            await asyncio.gather(self._speaking, return_exceptions=True)

    async def _handle(self, event: Event) -> None:
        if event.type == "describe":
            await self._send(self._shared.info.event())
        elif event.type == "ping":
            text = event.data.get("text")
            await self._send(Pong(text=text if isinstance(text, str) else None).event())
        elif event.type == "synthesize-start":
            await self._start(event)
        elif event.type == "synthesize-chunk":
            await self._add(_text(event))
        elif event.type == "synthesize-stop":
            if self._pieces is None:
                await self._fault("synthesize-stop without synthesize-start", "out-of-order")
            else:
                self._pieces.put_nowait(None)
                self._pieces = None
        elif event.type == "synthesize" and self._pieces is None:
            # Inside a stream it is a copy of the whole text for servers that know no streams.
            await self._whole(event)
        # Everything else is not for us, or of a newer protocol.

    async def _whole(self, event: Event) -> None:
        text = _text(event)
        await self._previous()
        sound = self._whole_sound(text)
        self._begin(self._speak(sound, event, is_stream=False))

    async def _start(self, event: Event) -> None:
        if self._pieces is not None:
            # The stream before it was never ended: its text is over.
            self._pieces.put_nowait(None)
        await self._previous()
        self._pieces, self._n_characters = asyncio.Queue(), 0
        live = LiveText(self._shared.pool, {}, self._shared.settings.max_characters)
        sound = live.speak(_until_none(self._pieces, self._shared.settings.idle_seconds))
        self._begin(self._speak(sound, event, is_stream=True))

    async def _add(self, text: str) -> None:
        if self._pieces is None:
            await self._fault("synthesize-chunk without synthesize-start", "out-of-order")
        # What comes after a fault, or is too much, is not kept.
        elif text and self._n_characters <= self._shared.settings.max_characters:
            self._n_characters += len(text)
            self._pieces.put_nowait(text)

    async def _previous(self) -> None:
        """Let what was asked for before be spoken first."""
        if self._speaking is not None:
            await asyncio.wait({self._speaking})

    def _begin(self, work: Any) -> None:
        self._speaking = asyncio.ensure_future(work)
        self._shared.speaking.add(self._speaking)
        self._speaking.add_done_callback(self._shared.speaking.discard)

    async def _whole_sound(self, text: str) -> AsyncGenerator[Chunk, None]:
        limit = self._shared.settings.max_characters
        if len(text) > limit:
            raise TextError(f"{len(text)} characters of text: expected at most {limit}")
        async with contextlib.aclosing(self._shared.pool.do(Speech(text, {}, RAW))) as events:
            async for event in events:
                if isinstance(event, Chunk):
                    yield event

    async def _speak(
        self, sound: AsyncGenerator[Chunk, None], event: Event, *, is_stream: bool
    ) -> None:
        metrics = self._shared.metrics
        outcome = "gone"
        try:
            async with contextlib.aclosing(sound):
                self._check_voice(event)
                await self._send_sound(sound)
            outcome = "ok"
        except TTSPipelineError as error:
            outcome = _CODES.get(type(error), "error")
            await self._fault(str(error), outcome)
        except ConnectionError:
            pass
        finally:
            metrics.count("wyoming", outcome)
        if is_stream:
            # Readers of a stream wait for nothing else.
            with contextlib.suppress(ConnectionError):
                await self._send(SynthesizeStopped().event())

    async def _send_sound(self, sound: AsyncGenerator[Chunk, None]) -> None:
        rate = self._shared.facts.sample_rate
        form = {"rate": rate, "width": WIDTH, "channels": 1}
        begun_s = time.perf_counter()
        n_samples = 0
        async for chunk in sound:
            if not n_samples:
                self._shared.metrics.first_sound(time.perf_counter() - begun_s)
                await self._send(AudioStart(**form, timestamp=0).event())
            for start in range(0, len(chunk.content), SAMPLES_PER_CHUNK * WIDTH):
                piece = chunk.content[start : start + SAMPLES_PER_CHUNK * WIDTH]
                at = round(1000 * n_samples / rate)
                await self._send(AudioChunk(**form, audio=piece, timestamp=at).event())
                n_samples += len(piece) // WIDTH
        self._shared.metrics.audio_s += n_samples / rate
        await self._send(AudioStop(timestamp=round(1000 * n_samples / rate)).event())

    def _check_voice(self, event: Event) -> None:
        wanted = event.data.get("voice")
        if wanted is not None and not isinstance(wanted, dict):
            raise ConfigError("voice: expected an object with a name or a language")
        facts = self._shared.facts
        name = (wanted or {}).get("name")
        if name is not None and name != facts.name:
            raise ConfigError(f"voice {str(name)[:80]!r}: expected {facts.name!r}")

    async def _send(self, event: Event) -> None:
        try:
            idle_s = self._shared.settings.idle_seconds
            await within(idle_s, async_write_event(event, self._writer))
        except NothingCame as error:
            raise ConnectionError("the client takes nothing") from error

    async def _fault(self, message: str, code: str) -> None:
        # What UTF-8 cannot hold must not break the answer.
        text = message.encode("utf-8", "replace").decode()
        with contextlib.suppress(ConnectionError):
            await self._send(Error(text, code).event())


def _text(event: Event) -> str:
    text = event.data.get("text")
    if not isinstance(text, str):
        raise BadFrame(f"{event.type} without a text: expected a string")
    return text


async def _until_none(
    pieces: asyncio.Queue[str | None], idle_s: float
) -> AsyncGenerator[str, None]:
    while True:
        try:
            piece = await within(idle_s, pieces.get())
        except NothingCame:
            raise TextError(f"no text came for {idle_s:g} s; send synthesize-stop") from None
        if piece is None:
            return
        yield piece
