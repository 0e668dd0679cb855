"""SIGHUP: each asks for a reload, one at a time; those that arrive during one share the next."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from structlog.typing import FilteringBoundLogger

from exporter.errors import ConfigError


def accept_hangups() -> None:
    """Let a SIGHUP that was blocked since the start arrive, and later ones at once."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})


class SighupReloads:
    """Receives SIGHUPs before there is anything to reload, so that none ends the process or is lost."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[bool] = SimpleQueue()  # whose `put` may interrupt itself

    @contextmanager
    def received(self) -> Iterator[None]:
        """Receive signals for as long as the block lasts, which must be the main thread's."""
        before = signal.signal(signal.SIGHUP, self._ask)
        accept_hangups()
        try:
            yield
        finally:
            signal.signal(signal.SIGHUP, before)

    @contextmanager
    def answered(self, reload: Callable[[], None], log: FilteringBoundLogger) -> Iterator[None]:
        """Reload when asked, from one thread, for as long as the block lasts."""
        threading.Thread(target=self._answer, args=(reload, log), name="reload", daemon=True).start()
        try:
            yield
        finally:
            self._asked.put(False)  # noqa: FBT003 - ends the thread

    def _ask(self, *_: object) -> None:
        if self._asked.empty():
            self._asked.put(True)  # noqa: FBT003 - asks for a reload

    def _answer(self, reload: Callable[[], None], log: FilteringBoundLogger) -> None:
        while self._asked.get():
            try:
                reload()
            except ConfigError:
                continue  # the reload has logged it
            except Exception:  # a bug, which must not end later reloads
                log.exception("unexpected error while reloading")
