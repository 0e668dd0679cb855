"""Tests for the number of connections and for what ends when there are too many."""

import asyncio
import errno
import os
import socket
import ssl
import threading
import tracemalloc
from asyncio import sslproto
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from exporter.server.connections import CurrentTls, no_tls
from exporter.server.eviction import LOGIN_WAIT
from exporter.server.limits import Limits
from exporter.server.refusals import Refusal
from exporter.server.run import Server, listen, make_server, port_of
from exporter.server.schema import TlsServerConfig
from exporter.server.tls import server_context
from tests.support.certificates import Authority
from tests.support.serving import PATIENCE, App, Client, get, serving, status, wait_until


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return a certificate authority."""
    return Authority(tmp_path)


@pytest.fixture
def tls(authority: Authority) -> CurrentTls:
    """Return a function that gives a server's TLS context."""
    files = authority.issue("server")
    context = server_context(TlsServerConfig(cert_file=files.cert, key_file=files.key))
    return lambda: context


def secure_get(port: int, authority: Authority) -> bytes:
    """Send a request over TLS."""
    context = ssl.create_default_context(cafile=authority.file)
    with Client(port) as client:
        client.socket = context.wrap_socket(client.socket, server_hostname="127.0.0.1")
        return client.send(get(b"/", b"Connection: close")).rest()


def opened_in_turn(port: int, number: int, stack: ExitStack) -> list[Client]:
    """Open silent connections, each once the server has opened the one before.

    A request on another connection tells: it is accepted later, and answered some turns after that.
    """
    clients = []
    for _ in range(number):
        clients.append(stack.enter_context(Client(port)))
        with Client(port) as other:
            assert status(other.send(get(b"/", b"Connection: close")).rest()) == 200
    return clients


def test_the_connection_that_is_silent_for_longest_ends() -> None:
    """Any number of silent connections leaves room for a request."""
    with serving(App(), Limits(connections=3)) as port, ExitStack() as stack:
        silent = opened_in_turn(port, 10, stack)
        gone = [one.rest() for one in silent[:8]]
        answer = stack.enter_context(Client(port)).send(get()).answer()

    assert answer == (200, b"hi")
    assert gone == [b""] * 8


def test_a_connection_with_a_request_in_flight_stays() -> None:
    """A new connection is refused while all others have a request in flight."""
    app = App()
    app.release.clear()
    with serving(app, Limits(connections=2)) as port, Client(port) as one, Client(port) as two:
        one.send(get(b"/1"))
        two.send(get(b"/2"))
        while len(app.paths) < 2:
            assert app.called.wait(10)
        with Client(port) as refused:
            assert refused.rest() == b""
        app.release.set()
        answers = [one.answer(), two.answer()]
        with Client(port) as client:
            later = client.send(get()).answer()

    assert [*answers, later] == [(200, b"hi")] * 3


def test_a_connection_with_an_unread_response_ends() -> None:
    """It waits for its client, so it makes room for a new one."""
    app = App(b"x" * 12_000_000)
    with serving(app, Limits(connections=1)) as port, Client(port) as client:
        client.send(get(b"/1"))
        assert app.called.wait(10)
        assert client.socket.recv(1)  # its answer is on the way
        with Client(port) as other:
            answer = other.send(get(b"/other", b"Connection: close")).rest()
        cut = client.rest()

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert len(cut) < 12_000_000


def test_a_silent_handshake_times_out(tls: CurrentTls, authority: Authority) -> None:
    """Other clients are served meanwhile."""
    with serving(App(), Limits(request_timeout=0.3), tls) as port, Client(port) as client:
        wait_until(lambda: _is_served(port, authority))
        rest = client.rest()

    assert rest == b""


def _is_served(port: int, authority: Authority) -> bool:
    """Return whether a request was answered; on a slow machine, its own handshake may time out."""
    try:
        return secure_get(port, authority).startswith(b"HTTP/1.1 200 OK")
    except OSError:
        return False


def test_silent_handshakes_end_for_new_connections(tls: CurrentTls, authority: Authority) -> None:
    """They count as silent connections."""
    with serving(App(), Limits(connections=2), tls) as port:
        silent = [Client(port) for _ in range(6)]
        answer = secure_get(port, authority)
        gone = [one.rest() for one in silent[:5]]
        for one in silent:
            one.socket.close()

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert gone == [b""] * 5


