"""Tests for empty lines before a request."""

import pytest

from exporter.server.limits import Limits
from exporter.server.refusals import Refusal
from tests.support.serving import PATIENCE, App, Client, get, serving

EMPTY_LINES = [(b"\r\n",), (b"\n",), (b"\r\n" * 5,), (b"\r", b"\n"), (b"\r\n", b"\r\n")]


@pytest.mark.parametrize("parts", EMPTY_LINES)
def test_empty_lines_before_a_request(parts: tuple[bytes, ...]) -> None:
    """They are ignored on a new connection, between two requests and between pipelined ones."""
    with serving(App()) as port, Client(port) as client:
        answers = []
        for _ in range(2):
            for part in parts:
                client.send(part)
            answers.append(client.send(get()).answer())
        rest = client.send(get(), *parts, get(b"/", b"Connection: close")).rest()

    assert answers == [(200, b"hi")] * 2
    assert rest.count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize("parts", EMPTY_LINES)
def test_empty_lines_and_a_request_that_arrive_together(parts: tuple[bytes, ...]) -> None:
    """They are ignored in one segment too."""
    lines = b"".join(parts)
    with serving(App()) as port, Client(port) as client:
        rest = client.send(lines + get() + lines + get(b"/", b"Connection: close") + lines).rest()

    assert rest.count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize("sent", [b"\r\n", get() + b"\r\n"])
def test_an_empty_line_after_a_request_leaves_the_connection_idle(sent: bytes) -> None:
    """The idle timeout ends the connection, not the request's."""
    refused: list[Refusal] = []
    limits = Limits(request_timeout=PATIENCE, idle_timeout=0.2)
    with serving(App(), limits, refused=refused.append) as port, Client(port) as client:
        first = client.send(get()).answer()
        client.send(sent).rest()

    assert first == (200, b"hi")
    assert refused == []


def test_only_empty_lines() -> None:
    """They are no request: the connection ends like a silent one."""
    refused: list[Refusal] = []
    with serving(App(), Limits(request_timeout=0.2), refused=refused.append) as port, Client(port) as client:
        rest = client.send(b"\r\n").rest()

    assert rest == b""
    assert refused == [Refusal.SLOW_REQUEST]
