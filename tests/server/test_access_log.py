"""Tests for the access log."""

import pytest
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from exporter.clock import Clock
from exporter.server.access_log import AccessLogMiddleware
from tests.support.serving import App, Client, get, serving


class Stepping(Clock):
    """A clock that advances by a quarter of a second at each reading."""

    def __init__(self) -> None:
        self.time = 0.0

    def monotonic(self) -> float:
        """Advance and return the time."""
        self.time += 0.25
        return self.time


def test_one_line_for_each_request() -> None:
    """The line is at debug level and has neither the query nor any header."""
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


def test_a_request_that_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """It has no status."""

    async def bug(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ZeroDivisionError

    with capture_logs() as logged, serving(AccessLogMiddleware(bug)) as port, Client(port) as client:
        client.send(get(b"/", b"Connection: close")).rest()

    assert [line["status"] for line in logged] == [None]
    assert "ZeroDivisionError" in caplog.text
