"""The access log."""

import pytest
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from exporter.clock import Clock
from exporter.server.access_log import AccessLogMiddleware
from tests.support.serving import App, Client, get, serving


class Stepping(Clock):
    """A clock that goes a quarter of a second on at each look."""

    def __init__(self) -> None:
        self.time = 0.0

    def monotonic(self) -> float:
        """Look at it."""
        self.time += 0.25
        return self.time


def test_a_line_a_request() -> None:
    """At debug level, and without the query or any header."""
    with (
        capture_logs() as logged,
        serving(AccessLogMiddleware(App(), Stepping())) as port,
        Client(port) as client,
    ):
        client.send(get(b"/metrics?key=secret", b"Authorization: Basic c2VjcmV0")).answer()

    assert logged == [
        {
            "event": "request",
            "log_level": "debug",
            "client": "127.0.0.1",
            "method": "GET",
            "path": "/metrics",
            "status": 200,
            "seconds": 0.25,
        }
    ]


def test_a_bug_is_a_request_too(caplog: pytest.LogCaptureFixture) -> None:
    """It has no status when it is noted."""

    async def bug(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ZeroDivisionError

    with capture_logs() as logged, serving(AccessLogMiddleware(bug)) as port, Client(port) as client:
        client.send(get(b"/", b"Connection: close")).rest()

    assert [line["status"] for line in logged] == [None]
    assert "ZeroDivisionError" in caplog.text
