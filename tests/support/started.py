"""The threads that a test started; those of other tests do not count."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch


class StartedThreads:
    """The threads that one thread started while this was recorded, and those that they started in turn."""

    def __init__(self) -> None:
        self._family = [threading.current_thread()]

    def note(self, thread: threading.Thread) -> None:
        """Keep a thread that starts now, if it belongs to the family."""
        if threading.current_thread() in self._family:
            self._family.append(thread)

    def named(self, name: str) -> list[threading.Thread]:
        """Return those whose name contains `name`, in the order of their start."""
        return [thread for thread in self._family[1:] if name in thread.name]

    def join(self, name: str = "") -> None:
        """Wait until the threads with this name have ended; fail if one keeps running."""
        for thread in self.named(name):
            thread.join(20)
            assert not thread.is_alive(), f"{thread} is still running"


@contextmanager
def recorded_threads() -> Iterator[StartedThreads]:
    """Record the threads that the calling thread and its descendants start within the block."""
    started = StartedThreads()
    original = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        started.note(thread)
        original(thread)

    with patch.object(threading.Thread, "start", start):
        yield started
