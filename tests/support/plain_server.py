"""A server of raw HTTP responses, and a proxy to the embedded API."""

import threading
import urllib.request
from collections.abc import Callable
from socketserver import StreamRequestHandler, ThreadingTCPServer

from exporter.simulator import SimulatedApi
from tests.support.client_rig import KEY


class PlainServer(ThreadingTCPServer):
    """Passes each request's head to a function, over connections that it keeps and counts.

    :param respond: returns the whole response to a request's head.
    :param silent: accepts connections and never responds.
    :param drips: sends a space every 50 ms after the response, without end.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(
        self, respond: Callable[[bytes], bytes], *, silent: bool = False, drips: bool = False
    ) -> None:
        self.respond = respond
        self.drips = drips
        self.connections = 0
        self.closing = threading.Event()
        self.silent = silent
        super().__init__(("127.0.0.1", 0), _Connection)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Connection(StreamRequestHandler):
    server: PlainServer

    def handle(self) -> None:
        """Respond until the client leaves."""
        self.server.connections += 1
        if self.server.silent:
            self.server.closing.wait(10)
            return
        head = b""
        while line := self.rfile.readline():
            head += line
            if line == b"\r\n":
                self.wfile.write(self.server.respond(head))
                head = b""
                while self.server.drips and not self.server.closing.wait(0.05):
                    self.wfile.write(b" ")


def forward_to(api: SimulatedApi) -> Callable[[bytes], bytes]:
    """Return a `respond` for `PlainServer` that forwards requests to the embedded API, without a proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def respond(head: bytes) -> bytes:
        path = head.split(b" ")[1].decode().split("/v1/", 1)[1]
        request = urllib.request.Request(f"{api.url}/v1/{path}", headers={"X-Api-Key": KEY})  # noqa: S310 - loopback
        with opener.open(request) as response:
            body: bytes = response.read()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    return respond
