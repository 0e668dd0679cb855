"""Abuse by those who write the web configuration and the certificate."""

import re
import threading
import time
from contextlib import ExitStack
from itertools import cycle, takewhile
from math import prod
from pathlib import Path
from typing import Final

from benchmarks.abuse.server import HarmError, Server

BROKEN: Final = (
    "nonsense: 1",
    "basic_auth_users: [",
    "basic_auth_users: {alice: !!timestamp x}",
    "http_server_config: {http2: !!bool maybe}",
    'tls_server_config: {cert_file: !!float "", key_file: server.pem}',
    'tls_server_config: {cert_file: "\\0", key_file: server.pem}',
    'tls_server_config: {cert_file: "\\uD800", key_file: server.pem}',
)
RELOAD_SECONDS: Final = 20.0  # after which a good file counts as ignored


def broken_files(server: Server, stop: threading.Event, _stack: ExitStack) -> None:
    """Break, delete and rewrite the web configuration and the certificate, in a loop.

    :raises HarmError: if the good files at the end are not reloaded.
    """
    web, certificate = server.web.read_bytes(), server.certificate.read_bytes()
    for broken in takewhile(lambda _: not stop.is_set(), cycle(BROKEN)):
        replace_file(server.web, broken.encode())
        server.certificate.unlink()
        stop.wait(0.3)
        replace_file(server.certificate, certificate[: len(certificate) // 2])
        server.web.unlink()
        stop.wait(0.3)
        replace_file(server.certificate, certificate)
        stop.wait(0.3)
        replace_file(server.web, web)
        stop.wait(0.3)
    before = _last_reload(server)
    replace_file(server.web, web + b"\n")
    deadline = time.monotonic() + RELOAD_SECONDS
    while _last_reload(server) <= before:
        if time.monotonic() > deadline:
            raise HarmError("a good web configuration is not reloaded after broken ones")
        time.sleep(0.1)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file at once: an empty one would be a valid configuration without users."""
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)


def _last_reload(server: Server) -> float:
    """Return the Unix time of the last reload; 0 if it failed or is unknown."""
    name = "bycloud_exporter_web_config_last_reload_success"
    values = re.findall(rf"^{name}\w* (\S+)$", server.scrape().text, re.MULTILINE)
    return prod(map(float, values)) if values else 0.0  # whether it succeeded, and when
