"""The file of `--web.config.file` while the exporter runs: read anew when it or its certificates change."""

import os
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from structlog.typing import FilteringBoundLogger

from exporter.errors import ConfigError
from exporter.tls import CurrentContext, server_context
from exporter.web_config import WebConfig, load_web_config

INTERVAL: Final = 1.0  # seconds between two looks at the files
Stamp = tuple[int, int, int, int] | None


class WebFile:
    """What the file says now; the last good content where a change made it bad."""

    def __init__(self, path: Path | None, log: FilteringBoundLogger) -> None:
        """Read it; raise `ConfigError`."""
        self._path = path
        self._log = log
        self._files: tuple[Path | str, ...] = ()
        self._seen: tuple[Stamp, ...] = ()
        self.config, context = self._load(path) if path else (WebConfig(), None)
        self.tls = CurrentContext(context) if context else None
        if self.config.http_server_config.http2:
            log.info("HTTP/2 is not offered: clients get HTTP/1.1", file=str(path))

    def refresh(self) -> None:
        """Read anew what has changed since; say so, or say what is wrong with it and keep the old."""
        if self._path is None or tuple(map(_stamp, self._files)) == self._seen:
            return
        try:
            config, context = self._load(self._path)
            self._replace(config, context)
        except ConfigError as error:
            self._log.error("the web configuration stays as it was", problem=str(error))
        else:
            self._log.info("web configuration read anew", file=str(self._path))

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
        while not stop.wait(interval):
            self.refresh()

    def _load(self, path: Path) -> tuple[WebConfig, ssl.SSLContext | None]:
        """Read the file and what it names; each is stamped before, so that no change falls between."""
        self._files, self._seen = (path,), (_stamp(path),)
        config = load_web_config(path)
        tls = config.tls_server_config
        if tls is None:
            return config, None
        named = tuple(file for file in (tls.cert_file, tls.key_file, tls.client_ca_file) if file)
        self._files, self._seen = (path, *named), (*self._seen, *map(_stamp, named))
        return config, server_context(tls)

    def _replace(self, config: WebConfig, context: ssl.SSLContext | None) -> None:
        if (context is None) is not (self.tls is None):
            raise ConfigError("tls_server_config cannot come or go without a restart")
        if self.tls is not None and context is not None:
            self.tls.current = context
        self.config = config


def _stamp(path: Path | str) -> Stamp:
    try:
        status = os.stat(path)  # noqa: PTH116 - a path or a text
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
