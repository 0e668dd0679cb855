"""The exporter under test: its process and its log, and ways to connect to it."""

import base64
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Final

import bcrypt
import requests
import trustme
from msgspec import Struct

from exporter.simulator import SimulatedApi

GIVE_UP: Final = 60.0  # seconds after which a scrape counts as unanswered
LOGIN: Final = ("alice", "wonderland")
BASIC: Final = b"Authorization: Basic " + base64.b64encode(":".join(LOGIN).encode())
HEAD: Final = b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + BASIC + b"\r\n"
"""A request for the metrics without the empty line at its end."""


class Server(Struct, frozen=True):
    """A running exporter, with the lines that it has logged so far."""

    process: "subprocess.Popen[str]"
    log: list[str]
    log_reader: threading.Thread
    port: int
    web: Path
    ca: Path | None

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self.process.pid

    @property
    def certificate(self) -> Path:
        """The file of its certificate and key, unused without TLS."""
        return self.web.with_name("server.pem")

    @property
    def url(self) -> str:
        """The URL of its metrics."""
        return f"http{'s' if self.ca else ''}://127.0.0.1:{self.port}/metrics"

    def scrape(self, **headers: str) -> requests.Response:
        """Scrape once, on a new connection."""
        return self.scrape_as(LOGIN, **headers)

    def scrape_as(self, login: tuple[str, str], **headers: str) -> requests.Response:
        """Scrape once as another user."""
        verify = str(self.ca) if self.ca else True
        sent = {"Connection": "close", **headers}
        return requests.get(self.url, auth=login, verify=verify, headers=sent, timeout=GIVE_UP)

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        """Open a TCP connection."""
        return socket.create_connection(("127.0.0.1", self.port), 30, (source, 0))

    def open(self, source: str = "127.0.0.1") -> socket.socket:
        """Open a connection that is ready for HTTP: over TLS, past the handshake."""
        plain = self.connect(source)
        if self.ca is None:
            return plain
        context = ssl.create_default_context(cafile=self.ca)
        return context.wrap_socket(plain, server_hostname="127.0.0.1")

    def stop(self) -> tuple[int, float]:
        """Send SIGTERM; return the exit status and the seconds until the end. The log is whole then."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status, seconds = self.process.wait(GIVE_UP), time.monotonic() - began
        self.log_reader.join()
        return status, seconds


class HarmError(Exception):
    """An abuse harmed a client that it should not."""


Abuse = Callable[["Server", threading.Event, ExitStack], None]
"""Does something to a server until the event is set; what it leaves on the stack is closed later.

It may raise `HarmError`.
"""


def is_healthy(connection: socket.socket) -> bool:
    """Request `/-/healthy` on an open connection; return whether that succeeds."""
    try:
        connection.sendall(HEAD.replace(b"/metrics", b"/-/healthy") + b"\r\n")
        response = HTTPResponse(connection)
        response.begin()
        response.read()
    except (HTTPException, OSError):
        return False
    return response.status == HTTPStatus.OK


@contextmanager
def exporting(api: SimulatedApi, folder: Path, *, tls: bool, users: bool) -> Iterator[Server]:
    """Run the exporter during the block."""
    blocks = []
    if users:
        hashed = bcrypt.hashpw(LOGIN[1].encode(), bcrypt.gensalt(8)).decode()
        blocks.append(f"basic_auth_users: {{alice: '{hashed}'}}")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    if tls:
        blocks.append("tls_server_config: {cert_file: server.pem, key_file: server.pem}")
    (folder / "web.yml").write_text("\n".join(blocks), encoding="utf-8")
    (folder / "config.yml").write_text(
        f"targets: [{{name: default, url: '{api.url}', api_key: 'demo:demo-secret'}}]", encoding="utf-8"
    )
    command = [
        *(sys.executable, "-m", "exporter", "--web.listen-address=127.0.0.1:0"),
        f"--config.file={folder}/config.yml",
        f"--web.config.file={folder}/web.yml",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        assert process.stderr is not None  # noqa: S101 - it is a pipe
        port = int(re.findall(r" port=(\d+)", process.stderr.readline())[0])
        log: list[str] = []
        reader = threading.Thread(target=log.extend, args=(process.stderr,), daemon=True)
        reader.start()
        try:
            yield Server(process, log, reader, port, folder / "web.yml", folder / "ca.pem" if tls else None)
        finally:
            process.kill()
