"""Tests for one connection: invalid HTTP, slow requests and unread responses."""

import asyncio
import gc
import threading
import weakref
from contextlib import ExitStack

import pytest
from starlette.types import Receive, Scope, Send

from exporter.server.limits import Limits
from exporter.server.protocol import HttpConnection
from exporter.server.refusals import Refusal
from exporter.server.run import Server
from tests.support.serving import PATIENCE, App, Client, get, serving, status, wait_until

LARGE = b"x" * 384 * Limits().chunk_bytes  # more than the kernel takes off our hands


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"G",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
    ],
)
def test_an_incomplete_request_times_out(begun: bytes) -> None:
    """The application is not called."""
    app = App()
    with serving(app, Limits(request_timeout=0.2)) as port, Client(port) as client:
        answer = client.send(begun).rest()

    assert status(answer) in {0, 100}
    assert app.paths == []


def test_single_bytes_do_not_extend_the_timeout() -> None:
    """A dripping client has as much time as a silent one."""
    with serving(App(), Limits(request_timeout=0.5)) as port, Client(port) as client:
        client.socket.settimeout(0.01)
        wait_until(lambda: _has_ended_after(client, b"G"))  # it never would if each byte prolonged it


def _has_ended_after(client: Client, more: bytes) -> bool:
    """Send more; return whether the server has closed the connection."""
    try:
        client.socket.sendall(more)
        return not client.socket.recv(10)
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize("begun", [b"", b"GET / HTT"])
def test_a_connection_ends_after_its_first_response(begun: bytes) -> None:
    """The idle timeout or the next request's timeout ends it."""
    limits = Limits(request_timeout=3, idle_timeout=0.2)
    with serving(App(), limits) as port, Client(port) as client:
        first = client.send(get()).answer()
        rest = client.send(begun).rest()

    assert first == (200, b"hi")
    assert rest == b""


def test_keep_alive() -> None:
    """One connection serves one request after the other."""
    app = App()
    with serving(app, Limits(request_timeout=10)) as port, Client(port) as client:
        answers = [client.send(get(b"/%d" % number)).answer() for number in range(3)]

    assert answers == [(200, b"hi")] * 3
    assert app.paths == ["/0", "/1", "/2"]


def test_pipelining() -> None:
    """Requests that are sent together are answered in their order."""
    app = App()
    with serving(app) as port, Client(port) as client:
        rest = client.send(get(b"/1"), get(b"/2"), get(b"/3", b"Connection: close")).rest()

    assert rest.count(b"HTTP/1.1 200 OK") == 3
    assert app.paths == ["/1", "/2", "/3"]


@pytest.mark.parametrize("after", [b"", b"Connection: close"])
def test_an_unread_response_times_out(after: bytes) -> None:
    """The connection's next request does not begin."""
    app = App(LARGE)
    servers: list[Server] = []
    with (
        serving(app, Limits(response_timeout=3), servers=servers) as port,
        Client(port) as client,
        Client(port) as other,
    ):
        client.send(get(b"/1", *filter(None, [after])), get(b"/2"))
        assert app.called.wait(10)
        answered = other.send(get(b"/other")).answer()
        other.send(get(b"/ends", b"Connection: close")).rest()
        wait_until(lambda: not servers[0].server_state.connections)
        received = client.rest()

    assert answered[0] == 200
    assert 0 < len(received) < len(LARGE)
    assert "/2" not in app.paths


def test_a_reset_connection_is_freed() -> None:
    """No timer keeps it or its buffers alive."""
    servers: list[Server] = []
    with serving(App(b"x" * 100_000), servers=servers) as port, Client(port) as client:
        client.send(get())
        assert client.socket.recv(1)
        (protocol,) = map(weakref.ref, servers[0].server_state.connections)
        client.socket.close()  # with an answer unread: that is a reset
        wait_until(lambda: gc.collect() >= 0 and protocol() is None)

    assert protocol() is None


def test_a_late_reader_gets_the_whole_response() -> None:
    """The connection then ends, as requested."""
    app = App(LARGE)
    with serving(app) as port, Client(port) as client, Client(port) as other:
        client.send(get(b"/1", b"Connection: close"))
        assert app.called.wait(10)
        other.send(get(b"/other", b"Connection: close")).rest()
        rest = client.rest()

    assert rest.endswith(LARGE)


