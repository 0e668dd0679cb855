"""The connections from before TLS's handshake on: not more at once than there is room for."""

import asyncio
import errno
import socket
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable
from typing import Any, Final

from exporter.server.client_certificates import UNVERIFIED
from exporter.server.limits import Limits
from exporter.server.protocol import GuardedProtocol, Owner
from exporter.server.refusals import CountRefusal, Refusal
from exporter.server.waiting import UnreadResponses, WaitingConnections

PAUSE: Final = 0.1  # seconds until a connection is taken again after the system had no descriptor for it
TLS_BUFFER: Final = 16 * 1024
"""Bytes, as many as a TLS record has at most: what a connection reads into, whether it sends or is silent."""
TURNS: Final = 3  # of the loop, within which a connection that is ended closes its socket
EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Connections:
    """Accepts connections; where there is no room, one whose client is silent makes some."""

    def __init__(
        self,
        make: Callable[[Owner], GuardedProtocol],
        tls: ssl.SSLContext | None,
        limits: Limits,
        refused: CountRefusal,
    ) -> None:
        self._make = make
        self._limits = limits
        self._refused = refused
        self._waiting: WaitingConnections[GuardedProtocol] = WaitingConnections()
        self._unread: UnreadResponses[GuardedProtocol] = UnreadResponses(limits.unread_bytes)
        self._secured: dict[str, Any] = {}
        if tls is not None:
            SSLProtocol.max_size = TLS_BUFFER  # asyncio takes 256 KiB for each, and asks nobody
            seconds = limits.request_seconds
            self._secured = {"ssl": tls, "ssl_handshake_timeout": seconds, "ssl_shutdown_timeout": seconds}
        self._inside: dict[GuardedProtocol, asyncio.Task[None]] = {}
        self._accepting: list[asyncio.Task[None]] = []

    def open(self, listener: socket.socket) -> None:
        """Begin to accept."""
        listener.setblocking(False)  # noqa: FBT003 - socket's signature
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._limits.kernel_bytes)
        self._accepting.append(asyncio.get_running_loop().create_task(self._accept(listener)))

    async def close(self) -> None:
        """Accept no more, and end the handshakes; who has been let in stays."""
        handshakes = [task for task in self._inside.values() if not task.done()]
        for task in (*self._accepting, *handshakes):
            task.cancel()
        await asyncio.gather(*self._accepting, *handshakes, return_exceptions=True)

    async def abort(self) -> None:
        """End who is still there: whoever has not read its answer by now."""
        for protocol in self._inside:
            protocol.transport.abort()
        for _ in range(TURNS):
            await asyncio.sleep(0)

    def changed(self, connection: GuardedProtocol) -> None:
        """Note whether a connection waits for its client, and that it has just made progress."""
        if connection not in self._inside:  # ended a moment ago, to make room
            return
        if connection.is_waiting:
            self._waiting.add(connection, connection.crowd)
            self._unread.progress(connection)
        else:
            self._waiting.remove(connection)

    def ended(self, connection: GuardedProtocol) -> None:
        """Forget a connection."""
        self._inside.pop(connection, None)
        self._waiting.remove(connection)

    def sending(self, connection: GuardedProtocol, body: bytes) -> None:
        """Note that a body is being sent; end the slowest readers where there are too many bytes."""
        for silent in self._unread.add(connection, body):
            silent.end(Refusal.UNREAD_RESPONSE)

    def sent(self, connection: GuardedProtocol) -> None:
        """Note that it no longer is."""
        self._unread.remove(connection)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError as error:
                if error.errno in EXHAUSTED:  # and not: the client has gone
                    self._make_room()
                    await asyncio.sleep(PAUSE)
                continue
            if len(self._inside) < self._limits.connections or self._make_room():
                self._enter(connection)
            else:
                self._refused(Refusal.NO_ROOM)
                connection.close()
            await asyncio.sleep(0)  # let others work: accepting never waits while more stand in line

    def _enter(self, connection: socket.socket) -> None:
        protocol = self._make(self)
        handshake = self._shake_hands(connection, protocol)
        self._inside[protocol] = asyncio.get_running_loop().create_task(handshake)
        self.changed(protocol)

    async def _shake_hands(self, connection: socket.socket, protocol: GuardedProtocol) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(lambda: protocol, connection, **self._secured)
        except OSError as error:  # of TLS too: the client has gone, or its certificate is not accepted
            if getattr(error, "reason", None) not in UNVERIFIED:  # which the context counts
                self._refused(Refusal.TLS_HANDSHAKE)
        finally:
            if not protocol.is_connected:
                self.ended(protocol)

    def _oldest_undecided(self) -> GuardedProtocol | None:
        return next((one for one in self._inside if one.is_undecided), None)

    def _make_room(self) -> bool:
        """End a connection that waits for its client; say whether there was one."""
        protocol = self._waiting.longest_silent() or self._oldest_undecided()
        if protocol is None:
            return False
        handshake = self._inside[protocol]
        self.ended(protocol)
        if protocol.is_connected:
            protocol.end(Refusal.EVICTED)
        else:
            self._refused(Refusal.EVICTED)
            handshake.cancel()
        return True
