"""A running API with a few pages of backups, and a client with its key."""

import socket
from collections.abc import Callable, Iterator

import pytest
from requests import Response, Session

from exporter.simulator import bulk_backups, bulk_instances
from tests.support.faults import FaultyApi

Fetch = Callable[..., Response]
Dial = Callable[[str], socket.socket]


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    """Run an API of 45 backups over 6 instances."""
    with FaultyApi(backups=bulk_backups(45, 6), instances=bulk_instances(6)) as running:
        yield running


@pytest.fixture
def session() -> Iterator[Session]:
    """Return an HTTP client with the demo's key."""
    with Session() as session:
        session.headers["X-Api-Key"] = "demo:demo-secret"
        yield session


@pytest.fixture
def fetch(api: FaultyApi, session: Session) -> Fetch:
    """Return a function that requests a path with query parameters."""

    def fetch(path: str = "/v1/database-backups", **query: str | int) -> Response:
        return session.get(api.url + path, params=query, timeout=20, allow_redirects=False)

    return fetch


@pytest.fixture
def dial(api: FaultyApi) -> Iterator[Dial]:
    """Return a function that opens a connection and sends one request with a given method."""
    opened: list[socket.socket] = []

    def dial(method: str) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", int(api.url.rpartition(":")[2])), timeout=20)
        opened.append(client)
        client.sendall(
            f"{method} /v1/database-backups HTTP/1.1\r\nX-Api-Key: demo:demo-secret\r\n\r\n".encode()
        )
        return client

    yield dial
    for client in opened:
        client.close()
