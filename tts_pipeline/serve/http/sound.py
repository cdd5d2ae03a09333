"""Speech as an answer: from the first block on, until all is said or the client has gone."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import time
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from tts_pipeline.errors import TTSPipelineError
from tts_pipeline.serve.formats import PCM_RATE, SOUND_FORMATS
from tts_pipeline.serve.http.captions import words
from tts_pipeline.serve.http.faults import fault_of
from tts_pipeline.serve.http.schema import SpeechRequest
from tts_pipeline.serve.job import Chunk, Done, Facts, Speech
from tts_pipeline.serve.metrics import Metrics
from tts_pipeline.serve.pool import Pool
from tts_pipeline.serve.waiting import ClientGone, NothingCame, until_gone, within
from tts_pipeline.timestamps import Timestamp

log = logging.getLogger("tts_pipeline.serve")

HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
# A speech token at OpenAI stands for 50 ms.
_TOKENS_PER_S = 20


class Sound:
    """The sound of one request, encoded.

    Args:
        pool: of workers.
        facts: of their voice.
        metrics: to be told.
        wanted: what the client asked for.
        job: what the workers are asked for.
    """

    def __init__(
        self, pool: Pool, facts: Facts, metrics: Metrics, wanted: SpeechRequest, job: Speech
    ) -> None:
        self._facts, self._metrics, self._wanted, self._job = facts, metrics, wanted, job
        self._begun_s = time.perf_counter()
        self._events = pool.do(job)
        self._first: Chunk | None = None
        self.n_samples = 0
        self.dropped: list[str] = []
        self._outcome = "ok"

    async def begin(self, request: Request) -> None:
        """Wait for the first block of sound: whatever is wrong is known then.

        Raises:
            ClientGone: if the client does not wait that long.
            TTSPipelineError: what :meth:`~tts_pipeline.serve.pool.Pool.do` raises.
        """
        first = asyncio.ensure_future(anext(self._events))
        gone = asyncio.ensure_future(until_gone(request.receive))
        try:
            await asyncio.wait({first, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not first.done():
                self._outcome = "gone"
                raise ClientGone
            event = first.result()
            assert isinstance(event, Chunk)
            self._first = event
            self._metrics.first_sound(time.perf_counter() - self._begun_s)
        except TTSPipelineError as error:
            self._outcome = str(fault_of(error).status)
            raise
        finally:
            for task in (first, gone):
                task.cancel()
            await asyncio.gather(first, gone, return_exceptions=True)
            if self._first is None:
                await self.close()

    async def close(self) -> None:
        """Stop the work if it is not done."""
        await self._events.aclose()
        if self._outcome:
            self._metrics.count("http", self._outcome)
            self._outcome = ""

    async def parts(self) -> AsyncGenerator[tuple[bytes, tuple[Timestamp, ...]], None]:
        """Encoded bytes, maybe none, and the timestamps of the sentences that begin in them."""
        self._outcome = "gone"
        try:
            event: object = self._first
            while not isinstance(event, Done):
                assert isinstance(event, Chunk)
                self.n_samples += event.n_samples
                self.dropped += event.dropped
                yield event.content, event.timestamps
                event = await anext(self._events)
            self._metrics.spoken(self.duration_s, event.compute_s)
            self._outcome = "ok"
        except TTSPipelineError:
            self._outcome = "broken off"
            raise

    @property
    def duration_s(self) -> float:
        """Of what was made so far."""
        return self.n_samples / self._facts.sample_rate

    @property
    def usage(self) -> dict[str, int]:
        """In OpenAI's terms: characters, and pieces of 50 ms."""
        spoken = round(self.duration_s * _TOKENS_PER_S)
        text = len(self._job.text)
        return {"input_tokens": text, "output_tokens": spoken, "total_tokens": text + spoken}

    @property
    def sample_rate(self) -> int:
        """Of what is sent."""
        return PCM_RATE if self._wanted.response_format == "pcm" else self._facts.sample_rate


class SoundResponse(Response):
    """Streams a sound that has begun; a client that goes away, or takes nothing, ends the work.

    Args:
        sound: begun.
        wanted: what the client asked for.
        idle_s: how long the client may take nothing.
    """

    def __init__(self, sound: Sound, wanted: SpeechRequest, idle_s: float) -> None:
        form = SOUND_FORMATS[wanted.response_format]
        self._is_sse = wanted.stream_format == "sse"
        headers = dict(HEADERS)
        if not self._is_sse:
            headers["Content-Disposition"] = f"attachment; filename=speech{form.suffix}"
            headers["X-Sample-Rate"] = str(sound.sample_rate)
        media_type = "text/event-stream" if self._is_sse else form.media_type
        super().__init__(None, 200, headers, media_type)
        # Not known yet; and a stream of events is UTF-8 by definition.
        del self.headers["content-length"]
        self._sound, self._wanted, self._idle_s = sound, wanted, idle_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it all."""
        sending = asyncio.ensure_future(self._send(send))
        gone = asyncio.ensure_future(until_gone(receive))
        try:
            await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        except (NothingCame, TTSPipelineError) as error:
            # Without its last chunk the answer is not complete, which tells the client.
            log.warning("an answer was broken off: %s", error or "the client took nothing")
        finally:
            for task in (sending, gone):
                task.cancel()
            await asyncio.gather(sending, gone, return_exceptions=True)
            await self._sound.close()

    async def _send(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        bodies = self._events() if self._is_sse else self._bytes()
        async with contextlib.aclosing(bodies):
            async for body in bodies:
                if body:
                    message = {"type": "http.response.body", "body": body, "more_body": True}
                    await within(self._idle_s, send(message))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _bytes(self) -> AsyncGenerator[bytes, None]:
        async with contextlib.aclosing(self._sound.parts()) as parts:
            async for content, _ in parts:
                yield content

    async def _events(self) -> AsyncGenerator[bytes, None]:
        sound = self._sound
        try:
            async with contextlib.aclosing(sound.parts()) as parts:
                async for content, stamps in parts:
                    if stamps and self._wanted.timestamps:
                        times = words(stamps)
                        yield _event({"type": "speech.audio.timestamps", "timestamps": times})
                    if content:
                        audio = base64.b64encode(content).decode()
                        yield _event({"type": "speech.audio.delta", "audio": audio})
        except TTSPipelineError as error:
            yield _event({"type": "error", **fault_of(error).body()})
            return
        yield _event({"type": "speech.audio.done", "usage": sound.usage})


def _event(content: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(content)}\n\n".encode()
