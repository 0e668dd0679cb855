"""HTTP connections that the deadline of their exchange can cut, from resolving the name to the last byte."""

import http.client
import io
import socket
from collections.abc import Sequence
from typing import Any, Final

from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
)
from urllib3.util.connection import create_connection

from exporter.api.deadline import Exchange, current_exchange
from exporter.api.resolver import Resolver

SHORTEST_TIMEOUT: Final = 0.001
"""Seconds; a socket takes 0 as "do not wait" and refuses less."""
_RESOLVER: Final = Resolver()


class _BoundedReader(io.BufferedReader):
    """The stream of a response."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read `size` bytes; refuse a chunk of negative size, which would be read until the end."""
        if size is None or size < 0:
            raise http.client.HTTPException("a chunk of negative size")
        return super().read(size)


class _Response(http.client.HTTPResponse):
    """A response that its exchange can cut, without cookies."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - http.client's signature
        super().__init__(sock, *args, **kwargs)
        self.fp = _BoundedReader(self.fp.detach())
        current_exchange().use_response(self)

    def __repr__(self) -> str:
        return f"_Response(status={self.status})"

    def begin(self) -> None:
        """Read the head, and drop its cookies: the standard library's cookie parser logs bad ones."""
        super().begin()
        for name in ("Set-Cookie", "Set-Cookie2"):
            del self.headers[name]


class _Connection(HTTPConnection):
    response_class = _Response

    def connect(self) -> None:
        current_exchange().use_connection(self)
        super().connect()

    def send(self, data: Any) -> None:  # noqa: ANN401 - http.client's signature
        """Send bytes. Once connected, some may reach the API or its proxy."""
        if self.sock is None and self.auto_open:
            self.connect()
        current_exchange().may_have_sent = True
        super().send(data)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as urllib3's own is
        current_exchange().use_connection(self)
        return super().getresponse()

    def _new_conn(self) -> socket.socket:
        """Connect, as urllib3 does, but within the exchange's deadline for all addresses of the host."""
        exchange = current_exchange()
        try:
            addresses = _RESOLVER.resolve(self._dns_host, self.port, exchange.seconds_left)
            connected = self._connect_to_first(addresses, exchange)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"Connection to {self.host} timed out") from error
        except OSError as error:
            raise NewConnectionError(self, f"Failed to establish a new connection: {error}") from error
        except UnicodeError:
            raise LocationParseError(f"'{self.host}', label empty or too long") from None
        connected.settimeout(max(exchange.seconds_left, SHORTEST_TIMEOUT))
        return connected

    def _connect_to_first(self, addresses: Sequence[str], exchange: Exchange) -> socket.socket:
        """Connect to the first address that accepts. Each gets an equal share of the time left."""
        failure = OSError("no address")
        for place, address in enumerate(addresses):
            timeout = max(exchange.seconds_left / (len(addresses) - place), SHORTEST_TIMEOUT)
            try:
                return create_connection(
                    (address, self.port), timeout, self.source_address, self.socket_options
                )
            except OSError as error:
                failure = error
        raise failure


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


POOLS: Final[dict[str, type[HTTPConnectionPool]]] = {"http": _Pool, "https": _TlsPool}
"""The `pool_classes_by_scheme` of a urllib3 `PoolManager` whose exchanges have deadlines."""
