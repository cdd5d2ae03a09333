"""Serves a listening test: the page, a listener's own trials, and a place for answers."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.requests import ClientDisconnect

from tts_pipeline.errors import ConfigError
from tts_pipeline.listening.collect.answers import AnswerError, check_fits, parse_answer
from tts_pipeline.listening.collect.store import AnswerStore, Listener, RepeatedAnswer, TestFull
from tts_pipeline.listening.trials import PUBLIC, Key, public_session

# The longest honest answer, a comment of 2,000 letters escaped, is far below this.
MAX_BODY = 32 * 1024
_TOKEN = re.compile(r"[0-9a-f]{32}")

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex",
}


class _Refused(Exception):
    """A request that gets an error status."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


def make_app(folder: Path, key: Key, store: AnswerStore) -> FastAPI:
    """The web application of a test.

    Requests, relative to wherever the application is mounted: ``POST api/listeners`` takes in a
    listener and gives the secret token; ``GET api/session`` gives the token's trials and which are
    answered; ``POST api/answers`` stores one answer, 201 once it is on the disk. Malformed answers
    get 422, repeated ones 409, unknown tokens 401, too long ones 413.

    Args:
        folder: of the test.
        key: its key.
        store: where the answers go.
    """
    public = folder / PUBLIC
    test = _read_test(public / "test.json")
    trials = [{trial.id: trial for trial in session} for session in key.sessions]
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def guard(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        response = await call_next(request)
        response.headers.update(HEADERS)
        if "cache-control" not in response.headers:
            is_sound = request.url.path.endswith(".wav") and response.status_code == 200
            response.headers["Cache-Control"] = "private, max-age=86400" if is_sound else "no-cache"
        return response

    @app.exception_handler(_Refused)
    async def refuse(_request: Request, error: _Refused) -> Response:
        return JSONResponse({"detail": error.detail}, error.status)

    def listener_of(request: Request) -> Listener:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        found = None
        if scheme.lower() == "bearer" and _TOKEN.fullmatch(token.strip()):
            found = store.listener(token.strip())
        if found is None:
            raise _Refused(401, "no listener has this token; begin the test again")
        return found

    @app.get("/")
    def page() -> Response:
        return FileResponse(public / "index.html")

    @app.get("/test.json")
    def test_facts() -> Response:
        return JSONResponse({**test, "mode": "server"})

    @app.post("/api/listeners")
    async def begin(request: Request) -> Response:
        await _body(request)
        try:
            _, token = store.add_listener()
        except TestFull as error:
            raise _Refused(403, str(error)) from error
        return _no_store({"token": token}, 201)

    @app.get("/api/session")
    def session(request: Request) -> Response:
        listener = listener_of(request)
        return _no_store(
            {
                **public_session(key.sessions[listener.session]),
                "answered": store.answered(listener),
            }
        )

    @app.post("/api/answers")
    async def add_answer(request: Request) -> Response:
        # One transaction of a few milliseconds; a listener sends one answer in many seconds.
        listener = listener_of(request)
        try:
            answer = parse_answer(await _body(request))
            trial = trials[listener.session].get(answer.trial)
            if trial is None:
                raise AnswerError(f"trial {answer.trial} is none of yours")
            check_fits(answer, trial)
        except AnswerError as error:
            raise _Refused(422, str(error)) from error
        try:
            store.add(listener, answer)
        except RepeatedAnswer as error:
            raise _Refused(409, str(error)) from error
        return _no_store({"stored": answer.trial}, 201)

    # Only these: the schedules of others lie in the same folder, for the static build.
    app.mount("/js", StaticFiles(directory=public / "js"))
    app.mount("/audio", StaticFiles(directory=public / "audio"))

    @app.get("/page.css")
    def style() -> Response:
        return FileResponse(public / "page.css")

    return app


def _no_store(content: Any, status: int = 200) -> Response:
    return JSONResponse(content, status, {"Cache-Control": "no-store"})


async def _body(request: Request) -> Any:
    """The decoded JSON of a request that is neither too long nor of another type."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise _Refused(415, f"content type {kind!r}: expected application/json")
    content = b""
    try:
        async for part in request.stream():
            content += part
            if len(content) > MAX_BODY:
                raise _Refused(413, f"the request is longer than {MAX_BODY} bytes")
    except ClientDisconnect as error:
        raise _Refused(400, "the client left before its request was complete") from error
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _Refused(422, f"not JSON ({error})") from error


def _read_test(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); build the test again") from error
