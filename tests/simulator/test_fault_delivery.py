"""Faults in how a reply is sent, as a client sees them."""

import socket

import pytest
from requests import Session
from requests.exceptions import ChunkedEncodingError, ReadTimeout
from requests.exceptions import ConnectionError as ConnectionLost

from exporter.simulator import Quirks
from tests.simulator.conftest import Dial, Fetch
from tests.support.faults import (
    CutBody,
    Delay,
    DripBody,
    DripHeaders,
    Fault,
    FaultyApi,
    HangBeforeHeaders,
    HangInBody,
    Raw,
    Reset,
    WrongLength,
)
from tests.support.started import StartedThreads


def drain(client: socket.socket) -> bytes:
    """Receive until the connection ends."""
    return b"".join(iter(lambda: client.recv(65_536), b""))


@pytest.mark.parametrize("fault", [CutBody(5), WrongLength(5)])
def test_a_body_that_ends_too_early(api: FaultyApi, fetch: Fetch, fault: Fault) -> None:
    """The body is shorter than its Content-Length."""
    api.faults.add(fault)

    with pytest.raises(ChunkedEncodingError, match="IncompleteRead"):
        fetch()


def test_a_length_that_is_too_small(api: FaultyApi, fetch: Fetch) -> None:
    """The body is longer than its Content-Length."""
    api.quirks = Quirks(gzip=False)
    whole = fetch().content
    api.faults.add(WrongLength(-1))

    assert fetch().content == whole[:-1]


def test_a_connection_that_is_reset(api: FaultyApi, dial: Dial) -> None:
    """The client sees an RST, not an orderly end."""
    api.faults.add(Reset(3))
    client = dial("GET")

    with pytest.raises(ConnectionResetError):
        drain(client)


def test_bytes_that_are_not_http(api: FaultyApi, fetch: Fetch) -> None:
    """The client gets bytes that are not HTTP."""
    api.faults.add(Raw(b"SSH-2.0-OpenSSH_9.6\r\n"))

    with pytest.raises(ConnectionLost):
        fetch()


@pytest.mark.parametrize("fault", [DripHeaders(0.0), DripBody(0.0), Delay(0.0)])
def test_slow_replies_are_complete(api: FaultyApi, fetch: Fetch, fault: Fault) -> None:
    """A slow reply arrives whole, and the connection stays open."""
    normal = fetch(limit=1).content
    api.faults.add(fault)

    assert fetch(limit=1).content == normal
    assert fetch(limit=1).content == normal


def test_a_hanging_reply_runs_into_the_client_s_timeout(api: FaultyApi, session: Session) -> None:
    """A client without any header runs into its own timeout."""
    api.faults.add(HangBeforeHeaders())

    with pytest.raises(ReadTimeout):
        session.get(f"{api.url}/v1/database-backups", timeout=(20, 0.05))


@pytest.mark.parametrize("fault", [HangInBody(1), DripHeaders(60), DripBody(60)])
def test_closing_ends_hanging_replies(
    started: StartedThreads, api: FaultyApi, dial: Dial, fault: Fault
) -> None:
    """Closing the API ends hanging replies and their threads."""
    api.faults.add(fault)
    client = dial("GET")
    begun = client.recv(1)
    api.close()

    assert begun == b"H"
    assert len(started.named("_serve")) == 1
    started.join("_serve")
    assert len(drain(client)) < 1000


@pytest.mark.parametrize("fault", [HangBeforeHeaders(), Delay(60)])
def test_a_disconnected_client_is_detected(api: FaultyApi, dial: Dial, fault: Fault) -> None:
    """The server stops waiting for a client that has left."""
    api.faults.add(fault)
    client = dial("GET")
    client.shutdown(socket.SHUT_WR)

    assert client.recv(1) == b""
