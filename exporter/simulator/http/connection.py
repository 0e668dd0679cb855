"""The sockets of the simulated API: a listener, its connections, and a channel back to each client."""

import os
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from selectors import EVENT_READ, DefaultSelector
from socketserver import StreamRequestHandler, TCPServer
from ssl import SSLContext
from threading import Thread
from typing import ClassVar

from exporter.simulator.http.message import Request, read_request

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_POLL_SECONDS = 0.01


class Channel:
    """Sends to one client."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    def __repr__(self) -> str:
        return f"Channel(fileno={self._socket.fileno()})"

    def send(self, content: bytes) -> None:
        """Send all of the content."""
        self._socket.sendall(content)

    def wait(self, seconds: float | None) -> bool:
        """Wait for `seconds` (None: forever). Return whether the client left or the server closed."""
        with DefaultSelector() as selector:
            selector.register(self._socket, EVENT_READ)
            return bool(selector.select(seconds))

    def reset(self) -> None:
        """Close the connection with RST instead of FIN."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        os.close(self._socket.detach())


Exchange = Callable[[Request, Channel], bool]
"""Responds to one request on its channel; returns whether the connection stays open."""


class Listener(TCPServer):
    """Accepts connections, serves each in its own thread, and ends them when it is closed."""

    allow_reuse_address = True
    request_queue_size = 512

    def __init__(
        self,
        address: tuple[str, int],
        exchange: Exchange,
        clock: Callable[[], float],
        ssl_context: SSLContext | None,
    ) -> None:
        super().__init__(address, Connection)
        self.address = (address[0], self.socket.getsockname()[1])
        self.exchange = exchange
        self.clock = clock
        self._ssl_context = ssl_context
        self._connections: dict[socket.socket, Thread] = {}
        self._acceptor = Thread(target=self.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        self._acceptor.start()

    def __repr__(self) -> str:
        return f"Listener({self.url!r}, connections={len(self._connections)})"

    @property
    def url(self) -> str:
        """The base URL under which it serves."""
        host, port = self.address
        return f"{'https' if self._ssl_context else 'http'}://{host}:{port}"

    def get_request(self) -> tuple[socket.socket, object]:
        """Accept a connection. The TLS handshake happens later, in the connection's own thread."""
        accepted, address = super().get_request()
        if self._ssl_context is None:
            return accepted, address
        wrapped = self._ssl_context.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)
        return wrapped, address

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override] # a TCP server passes sockets only
        """Serve a connection in a thread."""
        thread = Thread(target=self._serve, args=(request, client_address), daemon=True)
        self._connections[request] = thread
        thread.start()

    def _serve(self, request: socket.socket, client_address: object) -> None:
        try:
            self.finish_request(request, client_address)
        except Exception:  # noqa: BLE001 - as ThreadingTCPServer does
            self.handle_error(request, client_address)
        finally:
            self.shutdown_request(request)
            del self._connections[request]

    def handle_error(self, request: socket.socket | tuple[bytes, socket.socket], client: object) -> None:
        """Print the traceback of a bug. A client that leaves is not a bug."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client)

    def close(self) -> None:
        """Stop accepting, end every connection and join every thread."""
        self.shutdown()
        self._acceptor.join()
        self.server_close()
        for connected, thread in list(self._connections.items()):
            with suppress(OSError):
                socket.socket.shutdown(connected, socket.SHUT_RDWR)
            thread.join()


class Connection(StreamRequestHandler):
    """One client's connection: serves requests until either side closes it."""

    disable_nagle_algorithm: ClassVar[bool] = True
    server: Listener

    def handle(self) -> None:
        """Serve the requests of one connection."""
        channel = Channel(self.connection)
        while request := read_request(self.rfile, self.server.clock):
            if not self.server.exchange(request, channel):
                return
