"""Errors as OpenAI's clients read them."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from tts_pipeline.errors import TTSPipelineError
from tts_pipeline.serve.refusals import Broken, Busy, TooLong, WorkerLost


class ErrorDetail(BaseModel):
    """What went wrong."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorBody(BaseModel):
    """The body of every error."""

    error: ErrorDetail


class Fault(Exception):
    """A request that is answered with an error.

    Args:
        status: of HTTP.
        message: names the value, what was expected and the remedy.
        param: the field that is at fault, if it is one.
        code: short name of the fault.
        headers: to send with it.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.code = status, message, param, code
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """As JSON."""
        kinds = {401: "authentication_error", 429: "rate_limit_error"}
        kind = kinds.get(self.status, "invalid_request_error" if self.status < 500 else "api_error")
        detail = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return {"error": detail}

    def response(self) -> Response:
        """As an answer; the text may hold what UTF-8 cannot, so it is escaped."""
        return Response(
            json.dumps(self.body()),
            self.status,
            {"Cache-Control": "no-store", **self.headers},
            "application/json",
        )


def fault_of(error: TTSPipelineError) -> Fault:
    """The fault that an error of ours is to a client."""
    if isinstance(error, Busy):
        retry = {"Retry-After": str(error.retry_s)}
        return Fault(429, str(error), code="rate_limit_exceeded", headers=retry)
    if isinstance(error, WorkerLost):
        retry = {"Retry-After": "1"}
        return Fault(503, str(error), code="worker_lost", headers=retry)
    if isinstance(error, TooLong):
        return Fault(503, str(error), code="timeout")
    if isinstance(error, Broken):
        return Fault(500, str(error), code="internal_error")
    names = {"TextError": "input", "VoiceError": "voice"}
    return Fault(400, str(error), param=names.get(type(error).__name__), code="invalid_value")


def add_handlers(app: FastAPI) -> None:
    """Let every error of an application leave in this form."""

    @app.exception_handler(Fault)
    async def fault(_request: Request, error: Fault) -> Response:
        return error.response()

    @app.exception_handler(TTSPipelineError)
    async def ours(_request: Request, error: TTSPipelineError) -> Response:
        return fault_of(error).response()

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if part != "body")
        if first["type"] == "json_invalid":
            return Fault(400, "the body is not JSON", code="invalid_json").response()
        given = "" if first["type"] == "missing" else f" (got {_short(first.get('input'))})"
        message = f"{place or 'the body'}: {first['msg']}{given}"
        return Fault(400, message, param=place or None, code=first["type"]).response()

    @app.exception_handler(Exception)
    async def unforeseen(_request: Request, _error: Exception) -> Response:
        # It is raised again after the answer, and so comes into the log.
        return fault_of(
            Broken("something went wrong inside the server; its log says what")
        ).response()

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        codes = {404: "not_found", 405: "method_not_allowed", 413: "request_too_large"}
        message = {
            404: f"there is no {_short(request.url.path)} here; see /openapi.json",
            405: f"{request.method} is not for {_short(request.url.path)}; see /openapi.json",
        }.get(error.status_code, str(error.detail))
        code = codes.get(error.status_code)
        headers = dict(error.headers or {})
        return Fault(error.status_code, message, code=code, headers=headers).response()


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
