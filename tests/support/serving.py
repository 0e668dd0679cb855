"""A server in a thread, and a client that sends and receives bytes."""

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.server.connections import CurrentTls, no_tls
from exporter.server.limits import Limits
from exporter.server.refusals import CountRefusal, ignore_refusal
from exporter.server.response_headers import HeaderPairs
from exporter.server.run import Server, listen, make_server, port_of
from tests.support.leaks import note

PATIENCE = 60.0


class App:
    """An application that notes the requested paths and responds with `body` once it is released."""

    def __init__(self, body: bytes = b"hi") -> None:
        self.body = body
        self.paths: list[str] = []
        self.called = threading.Event()
        self.release = threading.Event()
        self.release.set()
        self.headers: list[tuple[bytes, bytes]] = []

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Note the path, wait for the release, and respond."""
        self.paths.append(scope["path"])
        self.called.set()
        await asyncio.to_thread(self.release.wait, PATIENCE)
        headers = [(b"content-length", b"%d" % len(self.body)), *self.headers]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


@contextmanager
def serving(  # noqa: PLR0913 - what a test needs, each by name
    app: ASGIApp,
    limits: Limits | None = None,
    tls: CurrentTls = no_tls,
    *,
    listener: socket.socket | None = None,
    servers: list[Server] | None = None,
    headers: Callable[[], HeaderPairs] = list,
    refused: CountRefusal = ignore_refusal,
) -> Iterator[int]:
    """Serve during the block; yield the port, and append the server to `servers`."""
    server = make_server(app, on_stop=lambda: None, tls=tls, limits=limits, headers=headers, refused=refused)
    if servers is not None:
        servers.append(server)
    with listener or listen("127.0.0.1:0") as opened, asyncio.Runner() as runner:
        port, loop = port_of(opened), runner.get_loop()
        thread = threading.Thread(target=runner.run, args=(server.serve(sockets=[opened]),))
        thread.start()
        try:
            yield port
        finally:
            server.force_exit = True
            loop.call_soon_threadsafe(server.stop)
            thread.join()


class Client:
    """A connection that sends bytes as they are given."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *parts: bytes) -> Self:
        """Send; ignore that the server has closed the connection."""
        try:
            for part in parts:
                self.socket.sendall(part)
        except ConnectionError:
            pass
        return self

    def rest(self) -> bytes:
        """Receive until the connection ends."""
        received = bytearray()
        try:
            while chunk := self.socket.recv(1_000_000):
                received += chunk
        except ConnectionError:
            pass
        note(bytes(received))
        return bytes(received)

    def answer(self, begun: bytes = b"") -> tuple[int, bytes]:
        """Receive a response with a `Content-Length`, after `begun`; return its status and body."""
        received = bytearray(begun)
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(re.findall(rb"(?i)content-length: (\d+)", head)[0])
        while len(body) < length:
            body += self._more()
        note(bytes(head), bytes(body))
        return int(head.split()[1]), bytes(body)

    def _more(self) -> bytes:
        chunk = self.socket.recv(1_000_000)
        assert chunk, "the connection ended before the answer did"
        return chunk


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until the condition is true; fail after `PATIENCE` seconds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.01)


def get(path: bytes = b"/", *headers: bytes, version: bytes = b"1.1") -> bytes:
    """Return a GET request."""
    lines = [b"GET %b HTTP/%b" % (path, version), b"Host: x", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def status(answer: bytes) -> int:
    """Return the status of a response; 0 if there is none."""
    return int(answer.split()[1]) if answer else 0