def test_the_memory_of_an_idle_tls_connection(
    tls: CurrentTls, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is far below the 256 KiB that asyncio would allocate."""
    monkeypatch.setattr(sslproto.SSLProtocol, "max_size", 256 * 1024)
    context = ssl.create_default_context(cafile=authority.file)
    with serving(App(), tls=tls) as port, ExitStack() as stack:
        secure_get(port, authority)
        tracemalloc.start()
        for _ in range(20):
            client = stack.enter_context(Client(port))
            client.socket = context.wrap_socket(client.socket, server_hostname="127.0.0.1")
        of_tls = tracemalloc.Filter(inclusive=True, filename_pattern=sslproto.__file__)
        buffers = tracemalloc.take_snapshot().filter_traces([of_tls])
        tracemalloc.stop()
        each = sum(trace.size for trace in buffers.traces) / 20

    assert 0 < each < 64 * 1024


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n\r\n", bytes(1_000)])
def test_what_is_not_tls(
    tls: CurrentTls, authority: Authority, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Plain HTTP, garbage or an end at once ends the connection and logs nothing."""
    with serving(App(), tls=tls) as port:
        with Client(port) as client:
            client.send(sent)
            client.socket.shutdown(socket.SHUT_WR)
            client.rest()
        answer = secure_get(port, authority)

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert caplog.records == []


def test_handshakes_do_not_delay_the_stop(tls: CurrentTls) -> None:
    """They are cancelled when the server stops."""
    with serving(App(), tls=tls) as port:
        client = Client(port)
        client.send(b"\x16")
        with Client(port):
            pass
    rest = client.rest()
    client.socket.close()

    assert rest == b""


class Exhausted(socket.socket):
    """A listener that fails at first, as if the system had no descriptor left."""

    failures = 3
    error = errno.EMFILE

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept after some failures."""
        if self.failures:
            self.failures -= 1
            raise OSError(self.error, os.strerror(self.error))
        return super().accept()


def test_connections_that_arrive_at_the_stop() -> None:
    """Those that were accepted and not yet opened end too."""
    server = make_server(App(), on_stop=lambda: None)

    async def accept_and_stop() -> None:
        server.connections.open(listener)
        while "0 of" in repr(server.connections):  # noqa: ASYNC110 - no other turn may pass
            await asyncio.sleep(0)
        await server.connections.close()
        await server.connections.abort()

    with listen("127.0.0.1:0") as listener, Client(port_of(listener)) as client:
        asyncio.run(accept_and_stop())
        received = client.rest()

    assert received == b""
    assert repr(server.connections).startswith("Connections(0 of")


def test_a_connection_that_is_due_at_the_stop() -> None:
    """It is not accepted any more: the task that would receive it is cancelled. No error is logged."""
    server = make_server(App(), on_stop=lambda: None)
    errors: list[object] = []

    async def stop_as_one_is_due() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
        server.connections.open(listener)
        await asyncio.sleep(0)
        with Client(port_of(listener)):
            await asyncio.sleep(0)  # the event loop finds it, and calls this first
            await server.connections.close()
            await asyncio.sleep(0)

    with listen("127.0.0.1:0") as listener:
        asyncio.run(stop_as_one_is_due())

    assert errors == []


def test_accepting_is_retried_without_descriptors() -> None:
    """The client is served once a descriptor is available."""
    with listen("127.0.0.1:0") as opened:
        listener = Exhausted(fileno=opened.detach())
    with serving(App(), listener=listener) as port, Client(port) as client:
        answer = client.send(get()).answer()

    assert listener.failures == 0
    assert answer == (200, b"hi")


def narrow(port: int) -> Client:
    """Connect with a small receive buffer, so that the kernel buffers little of a response."""
    client = Client.__new__(Client)
    client.socket = socket.socket()
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    client.socket.settimeout(PATIENCE)
    client.socket.connect(("127.0.0.1", port))
    return client


def test_a_response_that_is_read_is_not_cut_off() -> None:
    """New connections do not end it while others have waited longer for their clients."""
    app = App(b"x" * 100_000_000)
    servers: list[Server] = []

    def all_are_accepted() -> bool:
        return len(servers[0].server_state.connections) == 4

    with (
        serving(app, Limits(connections=4), servers=servers) as port,
        narrow(port) as reader,
        ExitStack() as stack,
    ):
        reader.send(get(b"/", b"Connection: close"))
        assert app.called.wait(PATIENCE)
        received = len(reader.socket.recv(1))
        silent = [stack.enter_context(Client(port)) for _ in range(3)]
        for _ in range(6):
            wait_until(all_are_accepted)
            received += read(reader, 12_000_000)  # more than the kernel buffers
            silent.append(stack.enter_context(Client(port)))
            gone = silent.pop(0).rest()
            assert gone == b""
        received += len(reader.rest())

    assert received > 100_000_000


def read(client: Client, size: int) -> int:
    """Read `size` bytes; return their number."""
    left = size
    while left:
        chunk = client.socket.recv(min(left, 65_536))
        assert chunk, "the connection ended before the response did"
        left -= len(chunk)
    return size


def test_the_repr_of_connections() -> None:
    """It has their number and what they wait for."""
    servers: list[Server] = []
    with serving(App(), Limits(connections=2), servers=servers) as port, Client(port) as client:
        client.send(get()).answer()
        (connection,) = servers[0].server_state.connections
        wait_until(lambda: repr(connection).endswith("IDLE)"))
        shown = repr(servers[0])

    assert shown == "Server(Connections(1 of 2, 1 waiting))"


def test_idle_connections_end_for_new_ones() -> None:
    """The one that is idle for longest ends first."""
    refused: list[Refusal] = []
    limits = Limits(connections=3)
    with serving(App(), limits, refused=refused.append) as port, ExitStack() as stack:
        idle = [stack.enter_context(Client(port)) for _ in range(3)]
        for client in idle:
            client.send(get()).answer()
        answers = [stack.enter_context(Client(port)).send(get()).answer() for _ in range(3)]
        gone = [client.rest() for client in idle]

    assert answers == [(200, b"hi")] * 3
    assert gone == [b""] * 3
    assert refused == [Refusal.EVICTED] * 3


LARGE = 12_000_000  # bytes: more than the kernel buffers


class Gateway:
    """An application that responds with the path's status or a large body, or checks a login without end."""

    def __init__(self) -> None:
        self.large = App(b"x" * LARGE)
        self.checking = threading.Semaphore(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond."""
        if scope["path"] == "/large":
            await self.large(scope, receive, send)
            return
        if scope["path"] == "/login":
            with scope["state"][LOGIN_WAIT]():
                self.checking.release()
                await asyncio.Event().wait()
        await Response(b"hi", int(scope["path"][1:] or 200))(scope, receive, send)


def silent(_client: Client, _app: Gateway) -> None:
    """Send nothing."""


def slow(client: Client, _app: Gateway) -> None:
    """Send a part of a request."""
    client.send(b"GET /20")


def refuse(client: Client, _app: Gateway) -> None:
    """Send a request without a valid login."""
    assert client.send(get(b"/401")).answer() == (401, b"hi")


def wait_for_a_login(client: Client, app: Gateway) -> None:
    """Send a request whose login is then checked without end."""
    client.send(get(b"/login"))
    assert app.checking.acquire(timeout=PATIENCE)


def get_once(client: Client, _app: Gateway) -> None:
    """Receive a response and keep the connection."""
    assert client.send(get()).answer() == (200, b"hi")


def read_nothing(client: Client, _app: Gateway) -> None:
    """Request a large response and read its first byte only."""
    assert client.send(get(b"/large")).socket.recv(1)


STRANGERS = [silent, slow, refuse, wait_for_a_login]
Behaviour = Callable[[Client, Gateway], None]


@pytest.mark.parametrize("crowd", [*STRANGERS, read_nothing])
def test_a_crowd_does_not_end_an_idle_proven_connection(crowd: Behaviour) -> None:
    """One that has had a successful response stays, however long it is silent."""
    app, refused = Gateway(), list[Refusal]()
    with (
        serving(app, Limits(connections=4), refused=refused.append) as port,
        Client(port) as prometheus,
        ExitStack() as stack,
    ):
        first = prometheus.send(get()).answer()
        for _ in range(10):
            crowd(stack.enter_context(Client(port)), app)
        stack.enter_context(Client(port)).send(get()).answer()
        second = prometheus.send(get()).answer()

    assert [first, second] == [(200, b"hi")] * 2
    assert refused == [Refusal.EVICTED] * 8


def test_silent_handshakes_do_not_end_a_proven_connection(tls: CurrentTls, authority: Authority) -> None:
    """Over TLS, too, an idle connection that has had a successful response stays."""
    context = ssl.create_default_context(cafile=authority.file)
    with serving(App(), Limits(connections=4), tls) as port, Client(port) as prometheus:
        prometheus.socket = context.wrap_socket(prometheus.socket, server_hostname="127.0.0.1")
        first = prometheus.send(get()).answer()
        with ExitStack() as stack:
            strangers = [stack.enter_context(Client(port)) for _ in range(10)]
            gone = [one.rest() for one in strangers[:7]]
        second = prometheus.send(get()).answer()

    assert [first, second] == [(200, b"hi")] * 2
    assert gone == [b""] * 7


@pytest.mark.parametrize("crowd", [*STRANGERS, get_once])
def test_a_crowd_does_not_end_a_connection_that_reads(crowd: Behaviour) -> None:
    """A response is sent to its end, although its client pauses while others connect."""
    app = Gateway()
    with serving(app, Limits(connections=4)) as port, narrow(port) as reader, ExitStack() as stack:
        reader.send(get(b"/large"))
        head = reader.socket.recv(1)
        for _ in range(10):
            crowd(stack.enter_context(Client(port)), app)
        stack.enter_context(Client(port)).send(get()).answer()
        status, body = reader.answer(head)

    assert (status, len(body)) == (200, LARGE)


def test_slow_readers_end_for_new_connections() -> None:
    """The one that has read nothing for longest ends first."""
    app = App(b"x" * 12_000_000)
    refused: list[Refusal] = []
    with serving(app, Limits(connections=3), refused=refused.append) as port, ExitStack() as stack:
        readers = [stack.enter_context(narrow(port)) for _ in range(3)]
        for reader in readers:
            reader.send(get())
            assert reader.socket.recv(1)
        answer = stack.enter_context(Client(port)).send(get()).answer()
        cut = readers[0].rest()

    assert len(answer[1]) == 12_000_000
    assert len(cut) < 12_000_000
    assert refused == [Refusal.EVICTED]


def test_a_waiting_login_ends_after_silent_connections() -> None:
    """A new Prometheus keeps its place among connections that send nothing."""
    app, refused = Gateway(), list[Refusal]()
    limits = Limits(connections=4, request_timeout=PATIENCE)
    with serving(app, limits, refused=refused.append) as port, ExitStack() as stack:
        login = stack.enter_context(Client(port))
        wait_for_a_login(login, app)
        strangers = opened_in_turn(port, 8, stack)
        gone = [one.rest() for one in strangers[:6]]

    assert gone == [b""] * 6
    assert refused == [Refusal.EVICTED] * 6


def test_a_waiting_login_ends_if_all_others_are_in_flight() -> None:
    """A request whose login is valid never ends for a new connection."""
    gateway, in_flight, refused = Gateway(), App(), list[Refusal]()
    in_flight.release.clear()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (in_flight if scope["path"] == "/slow" else gateway)(scope, receive, send)

    with serving(app, Limits(connections=2), refused=refused.append) as port, ExitStack() as stack:
        known = stack.enter_context(Client(port)).send(get(b"/slow"))
        assert in_flight.called.wait(PATIENCE)
        stranger = stack.enter_context(Client(port))
        wait_for_a_login(stranger, gateway)
        other = stack.enter_context(Client(port)).send(get()).answer()
        in_flight.release.set()
        answers = [other, known.answer()]
        gone = stranger.rest()

    assert answers == [(200, b"hi")] * 2
    assert gone == b""
    assert refused == [Refusal.EVICTED]


def test_unread_bodies_are_limited_together() -> None:
    """The slowest reader is cut off, and the newest response is complete."""
    size = 12_000_000
    refused: list[Refusal] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(scope["path"].encode() * (size // 2))(scope, receive, send)

    limits = Limits(pending_bytes=2 * size)
    with serving(app, limits, refused=refused.append) as port, ExitStack() as stack:
        clients = [stack.enter_context(Client(port)) for _ in range(3)]
        for number, client in enumerate(clients):
            client.send(get(b"/%d" % number))
            head = client.socket.recv(1)
        last = clients[2].answer(head)
        cut = clients[0].rest()

    assert len(last[1]) == size
    assert len(cut) < size
    assert refused == [Refusal.UNREAD_RESPONSE]


def test_refusals_of_connections_are_counted(tls: CurrentTls) -> None:
    """Failed and unfinished handshakes and refused connections each count once."""
    app = App()
    app.release.clear()
    refused: list[Refusal] = []
    with serving(app, Limits(connections=1), refused=refused.append) as port, Client(port) as client:
        client.send(get())
        assert app.called.wait(PATIENCE)
        with Client(port) as other:
            other.rest()
        app.release.set()
        client.answer()
    with serving(app, Limits(request_timeout=0.2), tls, refused=refused.append) as port:
        with Client(port) as client:
            client.send(b"nonsense\r\n\r\n").rest()
        with Client(port) as client:
            client.rest()

    assert refused == [Refusal.NO_ROOM, Refusal.TLS_HANDSHAKE, Refusal.TLS_HANDSHAKE]


@pytest.mark.parametrize("secured", [False, True])
@pytest.mark.parametrize("headers", [(), (b"Connection: close",)])
def test_an_idle_client_does_not_delay_the_stop(
    tls: CurrentTls,
    authority: Authority,
    headers: tuple[bytes, ...],
    secured: bool,  # noqa: FBT001 - how it connects
) -> None:
    """Over TLS, the server does not wait for a close_notify: Prometheus always holds an idle connection."""
    context = ssl.create_default_context(cafile=authority.file)
    server = make_server(
        App(), on_stop=lambda: None, tls=tls if secured else no_tls, limits=Limits(request_timeout=10_000)
    )
    server.config.timeout_graceful_shutdown = 10_000
    with listen("127.0.0.1:0") as opened, asyncio.Runner() as runner:
        port, loop = port_of(opened), runner.get_loop()
        thread = threading.Thread(target=runner.run, args=(server.serve(sockets=[opened]),))
        thread.start()
        with Client(port) as client:
            if secured:
                client.socket = context.wrap_socket(client.socket, server_hostname="127.0.0.1")
            client.send(get(b"/", *headers)).answer()
            loop.call_soon_threadsafe(server.stop)
            thread.join(PATIENCE)
            ended = not thread.is_alive()
        thread.join()

    assert ended


@pytest.mark.parametrize(("error", "evicted"), [(errno.ECONNABORTED, False), (errno.EMFILE, True)])
def test_a_failed_accept(error: int, evicted: bool) -> None:  # noqa: FBT001 - what is expected
    """A client that has disconnected ends no other connection; a lack of descriptors does."""
    refused: list[Refusal] = []
    with listen("127.0.0.1:0") as opened:
        listener = Exhausted(fileno=opened.detach())
    listener.failures, listener.error = 0, error
    with serving(App(), listener=listener, refused=refused.append) as port, ExitStack() as stack:
        idle = stack.enter_context(Client(port))
        idle.send(get()).answer()
        listener.failures = 1
        stack.enter_context(Client(port)).send(get()).answer()
        stack.enter_context(Client(port)).send(get()).answer()

    assert (refused == [Refusal.EVICTED]) is evicted


def test_an_idle_tls_connection_ends_without_its_client(tls: CurrentTls, authority: Authority) -> None:
    """It ends after the idle timeout, and that counts as no refusal."""
    refused: list[Refusal] = []
    servers: list[Server] = []
    limits = Limits(idle_timeout=0.2, response_timeout=0.2, request_timeout=10_000)
    context = ssl.create_default_context(cafile=authority.file)
    with serving(App(), limits, tls, servers=servers, refused=refused.append) as port, Client(port) as client:
        client.socket = context.wrap_socket(client.socket, server_hostname="127.0.0.1")
        client.send(get()).answer()
        wait_until(lambda: not servers[0].server_state.connections)

    assert refused == []
