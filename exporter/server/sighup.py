"""Reload on SIGHUP: one reload at a time; signals that arrive during one share the next."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from structlog.typing import FilteringBoundLogger

from exporter.errors import ConfigError


def unblock_sighup() -> None:
    """Deliver a SIGHUP that has been blocked since the start, and later ones at once."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})


class SighupReloads:
    """Captures SIGHUP from the start of the process, before a reload is possible, so that none is lost."""

    def __init__(self) -> None:
        self._requests: SimpleQueue[bool] = SimpleQueue()  # its `put` is reentrant, as a signal needs
        """True requests a reload, False ends the thread."""

    def __repr__(self) -> str:
        return f"SighupReloads(requested={not self._requests.empty()})"

    @contextmanager
    def capture(self) -> Iterator[None]:
        """Capture signals during the block, in the main thread."""
        before = signal.signal(signal.SIGHUP, self._request)
        unblock_sighup()
        try:
            yield
        finally:
            signal.signal(signal.SIGHUP, before)

    @contextmanager
    def reloading(self, reload: Callable[[], None], log: FilteringBoundLogger) -> Iterator[None]:
        """Call `reload` from a thread for the captured signals, during the block."""
        threading.Thread(target=self._serve, args=(reload, log), name="reload", daemon=True).start()
        try:
            yield
        finally:
            self._requests.put(False)  # noqa: FBT003 - ends the thread

    def _request(self, *_: object) -> None:
        if self._requests.empty():
            self._requests.put(True)  # noqa: FBT003 - requests a reload

    def _serve(self, reload: Callable[[], None], log: FilteringBoundLogger) -> None:
        while self._requests.get():
            try:
                reload()
            except ConfigError:
                continue  # the reload has logged it
            except Exception:  # a bug: later reloads are still possible
                log.exception("unexpected error while reloading: the old configuration stays in force")
