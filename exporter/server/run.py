"""Runs uvicorn in this process: listening sockets, TLS, limits, and a graceful stop on SIGTERM and SIGINT."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final

import structlog
import uvicorn
from starlette.types import ASGIApp

from exporter.errors import ConfigError
from exporter.server.address import parse_address
from exporter.server.connections import Connections, CurrentTls, no_tls
from exporter.server.limits import Limits, raise_descriptor_limit
from exporter.server.pending import PendingBodies
from exporter.server.protocol import HttpConnection
from exporter.server.refusals import CountRefusal, ignore_refusal
from exporter.server.request_limits import RequestLimitMiddleware
from exporter.server.response_headers import HeaderPairs, ResponseHeadersMiddleware
from exporter.server.systemd import READY, STOPPING, notify

GRACE: Final = 4  # seconds for the requests in flight when the server stops
BACKLOG: Final = 2048


def listen(address: str) -> socket.socket:
    """Bind and listen; without a host, on all IPv6 and IPv4 addresses. Raise `ConfigError`."""
    host, port = parse_address(address)
    try:
        if not host:
            return _listen_on_all(port)
        family, *_, name = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(name[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        problem, _, _ = str(error.strerror).partition(" (while")  # Python appends the address
        raise ConfigError(f"--web.listen-address: cannot listen on {address}: {problem}") from None
    except UnicodeError:
        raise ConfigError(f"--web.listen-address: cannot listen on {address}: unknown host name") from None


def port_of(listener: socket.socket) -> int:
    """Return the port of a bound socket."""
    return int(listener.getsockname()[1])


def serve(  # noqa: PLR0913 - each by name
    app: ASGIApp,
    listeners: Sequence[socket.socket],
    *,
    on_stop: Callable[[], None],
    tls: CurrentTls = no_tls,
    limits: Limits | None = None,
    headers: Callable[[], HeaderPairs] = list,
    refused: CountRefusal = ignore_refusal,
) -> None:
    """Serve until SIGTERM or SIGINT; then finish the requests in flight, for `GRACE` seconds at most.

    :param on_stop: is called a second before the grace ends: whatever requests still wait for should fail.
    :param tls: returns the TLS context for the next handshake; None for plain HTTP.
    :param headers: returns what to add to every response.
    :param refused: counts what the server refuses.
    """
    server = make_server(app, on_stop=on_stop, tls=tls, limits=limits, headers=headers, refused=refused)
    asyncio.run(server.serve(sockets=list(listeners)))


def make_server(  # noqa: PLR0913 - each by name
    app: ASGIApp,
    *,
    on_stop: Callable[[], None],
    tls: CurrentTls = no_tls,
    limits: Limits | None = None,
    headers: Callable[[], HeaderPairs] = list,
    refused: CountRefusal = ignore_refusal,
) -> "Server":
    """Return a server that is not running yet; parameters as for `serve`."""
    limits = raise_descriptor_limit(limits or Limits())
    config = uvicorn.Config(
        ResponseHeadersMiddleware(RequestLimitMiddleware(app, limits, refused), headers),
        http="h11",
        ws="none",
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=limits.header_bytes,
        timeout_keep_alive=limits.idle_timeout,  # type: ignore[arg-type] # a float works: it is passed to `call_later`
        timeout_graceful_shutdown=GRACE,
    )
    server = Server(config, on_stop)
    pending: PendingBodies[HttpConnection] = PendingBodies(limits.pending_bytes)
    make = partial(HttpConnection, config, server.server_state, limits, pending, headers, refused)
    server.connections = Connections(make, tls, limits, refused)
    return server


class Server(uvicorn.Server):
    """A uvicorn server with `Connections` instead of asyncio's, whose signals end in exit status 0."""

    connections: Connections

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    def __repr__(self) -> str:
        return f"Server({self.connections!r})"

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT. uvicorn would raise the signal again after the stop."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            with suppress(RuntimeError, ValueError):  # not in the main thread, as in tests
                loop.add_signal_handler(name, self._stop_by, name)
        yield

    def stop(self) -> None:
        """Stop accepting and finish the requests in flight; call `on_stop` a second before the grace ends."""
        self.should_exit = True
        notify(STOPPING, os.environ)
        asyncio.get_running_loop().call_later(GRACE - 1, self._on_stop)

    def _stop_by(self, number: signal.Signals) -> None:
        structlog.get_logger().info(
            "shutting down", signal=number.name, requests=len(self.server_state.tasks), grace_seconds=GRACE
        )
        self.stop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept, and notify systemd."""
        self.servers = []
        for listener in sockets or ():
            self.connections.open(listener)
        self.started = True
        notify(READY, os.environ)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, then finish the requests in flight."""
        await self.connections.close()
        await super().shutdown(sockets)
        await self.connections.abort()


def _listen_on_all(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=BACKLOG)
    return socket.create_server(("", port), backlog=BACKLOG)
