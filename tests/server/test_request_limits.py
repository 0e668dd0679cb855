"""Tests for the limits of requests, over real sockets."""

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.support.serving import App, Client, get, serving, status


def post(*headers: bytes, body: bytes = b"") -> bytes:
    """Return a request with a body."""
    return b"\r\n".join([b"POST / HTTP/1.1", b"Host: x", *headers]) + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (get(b"/" + b"a" * 9_000), 414),
        (get(b"/?" + b"a" * 9_000), 414),
        (get(b"/", *[b"X-%d: %b" % (number, b"y" * 900) for number in range(20)]), 431),
        (get(version=b"2.0"), 505),
        (post(b"Content-Length: 100000000"), 413),
        (post(b"Content-Length: 100000000", b"Expect: 100-continue"), 413),
        (post(b"Content-Length: 100000000", body=b"x" * 5_000_000), 413),
        (post(b"Transfer-Encoding: chunked", body=b"4000\r\n" + b"x" * 0x4000 + b"\r\n1\r\nx\r\n"), 413),
        (post(b"Content-Length: 3", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400),
    ],
)
def test_refused_requests(sent: bytes, expected: int) -> None:
    """The status says why, the connection ends, and the application is not called."""
    app = App()
    with serving(app) as port, Client(port) as client:
        answer = client.send(sent).rest()

    assert status(answer) == expected
    assert b"connection: close" in answer.lower()
    assert app.paths == []


def test_an_application_that_reads_the_body() -> None:
    """It receives an empty body."""

    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        await PlainTextResponse(f"{len(body)} bytes")(scope, receive, send)

    with serving(echo) as port, Client(port) as client:
        answer = client.send(post(b"Content-Length: 3", body=b"abc")).answer()

    assert answer == (200, b"0 bytes")


def test_a_client_that_disconnects_within_a_body() -> None:
    """The application is not called."""
    app = App()
    with serving(app) as port, Client(port) as client, Client(port) as other:
        client.send(post(b"Content-Length: 3", b"Expect: 100-continue", body=b"a"))
        client.socket.recv(100)
        client.socket.close()
        other.send(get(b"/other")).answer()

    assert app.paths == ["/other"]


@pytest.mark.parametrize(
    "sent",
    [
        post(),
        post(b"Content-Length: 3", body=b"abc"),
        post(b"Content-Length: 16384", body=b"x" * 16384),
        post(b"Transfer-Encoding: chunked", body=b"3\r\nabc\r\n0\r\n\r\n"),
    ],
)
def test_a_small_body_is_accepted(sent: bytes) -> None:
    """So is the connection's next request."""
    app = App()
    with serving(app) as port, Client(port) as client:
        answers = [client.send(sent).answer(), client.send(get(b"/next")).answer()]

    assert answers == [(200, b"hi")] * 2
    assert app.paths == ["/", "/next"]


@pytest.mark.parametrize(
    ("target", "path", "host"),
    [
        (b"http://other.example/metrics?x=1", "/metrics", b"other.example"),
        (b"HTTPS://other.example:8443/a%20b", "/a b", b"other.example:8443"),
        (b"http://other.example", "/", b"other.example"),
        (b"http://other.example?x=1", "/", b"other.example"),
        (b"/http://other.example/", "/http://other.example/", b"x"),
        (b"*", "*", b"x"),
    ],
)
def test_an_absolute_target(target: bytes, path: str, host: bytes) -> None:
    """Its path and host are used, as RFC 9112 requires."""
    hosts: list[tuple[bytes, bytes]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        hosts.extend(pair for pair in scope["headers"] if pair[0] == b"host")
        await PlainTextResponse(scope["path"])(scope, receive, send)

    with serving(app) as port, Client(port) as client:
        answer = client.send(get(target)).answer()

    assert answer == (200, path.encode())
    assert hosts == [(b"host", host)]
