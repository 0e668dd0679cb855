"""When each request of the last hour was sent, in monotonic seconds."""

from bisect import bisect_left, bisect_right
from typing import Final

from exporter.api.tiers import HOUR

_SLACK: Final = 1_000
"""Outdated entries to keep before they are dropped together: each drop copies the list."""


class RequestLedger:
    """Counts requests in sliding windows of up to an hour. Needs its owner's lock.

    Times are monotonic seconds.
    """

    def __init__(self) -> None:
        self._times: list[float] = []

    def __repr__(self) -> str:
        return f"RequestLedger({len(self._times)} requests)"

    def add(self, now: float) -> None:
        """Count a request that is sent at `now`."""
        outdated = bisect_right(self._times, now - HOUR)
        if outdated > _SLACK:
            del self._times[:outdated]
        self._times.append(now)

    def remove(self, sent_at: float) -> None:
        """Uncount a request that was added with the time `sent_at`, unless it was dropped as outdated."""
        place = bisect_left(self._times, sent_at)
        if place < len(self._times) and self._times[place] == sent_at:
            del self._times[place]

    def count(self, seconds: float, now: float) -> int:
        """Return the number of requests in the last `seconds`."""
        return len(self._times) - bisect_right(self._times, now - seconds)

    def seconds_until_oldest_leaves(self, seconds: float, now: float) -> float | None:
        """Return the seconds until the oldest request of the last `seconds` leaves them; `None` if empty."""
        first = bisect_right(self._times, now - seconds)
        return self._times[first] + seconds - now if first < len(self._times) else None

    def seconds_until_room(self, requests: int, limit: int, seconds: float, now: float) -> float:
        """Return the seconds until the last `seconds` have room for `requests` more within `limit`.

        More than `limit` requests never fit at once: for those the window must be empty.
        """
        first = bisect_right(self._times, now - seconds)
        excess = len(self._times) - first + min(requests, limit) - limit
        return self._times[first + excess - 1] + seconds - now if excess > 0 else 0.0
