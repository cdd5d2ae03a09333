"""The web application."""

from __future__ import annotations

import importlib.resources
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp

from tts_pipeline import __version__
from tts_pipeline.serve.http.captioned import captioned
from tts_pipeline.serve.http.choices import FORMATS, MODELS, check, job_of, model_entry, voices_of
from tts_pipeline.serve.http.faults import ErrorBody, Fault, add_handlers
from tts_pipeline.serve.http.guard import Guard
from tts_pipeline.serve.http.schema import ReadingRequest, SpeechRequest
from tts_pipeline.serve.http.sound import Sound, SoundResponse
from tts_pipeline.serve.job import Facts, Read, Reading
from tts_pipeline.serve.metrics import MEDIA_TYPE, Metrics
from tts_pipeline.serve.pool import Pool
from tts_pipeline.serve.settings import Settings
from tts_pipeline.serve.waiting import ClientGone

# Bytes that a character may take in JSON (a pair of escaped surrogates), and all else of a request.
_BYTES_PER_CHARACTER, _REST = 12, 65_536
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FAULTS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": purpose}
    for status, purpose in {
        400: "something in the request is wrong",
        401: "the API key is missing or wrong",
        413: "the body is too large",
        415: "the body is not application/json",
        429: "too many requests wait; see Retry-After",
        500: "a fault of the server",
        503: "the worker died, or the time limit is reached",
    }.items()
}
_KINDS = ("audio/mpeg", "audio/opus", "audio/flac", "audio/wav", "audio/pcm")
_SOUND: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "the sound, streamed; or its events; or JSON with timestamps",
        "content": {
            **dict.fromkeys(_KINDS, _BINARY),
            "text/event-stream": {"schema": {"type": "string"}},
            "application/json": {"schema": {}},
        },
    }
}


def make_app(settings: Settings, pool: Pool, facts: Facts, metrics: Metrics) -> ASGIApp:
    """The application, guarded.

    Args:
        settings: of the server.
        pool: started.
        facts: of its voice.
        metrics: filled here.
    """
    app = FastAPI(title="tts_pipeline", version=__version__, docs_url=None, redoc_url=None)
    add_handlers(app)

    @app.post("/v1/audio/speech", responses={**_SOUND, **_FAULTS}, response_class=Response)
    async def speech(request: Request, wanted: SpeechRequest) -> Response:
        """Speak a text."""
        job = job_of(wanted, facts, settings)
        sound = Sound(pool, facts, metrics, wanted, job)
        try:
            await sound.begin(request)
            if wanted.timestamps and wanted.stream_format == "audio":
                return await captioned(sound, wanted, request)
        except ClientGone:
            return Response(status_code=499)
        return SoundResponse(sound, wanted, settings.idle_seconds)

    @app.post("/v1/audio/reading", responses=_FAULTS)
    async def reading(wanted: ReadingRequest) -> dict[str, Any]:
        """Tell how a text is read, word by word."""
        check(wanted.input, settings)
        out: dict[str, Any] = {}
        async for event in pool.do(Reading(wanted.input, FORMATS.get(wanted.text_format, "plain"))):
            if isinstance(event, Read):
                rows = [word._asdict() for word in event.words]
                out = {"normalised": event.normalised, "words": rows, "dropped": event.dropped}
        return out

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        """Names of models that clients may ask for; all are this voice."""
        return {"object": "list", "data": [model_entry(name) for name in MODELS]}

    @app.get("/v1/models/{name}", responses={404: {"model": ErrorBody}})
    async def model(name: str) -> dict[str, Any]:
        """One of them."""
        if name not in MODELS:
            known = ", ".join(MODELS)
            raise Fault(404, f"model {name[:80]!r}: expected one of {known}", param="model",
                        code="model_not_found")  # fmt: skip
        return model_entry(name)

    @app.get("/v1/audio/models")
    async def audio_models() -> dict[str, Any]:
        """The same for Open WebUI."""
        return {"models": [{"id": name, "name": name} for name in MODELS]}

    @app.get("/v1/audio/voices")
    async def voices() -> dict[str, Any]:
        """The voice, and what it can be asked for."""
        return voices_of(facts)

    @app.get("/health")
    async def health() -> Response:
        """Whether a worker is there to speak."""
        state = {
            "status": "ok" if pool.n_ready else "starting",
            "voice": facts.name,
            "workers": pool.n_ready,
            "busy": pool.n_busy,
            "waiting": pool.n_waiting,
            "version": __version__,
        }
        return JSONResponse(state, 200 if pool.n_ready else 503, {"Cache-Control": "no-store"})

    @app.get("/metrics", response_class=PlainTextResponse)
    async def figures() -> Response:
        """For Prometheus."""
        return Response(metrics.text(pool), media_type=MEDIA_TYPE)

    page = importlib.resources.files("tts_pipeline.serve") / "page"
    index = (page / "index.html").read_text(encoding="utf-8")

    @app.get("/", include_in_schema=False)
    async def front() -> Response:
        return Response(index, 200, {"Cache-Control": "no-cache"}, "text/html")

    app.mount("/page", StaticFiles(directory=str(page)))
    inner: ASGIApp = Guard(
        app, settings.api_key, settings.max_characters * _BYTES_PER_CHARACTER + _REST
    )
    if settings.origins:
        inner = CORSMiddleware(
            inner,
            allow_origins=list(settings.origins),
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type"],
        )
    return inner
