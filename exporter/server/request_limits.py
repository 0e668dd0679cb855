"""Whole requests only: what is too large is refused, and a body is read to its end before anything begins."""

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


class RequestLimitMiddleware:
    """Lets through what is small enough; no endpoint wants a body, so that none is kept."""

    def __init__(self, app: ASGIApp, limits: Limits, refused: CountRefusal) -> None:
        self._app = app
        self._limits = limits
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it and close the connection."""
        refusal = self._refusal(scope) or await self._read_body(receive)
        if refusal == _GONE:
            return
        if refusal:
            status, text = refusal
            self._refused(Refusal.MALFORMED if status in _MALFORMED else Refusal.TOO_LARGE)
            answer = PlainTextResponse(f"{text}\n", status, headers={"connection": "close"})
            await answer(scope, receive, send)
        else:
            await self._app(origin_form(scope), _without_body(receive), send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if scope["http_version"] not in {"1.0", "1.1"}:
            return 505, "HTTP/1.1 is spoken here"
        if len(scope["raw_path"]) + len(scope["query_string"]) > self._limits.target_bytes:
            return 414, "the address is too long"
        if sum(len(name) + len(value) for name, value in scope["headers"]) > self._limits.header_bytes:
            return 431, "the headers are too large"
        if "content-length" in headers and "transfer-encoding" in headers:
            return 400, "Content-Length and Transfer-Encoding exclude each other"
        if int(headers.get("content-length", "0")) > self._limits.body_bytes:
            return 413, "the body is too large: none is wanted"
        return None

    async def _read_body(self, receive: Receive) -> tuple[int, str] | None:
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return _GONE
            size += len(message["body"])
            if size > self._limits.body_bytes:
                return 413, "the body is too large: none is wanted"
            more = message["more_body"]
        return None


def origin_form(scope: Scope) -> Scope:
    """Return the scope of the same request by its path alone, with the `Host` that its target names.

    https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
    """
    absolute = _ABSOLUTE.fullmatch(scope["raw_path"])
    if absolute is None:
        return scope
    path = absolute["path"] or b"/"
    others = [(name, value) for name, value in scope["headers"] if name != b"host"]
    headers = [(b"host", absolute["host"]), *others]
    return {**scope, "raw_path": path, "path": unquote(path.decode("ascii")), "headers": headers}


_GONE = (0, "")


def _without_body(receive: Receive) -> Receive:
    """Return what gives an empty body, and then waits until the client has gone."""
    is_first = True

    async def receive_nothing() -> Message:
        nonlocal is_first
        if is_first:
            is_first = False
            return {"type": "http.request", "body": b"", "more_body": False}
        return await receive()

    return receive_nothing
