"""Tests of `exporter.server.concurrency`."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from starlette.types import Message, Receive, Scope, Send

from exporter.server.concurrency import ConcurrencyLimitMiddleware
from exporter.server.refusals import Refusal


class Endpoint:
    """An application whose responses start, and whose bodies end, when a test allows it."""

    def __init__(self) -> None:
        self.may_start = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.states: list[dict[str, object]] = []

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send a response."""
        self.states.append(scope.get("state", {}))
        await self.may_start.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.may_end.wait()
        await send({"type": "http.response.body", "body": b""})


class Connection:
    """A client with one request; its status is 0 until the response starts."""

    def __init__(self, app: ConcurrencyLimitMiddleware, path: str, address: str = "192.0.2.1") -> None:
        self.status = 0
        self.body = b""
        self._gone = asyncio.Event()
        scope = {"type": "http", "path": path, "client": (address, 1), "method": "GET"}
        self.request = asyncio.ensure_future(app(scope, self._receive, self._send))

    def leave(self) -> None:
        """Disconnect."""
        self._gone.set()

    async def _receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")


def kind_of(path: str) -> str | None:
    """Limit each path on its own, but not `/health`."""
    return None if path == "/health" else path


async def settle() -> None:
    """Let every task run as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


def run(test: Callable[[Endpoint], Awaitable[None]]) -> None:
    """Run a test with an endpoint in an event loop."""

    async def running() -> None:
        await test(Endpoint())

    asyncio.run(running())


def test_each_kind_of_requests_has_its_own_limit() -> None:
    """Requests without a kind are not limited."""

    async def test(endpoint: Endpoint) -> None:
        app = ConcurrencyLimitMiddleware(endpoint, 2, kind_of, queue_seconds=1000)
        requests = [Connection(app, path) for path in ("/a", "/a", "/a", "/b", "/health", "/health")]
        await settle()
        running = len(endpoint.states)

        assert (app.in_flight("/a"), app.in_flight("/b"), running) == (2, 1, 5)
        assert "2 of 2 in use, 1 waiting" in repr(app)

        endpoint.may_start.set()
        await asyncio.gather(*(one.request for one in requests))

        assert {one.status for one in requests} == {200}
        assert app.in_flight("/a") == 0

    run(test)


def test_a_request_that_waits_too_long_gets_503() -> None:
    """The refusal is counted, and the response names the flag."""

    async def test(endpoint: Endpoint) -> None:
        refused: list[Refusal] = []
        app = ConcurrencyLimitMiddleware(
            endpoint, 1, kind_of, count_refusal=refused.append, queue_seconds=0.01
        )
        first, second = Connection(app, "/a"), Connection(app, "/a")
        await second.request

        assert (first.status, second.status) == (0, 503)
        assert second.body == b"too many requests at once: see --web.max-requests\n"
        assert refused == [Refusal.TOO_MANY_REQUESTS]

        endpoint.may_start.set()
        await first.request

    run(test)


def test_a_client_that_leaves_the_queue_is_not_a_refusal() -> None:
    """The endpoint never sees its request, and the next client in the queue gets the slot."""

    async def test(endpoint: Endpoint) -> None:
        refused: list[Refusal] = []
        app = ConcurrencyLimitMiddleware(
            endpoint, 1, kind_of, count_refusal=refused.append, queue_seconds=1000
        )
        first, leaving, last = (Connection(app, "/a") for _ in range(3))
        await settle()
        leaving.leave()
        await leaving.request
        endpoint.may_start.set()
        await asyncio.gather(first.request, last.request)

        assert (first.status, leaving.status, last.status) == (200, 499, 200)
        assert len(endpoint.states) == 2
        assert refused == []

    run(test)


def test_a_client_that_leaves_holds_its_slot_until_the_endpoint_returns() -> None:
    """So there are never more worker threads than slots."""

    async def test(endpoint: Endpoint) -> None:
        app = ConcurrencyLimitMiddleware(endpoint, 1, kind_of)
        connection = Connection(app, "/a")
        await settle()
        connection.leave()
        await settle()

        assert app.in_flight("/a") == 1

        endpoint.may_start.set()
        await connection.request

        assert app.in_flight("/a") == 0

    run(test)


def test_a_client_that_does_not_read_its_response_holds_no_slot() -> None:
    """A slot is free as soon as the response starts."""

    async def test(endpoint: Endpoint) -> None:
        endpoint.may_end.clear()
        endpoint.may_start.set()
        app = ConcurrencyLimitMiddleware(endpoint, 1, kind_of)
        connection = Connection(app, "/a")
        await settle()

        assert (app.in_flight("/a"), connection.request.done()) == (0, False)

        endpoint.may_end.set()
        await connection.request

        assert app.in_flight("/a") == 0

    run(test)


def test_an_endpoint_that_fails_releases_its_slot() -> None:
    """The exception is the server's to handle."""

    async def fail(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ZeroDivisionError

    async def test(_endpoint: Endpoint) -> None:
        app = ConcurrencyLimitMiddleware(fail, 1, kind_of)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                await Connection(app, "/a").request

        assert app.in_flight("/a") == 0

    run(test)


def test_the_endpoint_knows_how_long_its_request_waited() -> None:
    """It also knows the client's network, which is the /64 of an IPv6 address."""

    async def test(endpoint: Endpoint) -> None:
        app = ConcurrencyLimitMiddleware(endpoint, 1, kind_of, queue_seconds=1000)
        requests = [Connection(app, "/a", "2001:db8::1").request for _ in range(2)]
        await settle()
        assert "1 waiting" in repr(app)
        await asyncio.sleep(0.05)
        endpoint.may_start.set()
        await asyncio.gather(*requests)
        first, second = (state["queued_seconds"] for state in endpoint.states)

        assert isinstance(first, float)
        assert isinstance(second, float)
        assert 0 <= first <= second
        assert second >= 0.04
        assert {state["client_network"] for state in endpoint.states} == {"2001:db8::/64"}

    run(test)


def test_clients_take_turns() -> None:
    """A client with one request is next, however many requests another client has waiting."""

    async def test(endpoint: Endpoint) -> None:
        app = ConcurrencyLimitMiddleware(endpoint, 1, kind_of, queue_seconds=1000)
        crowd = [Connection(app, "/a") for _ in range(30)]
        await settle()
        alone = Connection(app, "/a", "198.51.100.1")
        await settle()
        endpoint.may_start.set()
        await asyncio.gather(*(one.request for one in (*crowd, alone)))

        assert [state["client_network"] for state in endpoint.states].index("198.51.100.1") <= 2

    run(test)
