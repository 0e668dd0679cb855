"""One walk under way, as other threads see it: how long it may take, and how to cancel it."""

import threading

from exporter.budget import Budget
from exporter.client import Client
from exporter.client.api import STRETCH


class RunningWalk:
    """Shared by the thread that walks and the one that waits. Safe to use from both."""

    def __init__(self, seconds: float, budget: Budget) -> None:
        self._seconds = seconds
        self._budget = budget
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._is_cancelled = False

    def follow(self, client: Client) -> None:
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
    def allowed_seconds(self) -> float:
        """How long it may take: longer where the budget's pace spreads its requests over more time."""
        return max(self._seconds, STRETCH * self._budget.pace(self.requests))
