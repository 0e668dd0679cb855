"""Connections stay open until either side closes them."""

import socket
import time

import pytest
from requests import Session
from requests.exceptions import ConnectionError as ConnectionLost

from exporter.simulator.http.connection import Channel, Listener
from tests.simulator.conftest import Dial, Fetch
from tests.support.faults import FaultyApi, Rewrite


def test_a_client_can_end_the_connection(api: FaultyApi, fetch: Fetch, session: Session) -> None:
    """`Connection: close` ends the connection after the response."""
    session.headers["Connection"] = "close"

    assert fetch().ok
    assert fetch().ok
    assert len(api.requests) == 2


def test_a_malformed_request_ends_the_connection(dial: Dial) -> None:
    """A request that is not HTTP ends the connection without a response."""
    client = dial("NOT HTTP AT ALL")

    assert client.recv(1) == b""


@pytest.mark.parametrize(("error", "tracebacks"), [(KeyError("bug"), 1), (BrokenPipeError(), 0)])
def test_an_unexpected_error_prints_a_traceback(
    api: FaultyApi, fetch: Fetch, capsys: pytest.CaptureFixture[str], error: Exception, tracebacks: int
) -> None:
    """A bug prints a traceback; a client that left does not."""

    def fail(_: object) -> object:
        raise error

    api.faults.add(Rewrite(fail))
    with pytest.raises(ConnectionLost):
        fetch()
    api.close()

    assert capsys.readouterr().err.count("Traceback") == tracebacks


def test_representations_name_the_socket() -> None:
    """The listener shows its URL and its connections, a channel its file descriptor."""
    listener = Listener(("127.0.0.1", 0), lambda _request, _channel: True, time.time, None)
    with socket.create_connection(listener.address) as client:
        shown = repr(Channel(client))
        descriptor = client.fileno()
    listener.close()

    assert repr(listener) == f"Listener('http://127.0.0.1:{listener.address[1]}', connections=0)"
    assert shown == f"Channel(fileno={descriptor})"
