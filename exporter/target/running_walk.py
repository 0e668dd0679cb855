"""One walk under way, as other threads see it: how long it may take, and what becomes of one that hangs."""

import threading
from typing import Final

from exporter.api import WalkClient
from exporter.api.budget import Budget

OVERDUE: Final = 60.0  # seconds beyond its time after which a walk hangs: it ends itself well before
MOST_ABANDONED: Final = 3  # threads of walks that hang, beside which no other walk begins


class RunningWalk:
    """Shared by the thread that walks and those that wait. Safe to use from all.

    `began` is monotonic, `seconds` what the walk may take where the budget's pace asks for no more.
    """

    def __init__(self, began: float, seconds: float, budget: Budget) -> None:
        self.began = began
        self._seconds = seconds
        self._budget = budget
        self._lock = threading.Lock()
        self._client: WalkClient | None = None
        self._is_cancelled = False

    def follow(self, client: WalkClient) -> None:
        """Note which client sends the walk's requests; close it where the walk is cancelled already."""
        with self._lock:
            self._client = client
            if self._is_cancelled:
                client.close()

    def cancel(self) -> None:
        """Let the walk send no more requests, whether it has begun to or not."""
        with self._lock:
            self._is_cancelled = True
            if self._client:
                self._client.close()

    @property
    def pages(self) -> int:
        """The pages that it has read."""
        return self._client.pages if self._client else 0

    @property
    def requests(self) -> int:
        """The requests that it has sent."""
        return self._client.requests if self._client else 0

    @property
    def longest(self) -> float:
        """The seconds after which it hangs, more where the budget's pace spreads its requests."""
        return self._budget.longest_walk(self._seconds, self.requests) + OVERDUE


class WalkSlot:
    """Room for one walk at a time. A walk that hangs makes room for another; only a few may.

    To be used under a lock.
    """

    def __init__(self) -> None:
        self.running: RunningWalk | None = None
        self._abandoned = 0

    @property
    def is_free(self) -> bool:
        """Say whether a walk may begin."""
        return self.running is None and self._abandoned < MOST_ABANDONED

    def begin(self, running: RunningWalk) -> None:
        """Note that this walk is the one under way."""
        self.running = running

    def end(self, running: RunningWalk) -> bool:
        """Note that a walk's thread ended; return whether its result counts: it does not once abandoned."""
        if running is not self.running:
            self._abandoned -= 1
            return False
        self.running = None
        return True

    def abandon_overdue(self, now: float) -> RunningWalk | None:
        """Cancel and return the walk under way if it hangs: its thread may end whenever it can."""
        running = self.running
        if running is None or now - running.began <= running.longest:
            return None
        running.cancel()
        self.running = None
        self._abandoned += 1
        return running
