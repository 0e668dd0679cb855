"""What `serve` and `demo` share: the exporter behind a web server until a signal."""

import gc
import signal
import ssl
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from socket import socket
from typing import Final, NoReturn

import structlog
from msgspec import Struct
from starlette.types import ASGIApp

from exporter import __version__
from exporter.app.exporter import Exporter
from exporter.app.reload import Reloader
from exporter.cli.flags import DEFAULT_PORT
from exporter.config import Config
from exporter.metrics.own import WebReloadCollector
from exporter.server.access_log import AccessLogMiddleware
from exporter.server.auth import BasicAuthMiddleware
from exporter.server.passwords import PasswordVerifier
from exporter.server.run import listen, port_of, serve
from exporter.server.sighup import SighupReloads
from exporter.server.watched import WatchedWebConfig
from exporter.web.external_url import ExternalUrl, is_address, parse_external_url

ANY_HOST: Final = {"", "0.0.0.0", "[::]"}  # noqa: S104 - addresses that no client can connect to

SWITCH_INTERVAL: Final = 0.001
"""Seconds that a busy thread may go on while others wait for it.

Each response of the API waits that long while the exporter renders: with Python's own 5 ms, a walk of seven
pages takes 255 ms beside a busy thread, with 1 ms 127 ms, and 50 ms alone either way.
"""


class Listener(Struct, frozen=True):
    """A socket that listens, the address it was configured by, and the port that it got."""

    address: str
    socket: socket

    @property
    def port(self) -> int:
        """The port, also if the address left the choice to the system."""
        return port_of(self.socket)

    @property
    def host_and_port(self) -> str | None:
        """What clients can connect to; `None` if it listens on all addresses."""
        host = self.address.rpartition(":")[0]
        place = f"{host}:{self.port}"
        return place if host not in ANY_HOST and is_address(place) else None


class Service:
    """The exporter behind a web server.

    :param options: the command line.
    :param load: loads the configuration for a reload.
    :param announce: called with the exporter's URL once it listens.
    :param sighup: the SIGHUPs that reload the configuration; `None`: SIGHUP ends the process.
    """

    def __init__(
        self,
        options: Namespace,
        load: Callable[[], Config],
        *,
        announce: Callable[[str], None] | None = None,
        sighup: SighupReloads | None = None,
    ) -> None:
        self._options = options
        self._load = load
        self._announce = announce
        self._sighup = sighup
        self._log = structlog.get_logger()

    def __repr__(self) -> str:
        return f"<Service of {self._options.command}>"

    def run(self, config: Config) -> None:
        """Serve until SIGTERM or SIGINT.

        :raises ConfigError: if a credential, a certificate or an address cannot be used.
        """
        web = WatchedWebConfig(self._options.web_config, self._log)
        with ExitStack() as stack:
            stack.enter_context(exiting_on_sigterm())
            exporter = stack.enter_context(Exporter(config))
            reloader = Reloader(self._load, exporter.reconfigure, exporter.reloads, self._log, exporter.clock)
            listeners = self._listen(stack)
            app = self._application(exporter, reloader, web, listeners)
            self._report_listening(exporter, listeners, web.tls)
            if self._sighup:
                stack.enter_context(self._sighup.reloading(reloader.reload, self._log))
            stack.enter_context(web.watched())
            _exempt_from_collection()
            sys.setswitchinterval(SWITCH_INTERVAL)
            _serve(app, exporter, web, [listener.socket for listener in listeners])

    def _listen(self, stack: ExitStack) -> list[Listener]:
        addresses = self._options.addresses or [f":{DEFAULT_PORT}"]
        return [Listener(address, stack.enter_context(listen(address))) for address in addresses]

    def _report_listening(
        self, exporter: Exporter, listeners: Sequence[Listener], tls: ssl.SSLContext | None
    ) -> None:
        for listener in listeners:
            self._log.info(
                "listening",
                address=listener.address,
                port=listener.port,
                tls=tls is not None,
                targets=len(exporter.runtimes),
                version=__version__,
            )
        if self._announce:
            self._announce(f"{_scheme(tls)}://127.0.0.1:{listeners[0].port}")

    def _application(
        self,
        exporter: Exporter,
        reloader: Reloader,
        web: WatchedWebConfig,
        listeners: Sequence[Listener],
    ) -> ASGIApp:
        options = self._options
        return exporter.application(
            telemetry_path=options.telemetry_path,
            max_requests=options.max_requests,
            reload=reloader.reload if options.lifecycle else None,
            external_url=_external_url(options.external_url, listeners, web.tls),
            web_reloads=_reloads(web),
        )


def _exempt_from_collection() -> None:
    """Exempt what exists from garbage collection: most of it stays as long as the process.

    Else most scrapes of 200,000 backups start a full collection: some 60 ms of 1.3 s, for the modules alone.
    """
    gc.collect()
    gc.freeze()


def _reloads(web: WatchedWebConfig) -> WebReloadCollector | None:
    return WebReloadCollector(lambda: (web.last_reload_ok, web.loaded_at)) if web.has_file else None


def _serve(app: ASGIApp, exporter: Exporter, web: WatchedWebConfig, sockets: Sequence[socket]) -> None:
    """Serve the application behind the access log and basic authentication until a signal."""
    count_refusal = exporter.own_metrics.count_refusal
    passwords = PasswordVerifier()

    def release() -> None:
        exporter.release_scrapes()
        passwords.close()

    try:
        serve(
            AccessLogMiddleware(BasicAuthMiddleware(app, web, passwords, count_refusal)),
            sockets,
            tls=lambda: web.tls,
            on_stop=release,
            headers=lambda: web.config.http_server_config.headers.pairs,
            refused=count_refusal,
        )
    finally:
        passwords.close()


@contextmanager
def exiting_on_sigterm() -> Iterator[None]:
    """Exit with 0 on SIGTERM in the block, until the server handles the signal itself."""
    before = signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _exit(*_: object) -> NoReturn:
    sys.exit(0)


def _external_url(
    flag: str | None, listeners: Sequence[Listener], tls: ssl.SSLContext | None
) -> ExternalUrl | None:
    """Return the flag's URL, else the first address that clients can connect to, if there is one."""
    if flag is not None:
        return parse_external_url(flag)
    places = (listener.host_and_port for listener in listeners)
    place = next(filter(None, places), None)
    return ExternalUrl(_scheme(tls), place) if place else None


def _scheme(tls: ssl.SSLContext | None) -> str:
    return "https" if tls else "http"
