"""One thread for bcrypt, beside the event loop."""

import threading
from collections.abc import Callable
from queue import SimpleQueue

Work = Callable[[], None]


class BcryptThread:
    """Runs what it is given, one after the other; started when it is first needed.

    `join` it before the process ends: an interpreter that shuts down within bcrypt's native code is aborted.
    """

    def __init__(self) -> None:
        self._work: SimpleQueue[Work | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def submit(self, work: Work) -> None:
        """Run `work`, which must not raise; raise `RuntimeError` if no thread can be started."""
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="passwords", daemon=True)
            thread.start()
            self._thread = thread
        self._work.put(work)

    def join(self) -> None:
        """End the thread: wait for what it was given."""
        if self._thread:
            self._work.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while work := self._work.get():
            work()
