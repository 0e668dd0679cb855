"""The clock, passed in wherever time matters, so that tests control it."""

import time


class Clock:
    """The machine's time, in seconds."""

    def now(self) -> float:
        """Return Unix time."""
        return time.time()

    def monotonic(self) -> float:
        """Return a time that never jumps, from an arbitrary start."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
