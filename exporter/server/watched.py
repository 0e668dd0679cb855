"""The file of `--web.config.file` while the exporter runs: re-read when it or its certificates change."""

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from structlog.typing import FilteringBoundLogger

from exporter.clock import Clock
from exporter.errors import ConfigError
from exporter.metrics.own import WebReloadCollector
from exporter.server.schema import WebConfig, load_web_config
from exporter.server.tls import Certificate, CurrentContext
from exporter.server.watched_files import WatchedFiles

INTERVAL: Final = 1.0  # seconds between two looks at the files


class WatchedWebConfig:
    """What the file says now; the last good content where a change made it bad.

    The certificate is re-read by itself: it rotates while the file is bad, and while the certificate is bad
    users come and go.
    """

    def __init__(self, path: Path | None, log: FilteringBoundLogger, clock: Clock | None = None) -> None:
        """Read it; raise `ConfigError`."""
        self._log = log
        self._clock = clock or Clock()
        self._path = path
        self._file = WatchedFiles([path] if path else [])
        with self._file.reading():
            self.config = load_web_config(path) if path else WebConfig()
        tls = self.config.tls_server_config
        self._certificate = Certificate(tls) if tls else None
        self._problems: tuple[str, ...] = ()
        self.reloads = WebReloadCollector(self._clock.now()) if path else None
        if self.config.http_server_config.http2:
            log.info("HTTP/2 is not offered: clients get HTTP/1.1", file=str(path))
        self._warn()

    @property
    def tls(self) -> CurrentContext | None:
        """The context that handshakes begin with; None without TLS."""
        return self._certificate.context if self._certificate else None

    def refresh(self) -> None:
        """Re-read what has changed; keep the old where the new is bad, and log each problem once."""
        outcomes = [_attempt(step) for step in (self._refresh_config, self._refresh_certificate)]
        problems = tuple(outcome for outcome in outcomes if isinstance(outcome, str))
        news = [problem for problem in problems if problem not in self._problems]
        is_reloaded = True in outcomes or (self._problems and not problems)
        self._problems = problems
        if self.reloads:
            self.reloads.successful = not problems
            self.reloads.loaded_at = (
                self._clock.now() if is_reloaded and not problems else self.reloads.loaded_at
            )
        for problem in news:
            self._log.error("cannot reload the web configuration: the old one stays", problem=problem)
        if is_reloaded:
            self._log.info("web configuration reloaded", file=str(self._path))
            self._warn()

    @contextmanager
    def watched(self, interval: float = INTERVAL) -> Iterator[None]:
        """Look for changes from a thread, for as long as the block lasts."""
        stop = threading.Event()
        thread = threading.Thread(target=self._watch, args=(stop, interval), name="web-file", daemon=True)
        if self._path is not None:
            thread.start()
        try:
            yield
        finally:
            stop.set()

    def _watch(self, stop: threading.Event, interval: float) -> None:
        """Look until told to stop: no exception ends it, not even of a log that cannot be written."""
        while not stop.wait(interval):
            with suppress(Exception):
                self.refresh()

    def _warn(self) -> None:
        for warning in self.config.basic_auth_users.warnings:
            self._log.warning(warning, file=str(self._path))

    def _refresh_config(self) -> bool:
        """Re-read the file if it has changed; say whether it has."""
        if self._path is None or not self._file.have_changed:
            return False
        _refuse_what_blocks(self._file)
        with self._file.reading():
            self._replace(load_web_config(self._path))
        return True

    def _replace(self, config: WebConfig) -> None:
        tls = config.tls_server_config
        if (tls is None) is not (self._certificate is None):
            raise ConfigError("tls_server_config cannot come or go without a restart")
        if self.config.basic_auth_users.hashes and config == WebConfig():
            raise ConfigError("an empty configuration removes no users: restart to serve without any")
        if self._certificate and tls:
            self._certificate.reconfigure(tls)
        self.config = config

    def _refresh_certificate(self) -> bool:
        """Re-read the certificate if its files have changed; say whether they have."""
        if self._certificate is None or not self._certificate.files.have_changed:
            return False
        _refuse_what_blocks(self._certificate.files)
        self._certificate.reload()
        return True


def _attempt(step: Callable[[], bool]) -> bool | str:
    """Run a step; return what it says, or in a line why it failed, so that the other step is still tried."""
    try:
        return step()
    except ConfigError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever the files hold, the next look is tried
        return _describe_unexpected(error)


def _describe_unexpected(error: Exception) -> str:
    """Name the exception and its place, but not its text, which may quote a hash or a password."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"unexpected {type(error).__name__} in {place.name}, {place.filename}:{place.lineno}"


def _refuse_what_blocks(files: WatchedFiles) -> None:
    if path := files.not_regular:
        raise ConfigError(f"{path}: is not a regular file")
