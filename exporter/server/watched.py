"""The web configuration in force: `--web.config.file` and its certificates, re-read when they change."""

import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from structlog.typing import FilteringBoundLogger

from exporter.clock import Clock
from exporter.errors import ConfigError
from exporter.server.schema import WebConfig, load_web_config
from exporter.server.tls import Certificate
from exporter.server.watched_files import WatchedFiles

INTERVAL: Final = 1.0  # seconds between two checks of the files


class WatchedWebConfig:
    """The last valid content of the file and of its certificates. A failed reload changes nothing.

    The two are reloaded independently: a certificate is renewed while the file is invalid, and users change
    while the certificate is invalid.
    """

    def __init__(self, path: Path | None, log: FilteringBoundLogger, clock: Clock | None = None) -> None:
        """Read the file; raise `ConfigError`. Without a `path`, use the defaults."""
        self._log = log
        self._clock = clock or Clock()
        self._file = WatchedFiles([path] if path else [])
        with self._file.reading():
            self.config = load_web_config(path) if path else WebConfig()
        tls = self.config.tls_server_config
        self._certificate = Certificate(tls) if tls else None
        self._problems: tuple[str, ...] = ()
        self.loaded_at = self._clock.now()
        """When all files were last read without an error, in Unix seconds."""
        if self.config.http_server_config.http2:
            log.info("http2 has no effect: the server offers HTTP/1.1 only", file=self._path)
        self._warn()

    def __repr__(self) -> str:
        return f"WatchedWebConfig({self._path!r}, last_reload_ok={self.last_reload_ok})"

    @property
    def has_file(self) -> bool:
        """Whether there is a file to watch."""
        return bool(self._file.paths)

    @property
    def last_reload_ok(self) -> bool:
        """Whether the content in force is the newest one."""
        return not self._problems

    @property
    def tls(self) -> ssl.SSLContext | None:
        """The context for the next handshake; None without TLS."""
        return self._certificate.context if self._certificate else None

    @property
    def _path(self) -> str | None:
        return next(map(str, self._file.paths), None)

    def refresh(self) -> None:
        """Reload the files that have changed. Log each problem once."""
        outcomes = [_attempt(step) for step in (self._refresh_config, self._refresh_certificate)]
        problems = tuple(outcome for outcome in outcomes if isinstance(outcome, str))
        new_problems = [problem for problem in problems if problem not in self._problems]
        is_reloaded = True in outcomes or bool(self._problems and not problems)
        self._problems = problems
        if is_reloaded and not problems:
            self.loaded_at = self._clock.now()
        for problem in new_problems:
            self._log.error(
                "cannot reload the web configuration: the old one stays in force",
                problem=problem,
            )
        if is_reloaded:
            self._log.info("web configuration reloaded", file=self._path)
            self._warn()

    @contextmanager
    def watched(self, interval: float = INTERVAL) -> Iterator[None]:
        """Refresh from a thread every `interval` seconds, during the block."""
        stop = threading.Event()
        thread = threading.Thread(target=self._watch, args=(stop, interval), name="web-file", daemon=True)
        if self.has_file:
            thread.start()
        try:
            yield
        finally:
            stop.set()

    def _watch(self, stop: threading.Event, interval: float) -> None:
        """Refresh until stopped. No exception ends it, not even of a log that cannot be written."""
        while not stop.wait(interval):
            with suppress(Exception):
                self.refresh()

    def _warn(self) -> None:
        for warning in self.config.basic_auth_users.warnings:
            self._log.warning(warning, file=self._path)

    def _refresh_config(self) -> bool:
        """Re-read the file if it has changed; return whether it has."""
        if not self._file.have_changed:
            return False
        if odd := self._file.not_regular:
            raise ConfigError(f"{odd}: not a regular file")
        with self._file.reading():
            for path in self._file.paths:  # the only one
                self._replace(load_web_config(Path(path)))
        return True

    def _replace(self, config: WebConfig) -> None:
        tls = config.tls_server_config
        if (tls is None) is not (self._certificate is None):
            raise ConfigError("tls_server_config cannot be added or removed without a restart")
        if self.config.basic_auth_users.hashes and config == WebConfig():
            raise ConfigError(
                f"{self._path} names no users: the old ones stay in force; restart to serve without users"
            )
        if self._certificate and tls:
            self._certificate.reconfigure(tls)
        self.config = config

    def _refresh_certificate(self) -> bool:
        """Re-read the certificate if its files have changed; return whether they have."""
        if self._certificate is None or not self._certificate.files.have_changed:
            return False
        self._certificate.reload()
        return True


def _attempt(step: Callable[[], bool]) -> bool | str:
    """Run a step; return its result, or one line on why it failed."""
    try:
        return step()
    except ConfigError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - the files are read again at the next refresh
        return _describe_unexpected(error)


def _describe_unexpected(error: Exception) -> str:
    """Return the exception's type and place, without its text: it may quote a hash or a password."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"unexpected {type(error).__name__} in {place.name}, {place.filename}:{place.lineno}"
