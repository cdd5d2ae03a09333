"""The Wyoming protocol, for Home Assistant: events over TCP, text that may come in pieces."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, async_write_event
from wyoming.info import Attribution, Info, TtsProgram, TtsVoice
from wyoming.ping import Pong
from wyoming.tts import SynthesizeStopped

from tts_pipeline import __version__
from tts_pipeline.audio.pcm import WIDTH
from tts_pipeline.errors import ConfigError, TextError, TTSPipelineError
from tts_pipeline.serve.formats import RAW
from tts_pipeline.serve.frames import MAX_LINE, BadFrame, read_frame
from tts_pipeline.serve.job import Chunk, Facts, Speech
from tts_pipeline.serve.live import LiveText
from tts_pipeline.serve.metrics import Metrics
from tts_pipeline.serve.pool import Broken, Busy, Pool, TooLong, WorkerLost
from tts_pipeline.serve.settings import Settings

log = logging.getLogger("tts_pipeline.serve")

SAMPLES_PER_CHUNK = 1024
MAX_CONNECTIONS = 256
_STOP_S = 30.0
_CODES: dict[type[TTSPipelineError], str] = {
    Busy: "busy",
    WorkerLost: "worker-lost",
    TooLong: "timeout",
    Broken: "internal-error",
    TextError: "invalid-text",
}


class WyomingDoor:
    """Takes connections; each is served by a task of its own.

    Args:
        pool: started.
        facts: of its voice.
        metrics: filled here.
        settings: of the server.
    """

    def __init__(self, pool: Pool, facts: Facts, metrics: Metrics, settings: Settings) -> None:
        self._pool, self._facts, self._metrics = pool, facts, metrics
        self._settings = settings
        self._tasks: set[asyncio.Task[None]] = set()
        self._speaking: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def open(self, listening: socket.socket) -> AsyncIterator[None]:
        """Take connections while the block runs; then let what is being spoken end."""
        server = await asyncio.start_server(self._connected, sock=listening, limit=MAX_LINE)
        try:
            yield
        finally:
            server.close()
            if self._speaking:
                await asyncio.wait(set(self._speaking), timeout=_STOP_S)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._tasks) >= MAX_CONNECTIONS:
            writer.close()
            return
        self._tasks.add(task)
        connection = _Connection(self, reader, writer)
        try:
            await connection.run()
        except (ConnectionError, asyncio.CancelledError):
            pass
        except Exception:
            log.exception("a Wyoming connection failed")
        finally:
            self._tasks.discard(task)
            await connection.stop_speaking()
            writer.close()

    def info(self) -> Info:
        """What ``describe`` is answered with."""
        ours = Attribution("tts_pipeline", "https://pypi.org/project/tts_pipeline/")
        voice = TtsVoice(
            name=self._facts.name,
            attribution=ours,
            installed=True,
            description=self._facts.name,
            version=__version__,
            languages=[self._facts.language.replace("-", "_")],
        )
        program = TtsProgram(
            name="tts_pipeline",
            attribution=ours,
            installed=True,
            description="Two-stage speech synthesis",
            version=__version__,
            voices=[voice],
            supports_synthesize_streaming=True,
        )
        return Info(tts=[program])


class _Connection:
    """One client. Reading goes on while it is spoken to, so that its going away is noticed."""

    def __init__(
        self, door: WyomingDoor, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._door, self._reader, self._writer = door, reader, writer
        self._pieces: asyncio.Queue[str | None] | None = None
        self._n_characters = 0
        self._speaking: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Answer events until the client closes."""
        max_data = self._door._settings.max_characters * 12 + MAX_LINE
        while True:
            try:
                event = await read_frame(self._reader, max_data)
                if event is None:
                    return
                await self._handle(event)
            except BadFrame as error:
                await self._fault(str(error), "invalid-frame")
                return

    async def stop_speaking(self) -> None:
        """Stop the work: nobody waits for it."""
        if self._speaking is not None:
            self._speaking.cancel()
            await asyncio.gather(self._speaking, return_exceptions=True)

    async def _handle(self, event: Event) -> None:
        if event.type == "describe":
            await self._send(self._door.info().event())
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
        live = LiveText(self._door._pool, {}, self._door._settings.max_characters)
        sound = live.speak(_until_none(self._pieces, self._door._settings.idle_seconds))
        self._begin(self._speak(sound, event, is_stream=True))

    async def _add(self, text: str) -> None:
        if self._pieces is None:
            await self._fault("synthesize-chunk without synthesize-start", "out-of-order")
        # What comes after a fault, or is too much, is not kept.
        elif text and self._n_characters <= self._door._settings.max_characters:
            self._n_characters += len(text)
            self._pieces.put_nowait(text)

    async def _previous(self) -> None:
        """Let what was asked for before be spoken first."""
        if self._speaking is not None:
            await asyncio.wait({self._speaking})

    def _begin(self, work: Any) -> None:
        self._speaking = asyncio.ensure_future(work)
        self._door._speaking.add(self._speaking)
        self._speaking.add_done_callback(self._door._speaking.discard)

    async def _whole_sound(self, text: str) -> AsyncGenerator[Chunk, None]:
        limit = self._door._settings.max_characters
        if len(text) > limit:
            raise TextError(f"{len(text)} characters of text: expected at most {limit}")
        async with contextlib.aclosing(self._door._pool.do(Speech(text, {}, RAW))) as events:
            async for event in events:
                if isinstance(event, Chunk):
                    yield event

    async def _speak(
        self, sound: AsyncGenerator[Chunk, None], event: Event, *, is_stream: bool
    ) -> None:
        metrics = self._door._metrics
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
        rate = self._door._facts.sample_rate
        form = {"rate": rate, "width": WIDTH, "channels": 1}
        begun_s = time.perf_counter()
        n_samples = 0
        async for chunk in sound:
            if not n_samples:
                self._door._metrics.first_sound(time.perf_counter() - begun_s)
                await self._send(AudioStart(**form, timestamp=0).event())
            for start in range(0, len(chunk.content), SAMPLES_PER_CHUNK * WIDTH):
                piece = chunk.content[start : start + SAMPLES_PER_CHUNK * WIDTH]
                at = round(1000 * n_samples / rate)
                await self._send(AudioChunk(**form, audio=piece, timestamp=at).event())
                n_samples += len(piece) // WIDTH
        self._door._metrics.audio_s += n_samples / rate
        await self._send(AudioStop(timestamp=round(1000 * n_samples / rate)).event())

    def _check_voice(self, event: Event) -> None:
        wanted = event.data.get("voice")
        if wanted is not None and not isinstance(wanted, dict):
            raise ConfigError("voice: expected an object with a name or a language")
        facts = self._door._facts
        name = (wanted or {}).get("name")
        if name is not None and name != facts.name:
            raise ConfigError(f"voice {str(name)[:80]!r}: expected {facts.name!r}")

    async def _send(self, event: Event) -> None:
        await asyncio.wait_for(
            async_write_event(event, self._writer), self._door._settings.idle_seconds
        )

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
            piece = await asyncio.wait_for(pieces.get(), idle_s)
        except asyncio.TimeoutError:
            raise TextError(f"no text came for {idle_s:g} s; send synthesize-stop") from None
        if piece is None:
            return
        yield piece


@contextlib.asynccontextmanager
async def announced(listening: socket.socket, name: str) -> AsyncIterator[None]:
    """Announce a Wyoming server by mDNS while the block runs.

    Raises:
        ConfigError: if zeroconf is not installed.
    """
    try:
        from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf
    except ImportError as error:
        raise ConfigError(
            "--zeroconf needs zeroconf, which is not installed; install with: pip install zeroconf"
        ) from error
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = _own_address()
    kind = "_wyoming._tcp.local."
    service = AsyncServiceInfo(
        kind, f"{name}.{kind}", addresses=[socket.inet_aton(host)], port=port
    )
    zeroconf = AsyncZeroconf()
    await zeroconf.async_register_service(service)
    try:
        yield
    finally:
        await zeroconf.async_unregister_service(service)
        await zeroconf.async_close()


def _own_address() -> str:
    """Address of this machine in its network, by the way that multicast would leave."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("224.0.0.251", 1))
        return str(probe.getsockname()[0])
