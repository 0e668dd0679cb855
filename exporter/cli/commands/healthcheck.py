"""`healthcheck`: asks a running exporter whether it is alive, for containers and exec probes.

It imports little beyond the standard library: a probe starts it every few seconds.
"""

import http.client
import re
import ssl
from argparse import Namespace
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final

from exporter.cli.flags import DEFAULT_PORT
from exporter.cli.parser import UsageError, parse
from exporter.cli.version import PROGRAM
from exporter.errors import ConfigError
from exporter.printable import printable_line
from exporter.server.address import parse_address

PATH: Final = "/-/healthy"
TIMEOUT: Final = 2.0
"""Seconds for each step of a request. The default timeout of probes and health checks is 5 s."""
FIRST_PROCESS: Final = Path("/proc/1/cmdline")
LOOPBACK: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what "all addresses" includes
_NAMES_TLS: Final = re.compile(r"^[^#\n]*\btls_server_config\b", re.MULTILINE)
_DEMANDS_CERTIFICATE: Final = re.compile(r"^[^#\n]*\bRequireAndVerifyClientCert\b", re.MULTILINE)
_CLOSED: Final = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError, ssl.SSLEOFError)
"""How a client without a certificate notices that the server ended the connection, in TLS 1.3 and 1.2."""


class NotHealthyError(Exception):
    """The exporter did not prove that it is alive; its text says why."""


def run(options: Namespace, *, first_process: Path = FIRST_PROCESS) -> int:
    """Print one line about the exporter that these flags describe; 1 unless it is alive.

    :param first_process: the command line of process 1. Without flags, those of the exporter that runs as
        process 1 count: so the health check of an image follows the flags of its container.
    """
    if not (options.addresses or options.web_config):
        options = flags_of(first_process) or options
    host, port = _place(options)
    place = f"{f'[{host}]' if ':' in host else host}:{port}"
    text = _read(getattr(options, "web_config", None))
    try:
        proof = ask(host, port, schemes(text), demands_certificate=demands_certificate(text))
    except NotHealthyError as error:
        print(f"FAIL  {place}{PATH}: {printable_line(str(error))}")
        return 1
    print(f"ok    {place}{PATH}: {proof}")
    return 0


def flags_of(process: Path) -> Namespace | None:
    """Return the options of a process that is the exporter, also behind an init; `None` for any other one.

    :param process: a `cmdline` of proc(5): arguments, each with a NUL at its end.
    """
    try:
        words = process.read_bytes().decode(errors="surrogateescape").split("\0")[:-1]
    except OSError:
        return None
    programs = [index for index, word in enumerate(words) if Path(word).name == PROGRAM]
    try:
        return parse(words[programs[0] + 1 :]) if programs else None
    except UsageError:
        return None


def _read(web_config: Path | None) -> str | None:
    """Return the file's text, `None` without a file; raise `ConfigError`."""
    try:
        return web_config.read_text(encoding="utf-8", errors="replace") if web_config else None
    except OSError as error:
        raise ConfigError(f"cannot read {web_config}: {error.strerror}", source="--web.config.file") from None


def schemes(text: str | None) -> Sequence[str]:
    """Return the schemes to try, the likely one first.

    Both are tried: the file may have changed since the exporter read it.

    :param text: of the web configuration, if there is one. It is searched, not parsed: the import of a YAML
        parser takes as long as the whole health check.
    """
    if text is None:
        return ("http",)
    return ("https", "http") if _NAMES_TLS.search(text) else ("http", "https")


def demands_certificate(text: str | None) -> bool:
    """Return whether a web configuration refuses clients without a certificate."""
    return bool(text and _DEMANDS_CERTIFICATE.search(text))


def ask(host: str, port: int, schemes: Sequence[str], *, demands_certificate: bool = False) -> str:
    """Return how the exporter proved that it is alive, in words.

    :param demands_certificate: whether the exporter closes the connection of a client without a certificate.
        That it does so is proof enough: a process that hangs closes none.
    :raises NotHealthyError: if it did not. The reason is that of the first scheme.
    """
    problem = ""
    for scheme in schemes:
        try:
            return _request(scheme, host, port)
        except (TimeoutError, ConnectionRefusedError) as error:
            raise NotHealthyError(_describe(error)) from None
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            if demands_certificate and scheme == "https" and isinstance(error, _CLOSED):
                return "it requires a client certificate, so it is alive"
            problem = problem or _describe(error)
    raise NotHealthyError(problem)


def _request(scheme: str, host: str, port: int) -> str:
    connection = _connection(scheme, host, port)
    try:
        connection.request("GET", PATH)
        return _judge(connection.getresponse().status)
    finally:
        connection.close()


def _connection(scheme: str, host: str, port: int) -> http.client.HTTPConnection:
    """Return a connection that ignores proxies. No CA vouches for a loopback address: TLS is not verified."""
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=context)


def _judge(status: int) -> str:
    """Return what a status proves. A 401 comes from the exporter: it guards every path, also this one."""
    if status == HTTPStatus.UNAUTHORIZED:
        return "401, it requires a login, so it is alive"
    if status != HTTPStatus.OK:
        raise NotHealthyError(f"found status {status}, allowed: 200 or 401")
    return "200"


def _describe(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no response within {TIMEOUT:g} s"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _place(options: Namespace) -> tuple[str, int]:
    """Return host and port of the first listen address, as clients on this machine connect to it."""
    addresses = getattr(options, "addresses", None) or [f":{DEFAULT_PORT}"]
    host, port = parse_address(addresses[0])
    if port == 0:
        raise ConfigError(
            f"--web.listen-address: found {addresses[0]!r}, allowed: the port that the exporter listens on"
        )
    return LOOPBACK.get(host, host), port
