"""Errors of every kind in OpenAI's form."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

pytest.importorskip("fastapi")

from fastapi import FastAPI

from tts_pipeline.errors import ConfigError, TextError, VoiceError
from tts_pipeline.serve.http.faults import add_handlers
from tts_pipeline.serve.refusals import Broken, Busy, TooLong, WorkerLost


@pytest.mark.parametrize(
    ("error", "status", "kind", "code", "param"),
    [
        (TextError("no words"), 400, "invalid_request_error", "invalid_value", "input"),
        (VoiceError("no voice"), 400, "invalid_request_error", "invalid_value", "voice"),
        (ConfigError("rate=9"), 400, "invalid_request_error", "invalid_value", None),
        (Busy(7, 3), 429, "rate_limit_error", "rate_limit_exceeded", None),
        (WorkerLost("died"), 503, "api_error", "worker_lost", None),
        (TooLong("9 s"), 503, "api_error", "timeout", None),
        (Broken("log"), 500, "api_error", "internal_error", None),
        (ZeroDivisionError("/secret/path.py"), 500, "api_error", "internal_error", None),
    ],
)
def test_errors(error: Exception, status: int, kind: str, code: str, param: str | None) -> None:
    app = FastAPI()
    add_handlers(app)

    @app.get("/")
    async def fail() -> None:
        raise error

    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "headers": [],
             "query_string": b"", "http_version": "1.1", "scheme": "http"}  # fmt: skip
    try:
        asyncio.run(app(scope, receive, send))
    except ZeroDivisionError as raised:
        assert raised is error, "it is logged"
    assert sent[0]["status"] == status
    headers = dict(sent[0]["headers"])
    assert headers[b"content-type"] == b"application/json"
    found = json.loads(sent[1]["body"])["error"]
    assert (found["type"], found["code"], found["param"]) == (kind, code, param)
    assert "secret" not in found["message"]
    if status == 429:
        assert headers[b"retry-after"] == b"3"
