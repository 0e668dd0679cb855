"""Time, passed in wherever it matters, so that a test can turn it."""

import time


class Clock:
    """The machine's time, in seconds."""

    def now(self) -> float:
        """Return Unix time."""
        return time.time()

    def monotonic(self) -> float:
        """Return a time that never steps."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let so much of it pass."""
        time.sleep(seconds)
