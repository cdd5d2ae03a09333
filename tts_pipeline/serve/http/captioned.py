"""All of a sound in one JSON object, with the times of its words."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from typing import Any

from fastapi import Request, Response

from tts_pipeline.serve.http.captions import words
from tts_pipeline.serve.http.schema import SpeechRequest
from tts_pipeline.serve.http.sound import HEADERS, Sound
from tts_pipeline.serve.waiting import ClientGone, until_gone


async def captioned(sound: Sound, wanted: SpeechRequest, request: Request) -> Response:
    """All of a sound in one JSON object, with the times of its words."""
    content = bytearray()
    times: list[dict[str, Any]] = []

    async def gather() -> None:
        async with contextlib.aclosing(sound.parts()) as parts:
            async for part, stamps in parts:
                content.extend(part)
                times.extend(words(stamps))

    gathering = asyncio.ensure_future(gather())
    gone = asyncio.ensure_future(until_gone(request.receive))
    try:
        await asyncio.wait({gathering, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not gathering.done():
            raise ClientGone
        gathering.result()
    finally:
        for task in (gathering, gone):
            task.cancel()
        await asyncio.gather(gathering, gone, return_exceptions=True)
        await sound.close()
    facts = {
        "audio": base64.b64encode(content).decode(),
        "format": wanted.response_format,
        "sample_rate": sound.sample_rate,
        "duration": sound.duration_s,
        "timestamps": times,
        "dropped": sound.dropped,
    }
    return Response(json.dumps(facts), 200, dict(HEADERS), "application/json")
