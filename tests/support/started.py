"""The threads that a test started, without those of other tests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch


class StartedThreads:
    """The threads that one thread started during the recording, and those that they started."""

    def __init__(self) -> None:
        self._family = [threading.current_thread()]

    def note(self, thread: threading.Thread) -> None:
        """Record a thread that starts now, if a recorded one starts it."""
        if threading.current_thread() in self._family:
            self._family.append(thread)

    def named(self, name: str) -> list[threading.Thread]:
        """Return the threads whose name contains `name`, in the order of their start."""
        return [thread for thread in self._family[1:] if name in thread.name]

    def join(self, name: str = "") -> None:
        """Wait until the threads of this name have ended; fail if one does not end."""
        for thread in self.named(name):
            thread.join(20)
            assert not thread.is_alive(), f"{thread} still runs"


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
