"""Refuses requests that are too large, and reads a request's body before the application sees it."""

import re
from typing import Final
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.server.limits import Limits
from exporter.server.refusals import CountRefusal, Refusal

_ABSOLUTE: Final = re.compile(rb"https?://(?P<host>[^/?#@]*)(?P<path>/.*)?", re.IGNORECASE)
_MALFORMED: Final = (400, 505)
_BODY_TOO_LARGE: Final = (413, "the body is too large: no endpoint reads one")


class ClientDisconnectedError(Exception):
    """The client disconnected before its request was complete."""


class RequestLimitMiddleware:
    """Passes on whole requests within the limits, without their bodies: no endpoint reads one."""

    def __init__(self, app: ASGIApp, limits: Limits, refused: CountRefusal) -> None:
        self._app = app
        self._limits = limits
        self._refused = refused

    def __repr__(self) -> str:
        return f"RequestLimitMiddleware({self._app!r})"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it and close the connection."""
        try:
            refusal = self._refusal(scope) or await self._read_body(receive)
        except ClientDisconnectedError:
            return
        if refusal is None:
            await self._app(origin_form(scope), _without_body(receive), send)
            return
        status, text = refusal
        self._refused(Refusal.MALFORMED if status in _MALFORMED else Refusal.TOO_LARGE)
        response = PlainTextResponse(f"{text}\n", status, headers={"connection": "close"})
        await response(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if scope["http_version"] not in {"1.0", "1.1"}:
            return 505, "only HTTP/1.1 is supported"
        if len(scope["raw_path"]) + len(scope["query_string"]) > self._limits.target_bytes:
            return 414, "the URL is too long"
        if sum(len(name) + len(value) for name, value in scope["headers"]) > self._limits.header_bytes:
            return 431, "the headers are too large"
        if "content-length" in headers and "transfer-encoding" in headers:
            return 400, "the request has both Content-Length and Transfer-Encoding"
        if int(headers.get("content-length", "0")) > self._limits.body_bytes:
            return _BODY_TOO_LARGE
        return None

    async def _read_body(self, receive: Receive) -> tuple[int, str] | None:
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnectedError
            size += len(message["body"])
            if size > self._limits.body_bytes:
                return _BODY_TOO_LARGE
            more = message["more_body"]
        return None


def origin_form(scope: Scope) -> Scope:
    """Return the scope with a target in absolute form replaced by its path, and `Host` by the target's host.

    https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
    """
    absolute = _ABSOLUTE.fullmatch(scope["raw_path"])
    if absolute is None:
        return scope
    path = absolute["path"] or b"/"
    others = [(name, value) for name, value in scope["headers"] if name != b"host"]
    headers = [(b"host", absolute["host"]), *others]
    return {**scope, "raw_path": path, "path": unquote(path.decode("ascii")), "headers": headers}


def _without_body(receive: Receive) -> Receive:
    """Return a `receive` that gives an empty body, then waits until the client disconnects."""
    is_first = True

    async def receive_nothing() -> Message:
        nonlocal is_first
        if is_first:
            is_first = False
            return {"type": "http.request", "body": b"", "more_body": False}
        return await receive()

    return receive_nothing
