"""Stands before the application: keys, sizes and types of bodies, headers that browsers heed."""

from __future__ import annotations

import hmac

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tts_pipeline.serve.http.faults import Fault

# Open without a key: they tell nothing and do no work.
_OPEN = ("/health", "/", "/page/")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; media-src 'self' blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Guard:
    """ASGI middleware.

    Args:
        app: what is guarded.
        api_key: that a client must send; empty: none.
        max_body: bytes of a request.
    """

    def __init__(self, app: ASGIApp, api_key: str, max_body: int) -> None:
        self._app, self._api_key, self._max_body = app, api_key, max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                message["headers"] = list(message["headers"]) + [
                    (name.lower().encode(), value.encode())
                    for name, value in HEADERS.items()
                    if name.lower().encode() not in given
                ]
            await send(message)

        taken = 0

        async def receive_bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._max_body:
                # The one kind of error that FastAPI lets through while it reads a body.
                raise HTTPException(413, self._too_large().message, {"Connection": "close"})
            return message

        fault = self._fault(scope)
        if fault is not None:
            await fault.response()(scope, receive, send_with_headers)
            return
        await self._app(scope, receive_bounded, send_with_headers)

    def _fault(self, scope: Scope) -> Fault | None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if not self._may_enter(scope["path"], headers) and scope["method"] != "OPTIONS":
            return Fault(
                401,
                "this server wants its API key as 'Authorization: Bearer KEY'",
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._max_body:
            return self._too_large()
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        # Forms of other web sites can send anything else without being asked for permission.
        has_body = length != b"0" or b"transfer-encoding" in headers
        if scope["method"] == "POST" and has_body and kind != b"application/json":
            shown = kind.decode("latin-1")[:80]
            message = f"content type {shown!r}: expected application/json"
            return Fault(415, message, code="unsupported_media_type")
        return None

    def _may_enter(self, path: str, headers: dict[bytes, bytes]) -> bool:
        if not self._api_key or path in _OPEN or path.startswith("/page/"):
            return True
        scheme, _, key = headers.get(b"authorization", b"").partition(b" ")
        right = hmac.compare_digest(key.strip(), self._api_key.encode())
        return scheme.lower() == b"bearer" and right

    def _too_large(self) -> Fault:
        return Fault(
            413,
            f"the request is longer than {self._max_body} bytes; send the text in parts",
            code="request_too_large",
            headers={"Connection": "close"},
        )
