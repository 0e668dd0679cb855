"""One thread for bcrypt, beside the event loop."""

import threading
from collections.abc import Callable
from queue import SimpleQueue

Work = Callable[[], None]


class BcryptThread:
    """Runs what it is given, one after the other; started when it is first needed.

    It is a daemon, so that no bcrypt keeps the process from ending.
    """

    def __init__(self) -> None:
        self._work: SimpleQueue[Work] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def submit(self, work: Work) -> None:
        """Run `work`, which must not raise; raise `RuntimeError` if no thread can be started."""
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="passwords", daemon=True)
            thread.start()
            self._thread = thread
        self._work.put(work)

    def _run(self) -> None:
        while True:
            self._work.get()()
