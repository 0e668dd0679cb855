"""Accepts connections, from before the TLS handshake on, and limits their number."""

import asyncio
import errno
import socket
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable, Collection
from typing import Any, Final

from exporter.server.client_certificates import UNVERIFIED
from exporter.server.eviction import EvictionQueue
from exporter.server.limits import Limits
from exporter.server.protocol import HttpConnection, Owner
from exporter.server.refusals import CountRefusal, Refusal

PAUSE: Final = 0.1  # seconds before the next accept after the system had no descriptor left
TLS_BUFFER: Final = 16 * 1024
"""Bytes of the read buffer of each TLS connection: the most that a TLS record holds.

asyncio allocates 256 KiB for each and has no setting for it. Measured with 1,500 idle TLS connections:
517 MB of memory; with this buffer and 2,000 connections: 159 MB.
"""
CLOSING_TURNS: Final = 3  # of the event loop, in which an aborted connection closes its socket
EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
CurrentTls = Callable[[], ssl.SSLContext | None]
"""Returns the context for the next handshake; None: connections are plain HTTP."""


def no_tls() -> None:
    """Use plain HTTP."""


class Connections:
    """Accepts connections. If they are too many, `EvictionQueue` chooses the one that ends."""

    def __init__(
        self, make: Callable[[Owner], HttpConnection], tls: CurrentTls, limits: Limits, refused: CountRefusal
    ) -> None:
        """Accept none yet.

        :param make: returns the protocol of a new connection.
        :param tls: is called at each handshake, so that a renewed certificate or CA applies to the next one.
        """
        self._make = make
        self._tls = tls
        self._limits = limits
        self._refused = refused
        self._open: dict[HttpConnection, asyncio.Task[None]] = {}
        """Every open connection, and the task of its handshake, which may be done."""
        self._waiting: EvictionQueue[HttpConnection] = EvictionQueue()
        self._accepting: dict[socket.socket, asyncio.Task[None]] = {}
        """The task of each listener."""

    def __repr__(self) -> str:
        total, limit = len(self._open), self._limits.connections
        return f"Connections({total} of {limit}, {len(self._waiting)} waiting)"

    def open(self, listener: socket.socket) -> None:
        """Begin to accept."""
        SSLProtocol.max_size = TLS_BUFFER
        listener.setblocking(False)  # noqa: FBT003 - socket's signature
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._limits.send_buffer_bytes)
        self._accepting[listener] = asyncio.get_running_loop().create_task(self._accept(listener))

    async def close(self) -> None:
        """Stop accepting, and cancel the handshakes in progress."""
        for listener in self._accepting:
            # Else asyncio accepts for a task that is cancelled, and logs an error.
            asyncio.get_running_loop().remove_reader(listener)
        await _cancel(self._accepting.values())  # first: a handshake cancelled before it began would not end
        await _cancel([task for task in self._open.values() if not task.done()])

    async def abort(self) -> None:
        """End all connections without sending the rest."""
        for connection in self._open:
            connection.transport.abort()
        for _ in range(CLOSING_TURNS):
            await asyncio.sleep(0)

    def changed(self, connection: HttpConnection) -> None:
        """Note that a connection has made progress."""
        if connection.is_waiting and connection in self._open:
            self._waiting.add(connection, connection.connection_class)
        else:
            self._waiting.discard(connection)

    def ended(self, connection: HttpConnection) -> None:
        """Forget a connection."""
        self._open.pop(connection, None)
        self._waiting.discard(connection)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, _ = await loop.sock_accept(listener)
            except OSError as error:
                if error.errno in EXHAUSTED:
                    self._make_room()
                    await asyncio.sleep(PAUSE)
                continue  # any other error: the client has disconnected
            if len(self._open) < self._limits.connections or self._make_room():
                self._add(client)
            else:
                self._refused(Refusal.NO_ROOM)
                client.close()
            await asyncio.sleep(0)  # sock_accept returns at once while clients queue: let others run

    def _add(self, client: socket.socket) -> None:
        connection = self._make(self)
        handshake = self._shake_hands(client, connection)
        self._open[connection] = asyncio.get_running_loop().create_task(handshake)
        self.changed(connection)

    async def _shake_hands(self, client: socket.socket, connection: HttpConnection) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(lambda: connection, client, **self._tls_options())
        except OSError as error:  # of TLS too
            is_unverified = getattr(error, "reason", None) in UNVERIFIED
            self._refused(Refusal.CLIENT_CERTIFICATE if is_unverified else Refusal.TLS_HANDSHAKE)
        finally:
            if not connection.is_connected:
                self.ended(connection)

    def _tls_options(self) -> dict[str, Any]:
        context, seconds = self._tls(), self._limits.request_timeout
        if context is None:
            return {}
        return {"ssl": context, "ssl_handshake_timeout": seconds, "ssl_shutdown_timeout": seconds}

    def _make_room(self) -> bool:
        """End a connection that waits; return whether there was one."""
        connection = self._waiting.next()
        if connection is None:
            return False
        handshake = self._open[connection]
        self.ended(connection)
        if connection.is_connected:
            connection.end(Refusal.EVICTED)
        else:
            self._refused(Refusal.EVICTED)
            handshake.cancel()
        return True


async def _cancel(tasks: Collection[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