@pytest.mark.parametrize("after", [b"", b"Connection: close"])
def test_the_server_stops_without_its_clients(after: bytes) -> None:
    """Neither idle nor unreading clients delay it."""
    app = App(LARGE)
    servers: list[Server] = []
    with ExitStack() as stack:
        with serving(app, servers=servers) as port:
            idle, late = (stack.enter_context(Client(port)) for _ in range(2))
            idle.send(get()).answer()
            late.send(get(b"/late", *filter(None, [after])))
            assert late.socket.recv(1)
        rest = idle.rest()

    assert rest == b""
    assert app.paths == ["/", "/late"]


@pytest.mark.parametrize("limits", [Limits(), Limits(chunk_bytes=len(LARGE) // 2)])
def test_a_late_reader_s_next_request_begins_after_the_response(limits: Limits) -> None:
    """Both responses are complete, in small chunks and in large ones."""
    app = App(LARGE)
    with serving(app, limits) as port, Client(port) as client, Client(port) as other:
        client.send(get(b"/1"), get(b"/2", b"Connection: close"))
        assert app.called.wait(10)
        other.send(get(b"/other", b"Connection: close")).rest()
        before = list(app.paths)
        rest = client.rest()

    assert "/2" not in before
    assert rest.count(b"HTTP/1.1 200 OK") == 2
    assert len(rest) > 2 * len(LARGE)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        b"\0" * 100 + b"\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 200_000,
        b"GET /" + b"x" * 1_000_000,
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
    ],
)
def test_what_is_not_http(garbage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """It gets a 4xx, the connection ends, and no error is logged."""
    app = App()
    with serving(app) as port, Client(port) as client:
        answer = client.send(garbage).rest()

    assert 400 <= status(answer) < 500
    assert b"connection: close" in answer.lower()
    assert app.paths == []
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize(
    "refused",
    [
        b"POST / HTTP/1.2\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"POST /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
    ],
)
def test_a_malformed_body_of_a_refused_request(refused: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """One of the two refusals is sent, and no error is logged."""
    with serving(App()) as port, Client(port) as client, Client(port) as other:
        answer = client.send(refused).rest()
        other.send(get()).answer()

    assert status(answer) == 400
    assert answer.endswith(b"not a valid HTTP/1.1 request\n")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_400_has_a_length_and_a_date() -> None:
    """So a client knows that it has the whole response."""
    with serving(App()) as port, Client(port) as client:
        head, _, body = client.send(b"nonsense\r\n\r\n").rest().partition(b"\r\n\r\n")

    assert b"content-length: %d\r\n" % len(body) in head.lower() + b"\r\n"
    assert b"\r\ndate: " in head.lower()


def test_garbage_after_an_unread_response() -> None:
    """Other clients are not affected."""
    app = App(LARGE)
    with serving(app) as port, Client(port) as client, Client(port) as other:
        client.send(get(), b"\0" * 10_000)
        rest = client.rest()
        answer = other.send(get()).answer()

    assert rest.startswith(b"HTTP/1.1 200 OK")
    assert answer == (200, LARGE)


@pytest.mark.parametrize(
    "request_bytes",
    [
        get(version=b"1.0"),
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\nConnection: close\n\n",
        get(b"/", b"Connection: Upgrade, close", b"Upgrade: websocket"),
    ],
)
def test_unusual_http(request_bytes: bytes) -> None:
    """HTTP/1.0, bare line feeds and an upgrade request are answered, and the connection ends."""
    app = App()
    with serving(app) as port, Client(port) as client:
        answer = client.send(request_bytes).rest()

    assert status(answer) == 200
    assert answer.endswith(b"hi")
    assert app.paths == ["/"]


@pytest.mark.parametrize(
    "sent", [b"GET /metrics HTTP/1.1\r\nHost: x", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"]
)
def test_a_client_that_ends_within_a_request(sent: bytes) -> None:
    """The application is not called for it."""
    app = App()
    with serving(app) as port, Client(port) as client, Client(port) as other:
        client.send(sent).socket.shutdown(1)
        rest = client.rest()
        other.send(get(b"/other")).answer()

    assert status(rest) in {0, 400}
    assert app.paths == ["/other"]


@pytest.mark.parametrize("request_bytes", [get(b"/", b"Connection: close"), get(version=b"1.0")])
@pytest.mark.parametrize("more", [b"\r\nGET /more HTTP/1.1\r\n", bytes(17_000), b"x" * 100_000])
def test_bytes_after_a_last_request(request_bytes: bytes, more: bytes) -> None:
    """They are ignored: the request in flight gets its response."""
    app = App()
    app.release.clear()
    refused: list[Refusal] = []
    with serving(app, refused=refused.append) as port, Client(port) as client, Client(port) as other:
        client.send(request_bytes)
        assert app.called.wait(PATIENCE)
        client.send(more)
        other.send(b"nonsense\r\n\r\n").rest()  # which arrives later, and is refused
        app.release.set()
        answer = client.rest()

    assert status(answer) == 200
    assert answer.endswith(b"hi")
    assert refused == [Refusal.MALFORMED]


def test_a_pipelined_byte_does_not_extend_the_timeout() -> None:
    """An unread response ends its connection whatever the client sends."""
    app = App(LARGE)
    refused: list[Refusal] = []
    servers: list[Server] = []
    limits = Limits(response_timeout=0.5)
    with serving(app, limits, servers=servers, refused=refused.append) as port, Client(port) as client:
        client.send(get())
        assert client.socket.recv(1)
        client.send(b"G")
        wait_until(lambda: not servers[0].server_state.connections)
        received = client.rest()

    assert len(received) < len(LARGE)
    assert refused == [Refusal.UNREAD_RESPONSE]


def test_too_much_after_a_request() -> None:
    """More than the limit ends the connection."""
    app = App()
    app.release.clear()
    refused: list[Refusal] = []
    with serving(app, refused=refused.append) as port, Client(port) as client:
        client.send(get(), b"x" * 200_000)
        rest = client.rest()
        app.release.set()

    assert rest == b""
    assert refused == [Refusal.PIPELINED]


def test_a_connection_buffers_little_of_a_response() -> None:
    """A client that does not read makes it hold two chunks at most."""
    limits = Limits()
    servers: list[Server] = []
    with serving(App(LARGE), limits, servers=servers) as port, ExitStack() as stack:
        clients = [stack.enter_context(Client(port)) for _ in range(10)]
        for client in clients:
            client.send(get())
            assert client.socket.recv(1)
        connections = [one for one in servers[0].server_state.connections if isinstance(one, HttpConnection)]
        wait_until(lambda: all(one.flow.write_paused for one in connections))
        held = [one.transport.get_write_buffer_size() for one in connections]

    assert len(held) == 10
    assert max(held) <= 2 * limits.chunk_bytes


@pytest.mark.parametrize("after", [b"", b"G"])
def test_a_disconnect_reaches_the_application(after: bytes) -> None:
    """Also if the client has begun another request."""
    told = threading.Event()
    entered = threading.Event()

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()
        entered.set()
        message = await receive()
        assert message == {"type": "http.disconnect"}
        told.set()

    with serving(app) as port:
        with Client(port) as client:
            client.send(get(), after)
            assert entered.wait(PATIENCE)

        assert told.wait(PATIENCE)


def test_requests_that_the_stop_cancels(caplog: pytest.LogCaptureFixture) -> None:
    """They log no traceback."""
    entered = threading.Event()

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        entered.set()
        await asyncio.Event().wait()

    with serving(app) as port, Client(port) as client:
        client.send(get())
        assert entered.wait(PATIENCE)

    assert "Traceback" not in caplog.text


TOO_LARGE = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"nonsense\r\n\r\n", 400),
        (TOO_LARGE, 413),
        (
            TOO_LARGE.replace(b"Content-Length: 100000000", b"Transfer-Encoding: chunked")
            + b"4001\r\n"
            + b"x" * 0x4001,
            413,
        ),
        (get(b"/" + b"a" * 9_000), 414),
        (get(b"/", b"X-Large: " + b"a" * 16_384), 431),
        (get(version=b"2.0"), 505),
    ],
    ids=lambda sent: sent if isinstance(sent, int) else "",
)
def test_configured_headers_are_on_refusals(sent: bytes, expected: int) -> None:
    """Responses of the server itself have the configured headers and end with a newline."""
    headers = [(b"x-frame-options", b"deny")]
    with serving(App(), headers=lambda: headers) as port, Client(port) as client:
        answer = client.send(sent).rest()

    assert status(answer) == expected
    assert b"x-frame-options: deny" in answer
    assert answer.endswith(b"\n")


def test_a_body_in_parts() -> None:
    """Bytes of a request's body belong to that request, including empty lines."""
    app = App()
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    with serving(app) as port, Client(port) as client:
        client.send(head)
        assert client.socket.recv(100).startswith(b"HTTP/1.1 100")
        answers = [client.send(b"\r\n\r\n").answer(), client.send(get(b"/next")).answer()]

    assert answers == [(200, b"hi")] * 2
    assert app.paths == ["/", "/next"]
