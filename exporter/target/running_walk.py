"""A walk in progress, as other threads see it: what it has requested, and when it counts as hung."""

import threading
from typing import Final, Protocol

from exporter.api.budget import Budget
from exporter.results import WalkStats

HANG_MARGIN: Final = 60.0  # seconds: a walk that works ends at its time limit, not that long after it


class WalkRequests(Protocol):
    """Sends the requests of one walk and counts them."""

    @property
    def requests(self) -> int:
        """The requests sent."""

    @property
    def pages(self) -> int:
        """The pages read."""

    @property
    def expected_pages(self) -> int | None:
        """The pages of the whole list; `None` if it is unknown."""

    def close(self) -> None:
        """Send no more requests."""


class RunningWalk:
    """A walk in progress. Safe to use from many threads.

    :param began: monotonic seconds.
    :param seconds: the walk's time limit; the pace of the budget may extend it.
    """

    def __init__(self, began: float, seconds: float, budget: Budget) -> None:
        self.began = began
        self.ended = threading.Event()
        """Set once the walk's result is known, or once the walk is abandoned."""
        self._seconds = seconds
        self._budget = budget
        self._lock = threading.Lock()
        self._client: WalkRequests | None = None
        self._is_cancelled = False

    def __repr__(self) -> str:
        return f"RunningWalk(began={self.began:.3f}, requests={self._requests})"

    def attach(self, client: WalkRequests) -> None:
        """Set the client that sends the walk's requests; close it if the walk is already cancelled."""
        with self._lock:
            self._client = client
            if self._is_cancelled:
                client.close()

    def cancel(self) -> None:
        """Stop the walk from sending requests, also those of a client that is attached later."""
        with self._lock:
            self._is_cancelled = True
            if self._client:
                self._client.close()

    def stats(self, now: float) -> WalkStats:
        """Return what the walk has cost until `now` (monotonic seconds)."""
        pages = self._client.pages if self._client else 0
        return WalkStats(seconds=now - self.began, pages=pages, requests=self._requests)

    @property
    def expected_pages(self) -> int | None:
        """How many pages the list has; `None` until the API has said how many records there are."""
        return self._client.expected_pages if self._client else None

    @property
    def hang_limit(self) -> float:
        """The seconds after which the walk counts as hung."""
        return self._budget.longest_walk(self._seconds, self._requests) + HANG_MARGIN

    @property
    def _requests(self) -> int:
        return self._client.requests if self._client else 0
