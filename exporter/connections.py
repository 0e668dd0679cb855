"""The connections from before TLS's handshake on: not more at once than there is room for."""

import asyncio
import socket
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from exporter.limits import Limits
from exporter.protocol import GuardedProtocol

PAUSE: Final = 0.1  # seconds until a connection is taken again after the system had no descriptor for it
TLS_BUFFER: Final = 16 * 1024
"""Bytes, as many as a TLS record has at most: what a connection reads into, whether it sends or is silent."""
TURNS: Final = 3  # of the loop, within which a connection that is ended closes its socket
OnEnd = Callable[[GuardedProtocol], None]


class Connections:
    """Accepts connections; where there is no room, the oldest that waits for its client makes some."""

    def __init__(
        self, make: Callable[[OnEnd], GuardedProtocol], tls: ssl.SSLContext | None, limits: Limits
    ) -> None:
        self._make = make
        self._limits = limits
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

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError:  # the client has gone, or the system has no descriptor left
                self._make_room()
                await asyncio.sleep(PAUSE)
                continue
            if len(self._inside) < self._limits.connections or self._make_room():
                self._enter(connection)
            else:
                connection.close()
            await asyncio.sleep(0)  # let others work: accepting never waits while more stand in line

    def _enter(self, connection: socket.socket) -> None:
        protocol = self._make(self._leave)
        handshake = self._shake_hands(connection, protocol)
        self._inside[protocol] = asyncio.get_running_loop().create_task(handshake)

    async def _shake_hands(self, connection: socket.socket, protocol: GuardedProtocol) -> None:
        loop = asyncio.get_running_loop()
        try:
            with suppress(OSError):  # of TLS too: the client has gone, or its certificate is none of ours
                await loop.connect_accepted_socket(lambda: protocol, connection, **self._secured)
        finally:
            if not protocol.is_connected:
                self._leave(protocol)

    def _leave(self, protocol: GuardedProtocol) -> None:
        self._inside.pop(protocol, None)

    def _make_room(self) -> bool:
        """End the oldest connection that waits for its client; say whether there was one."""
        for protocol, handshake in self._inside.items():
            if protocol.is_waiting:
                self._leave(protocol)
                if protocol.is_connected:
                    protocol.transport.abort()
                else:
                    handshake.cancel()
                return True
        return False
