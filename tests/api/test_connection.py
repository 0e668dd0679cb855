"""Connections within the deadline of their exchange."""

import socket
import threading
import time
import tracemalloc
from typing import NoReturn

import pytest
from urllib3.exceptions import ConnectTimeoutError, LocationParseError

from exporter.api.connection import POOLS, _Response
from exporter.config import Timeout
from exporter.errors import Reason
from tests.support.client_rig import DEADLINES, MakeRig
from tests.support.faults import CannedReply, FaultyApi, Raw
from tests.support.names import TCP, resolving
from tests.support.plain_server import PlainServer

MIB = 1024 * 1024


def test_all_addresses_of_a_host_share_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of six unresponsive addresses gets its share of the time left."""
    attempts: list[tuple[str, float, float]] = []

    def never(address: tuple[str, int], seconds: float, *_: object) -> socket.socket:
        attempts.append((address[0], time.monotonic(), seconds))
        raise TimeoutError("timed out")

    addresses = [(*TCP, (f"192.0.2.{place}", 80)) for place in range(6)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: addresses)
    monkeypatch.setattr("exporter.api.connection.create_connection", never)
    connection = POOLS["http"].ConnectionCls("six.example.invalid", 80)
    with DEADLINES.limit(60) as exchange, pytest.raises(ConnectTimeoutError):
        connection.connect()

    assert [address for address, *_ in attempts] == [f"192.0.2.{place}" for place in range(6)]
    for place, (_, at, seconds) in enumerate(attempts):
        assert seconds <= (exchange.deadline - at) / (6 - place) + 0.001
        assert seconds > 0


def test_a_host_is_reached_at_the_first_address_that_accepts(
    api: FaultyApi, rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address before it refuses the connection."""
    port = int(api.url.rpartition(":")[2])
    addresses = {"two.example.invalid": ("127.0.0.9", "127.0.0.1")}
    monkeypatch.setattr(socket, "getaddrinfo", resolving(addresses, socket.getaddrinfo))

    assert rig(f"http://two.example.invalid:{port}").walk(20).snapshot is not None


def test_a_name_that_does_not_resolve_in_time_is_a_timeout(
    rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's resolver cannot be interrupted, but nothing waits for it past the deadline."""
    released = threading.Event()

    def hang(host: str, *_: object) -> NoReturn:
        if host == "slow.example.invalid" and not _[-1]:
            released.wait(60)
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    outcome = rig("http://slow.example.invalid", request_timeout=Timeout(0.3)).walk(20)
    released.set()

    assert outcome.error is not None
    assert outcome.error.reason is Reason.TIMEOUT
    assert outcome.stats.requests == 1


def test_a_tls_handshake_that_hangs_is_cut(rig: MakeRig) -> None:
    """A server that never responds to the handshake costs the timeout."""
    with PlainServer(lambda _head: b"", silent=True) as server:
        made = rig(f"https://127.0.0.1:{server.port}", request_timeout=Timeout(0.3))

        error = made.failure(seconds=5)

    assert error.reason is Reason.TIMEOUT


@pytest.mark.parametrize("size", [b"-1", b"-0x1", b"-ffff"])
def test_a_chunk_of_negative_size_is_refused(api: FaultyApi, rig: MakeRig, size: bytes) -> None:
    """The standard library would read it to the end of the stream, without a limit on memory."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    api.faults.add(Raw(head + size + b"\r\n" + bytes(100 * MIB)), times=None)
    made = rig(api.url)
    tracemalloc.start()

    error = made.failure()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert error.reason is Reason.CONNECTION
    assert "a chunk of negative size" in error.message
    assert peak < 8 * MIB


@pytest.mark.parametrize("cookie", ["a=b", f"a=b; max-age={'9' * 400}"])
def test_cookies_are_ignored(api: FaultyApi, rig: MakeRig, cookie: str) -> None:
    """None is parsed, and none is sent back."""
    body = b'{"database_backups": [], "meta": {"total": 0}}'
    api.faults.add(CannedReply(200, {"Set-Cookie": cookie}, body))
    made = rig(api.url)
    outcomes = [made.walk(20), made.walk(20)]

    assert all(outcome.snapshot for outcome in outcomes)
    assert all("cookie" not in request.headers for request in api.requests)


def test_a_name_with_an_overlong_label_is_refused() -> None:
    """It cannot be encoded for a lookup."""
    connection = POOLS["http"].ConnectionCls(f"{'x' * 64}.example.invalid", 80)

    with DEADLINES.limit(60), pytest.raises(LocationParseError, match="label empty or too long"):
        connection.connect()


def test_the_representation_of_a_response_hides_its_headers() -> None:
    """A response shows its status only."""
    client, server = socket.socketpair()
    with client, server, DEADLINES.limit(60):
        server.sendall(b"HTTP/1.1 200 OK\r\nX-Echo: hidden\r\nContent-Length: 0\r\n\r\n")
        with _Response(client, method="GET") as response:
            before = repr(response)
            response.begin()

    assert (before, repr(response)) == ("_Response(status=UNKNOWN)", "_Response(status=200)")
