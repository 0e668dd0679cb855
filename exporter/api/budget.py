"""How many requests the API still accepts from this exporter, and how long to wait for more.

The API's headers describe a window of a minute (`MinuteWindow`). They don't mention the hour, so its requests
are counted here (`RequestLedger`), within the limit of the tier that the minute's limit identifies. Other
clients share both limits: this exporter uses its `Quota` and checks its own requests of the last minute and
hour against it. If an hour's quota would not last, walks are spread over the hour (`Pacer`).

All waits use monotonic time, so steps of the wall clock don't matter. Unix time is for display only.
"""

from collections.abc import Mapping
from threading import RLock
from typing import Final

from exporter.api.minute_window import MinuteWindow, Window
from exporter.api.pacer import Pacer
from exporter.api.rate_headers import parse_rate_headers
from exporter.api.request_ledger import RequestLedger
from exporter.api.reservation import Reservation
from exporter.api.tiers import HOUR, MINUTE, Quota
from exporter.clock import Clock
from exporter.results import BudgetState

_FIRST_ERROR: Final = 400
_TOO_MANY_REQUESTS: Final = 429
_PACE_MARGIN: Final = 2
"""A walk may take this many times as long as the pace of its requests requires."""


class Budget:
    """One target's API requests: what is left and when more may be sent. Safe for threads.

    Waits are seconds from now, 0 for none. Only `take`, the end of its reservation, `observe`, `request_walk`
    and `reconfigure` change the budget.

    :param tier: the name of the API's tier, or `auto`.
    :param share: the fraction of the tier's requests to use.
    :param clock: supplies monotonic time for waits and Unix time for display.
    """

    def __init__(self, *, tier: str = "auto", share: float = 1.0, clock: Clock) -> None:
        self._quota = Quota(tier, share)
        self._clock = clock
        self._lock = RLock()
        self._minute = MinuteWindow()
        self._ledger = RequestLedger()
        self._pacer = Pacer(clock.monotonic())
        self._closed_until: float | None = None

    def __repr__(self) -> str:
        return f"Budget({self._quota}, {self._minute}, {self._ledger})"

    def take(self, *, retry: bool = False) -> Reservation | None:
        """Count a request that is about to be sent, or return `None` if it must wait.

        :param retry: whether it repeats a failed request. A retry does not postpone the next walk.
        """
        with self._lock:
            now = self._clock.monotonic()
            if self.seconds_until_request():
                return None
            pace = None if retry else self._seconds_per_request()
            window = self._minute.take()
            self._ledger.add(now)
            if pace:
                self._pacer.postpone(pace, now)
            return Reservation(self._finish, lambda: self._cancel(now, window, pace))

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        """Record the rate limits of a response, by its HTTP status and its case-insensitive headers."""
        reported = parse_rate_headers(headers, self._clock.now())
        with self._lock:
            now = self._clock.monotonic()
            if reported.window:
                self._minute.observe(reported.window, now)
            wait = reported.retry_after if status >= _FIRST_ERROR else None
            if status == _TOO_MANY_REQUESTS and wait is None:
                current = self._minute.current(now)
                wait = current.reset - now if current else MINUTE
            if wait is not None:
                self._closed_until = now + max(self._seconds_closed(now), min(wait, HOUR))

    def request_walk(self, requests: int, seconds: float = 0.0) -> float:
        """Record that a scrape requests a walk, and return the seconds until the walk may begin.

        How often walks are requested decides whether they must be spread over the hour.

        :param requests: how many requests the walk is likely to take.
        :param seconds: how long it is likely to take.
        """
        with self._lock:
            self._pacer.record_demand(self._clock.monotonic())
            return self.seconds_until_walk(requests, seconds)

    def reconfigure(self, *, tier: str, share: float) -> None:
        """Apply another tier and share to the requests counted so far."""
        with self._lock:
            self._quota = Quota(tier, share)

    def seconds_until_request(self) -> float:
        """Return the seconds until one more request may be sent."""
        with self._lock:
            now = self._clock.monotonic()
            return max(self._seconds_closed(now), self._seconds_until_room(now))

    def seconds_until_walk(self, requests: int, seconds: float = 0.0) -> float:
        """Return the seconds until a walk may begin.

        :param requests: how many requests the walk is likely to take.
        :param seconds: how long it is likely to take. Requests that leave the hour meanwhile make room.
        """
        with self._lock:
            now = self._clock.monotonic()
            return max(
                self._seconds_closed(now),
                self._seconds_until_room(now),
                self._seconds_until_minute(requests, now),
                self._seconds_until_hour(requests, now) - seconds,
                self._seconds_until_turn(requests, now),
            )

    def allows_retry(self, reserved: int) -> bool:
        """Return whether a retry would leave enough requests for a walk of `reserved` requests."""
        with self._lock:
            left, now = self.hour_remaining, self._clock.monotonic()
            has_room = left is None or left > reserved
            return has_room and self._seconds_until_room(now) <= self._seconds_closed(now)

    def longest_walk(self, seconds: float, requests: int) -> float:
        """Return the seconds that a walk may take: longer if the hour's quota spreads its requests.

        :param seconds: how long it may take otherwise.
        :param requests: how many requests it has sent so far.
        """
        return max(seconds, _PACE_MARGIN * self.pace(requests))

    def pace(self, requests: int) -> float:
        """Return the seconds between two walks of `requests` each at which the hour's quota lasts."""
        return requests * (self._seconds_per_request() or 0.0)

    def walk_interval(self, requests: int) -> float:
        """Return the seconds between walks of `requests` each; 0: as many as are requested fit the hour.

        The last requested walk decides whether they fit: while a walk runs, none is requested.
        """
        with self._lock:
            last = self._pacer.last_requested
            moment = self._clock.monotonic() if last is None else last
            return self.pace(requests) if self._must_spread(requests, moment) else 0.0

    @property
    def state(self) -> BudgetState:
        """The budget for display."""
        with self._lock:
            now, limit = self._clock.monotonic(), self.hour_share
            window = self._minute.current(now)
            leaves = self._ledger.seconds_until_oldest_leaves(HOUR, now) if limit else None
            return BudgetState(
                minute_limit=window.limit if window else None,
                minute_remaining=window.remaining if window else None,
                minute_reset=self._displayed(window.reset - now) if window else None,
                hour_share=limit,
                hour_remaining=self.hour_remaining,
                hour_reset=None if leaves is None else self._displayed(leaves),
            )

    @property
    def minute(self) -> Window | None:
        """The window that the API last reported, until it ends."""
        with self._lock:
            return self._minute.current(self._clock.monotonic())

    @property
    def minute_limit(self) -> int | None:
        """The requests per minute that the API last reported."""
        return self._minute.limit

    @property
    def minute_share(self) -> int | None:
        """The part of `minute_limit` that this exporter may use."""
        limit = self._minute.limit
        return None if limit is None else self._quota.share_of(limit)

    @property
    def hour_share(self) -> int | None:
        """The requests per hour that this exporter may send; `None`: tier unknown or unlimited."""
        return self._quota.per_hour(self.minute_limit)

    @property
    def hour_remaining(self) -> int | None:
        """The requests left of `hour_share`."""
        with self._lock:
            limit = self.hour_share
            sent = self._ledger.count(HOUR, self._clock.monotonic())
            return None if limit is None else max(0, limit - sent)

    def _finish(self) -> None:
        with self._lock:
            self._minute.finish()

    def _cancel(self, sent_at: float, window: Window | None, pace: float | None) -> None:
        with self._lock:
            self._minute.cancel(window)
            self._ledger.remove(sent_at)
            if pace:
                self._pacer.advance(pace)

    def _displayed(self, seconds: float) -> float:
        """Return the Unix time `seconds` from now, rounded so that it does not jitter between scrapes."""
        return float(round(self._clock.now() + seconds))

    def _seconds_per_request(self) -> float | None:
        limit = self.hour_share
        return HOUR / limit if limit else None

    def _seconds_closed(self, now: float) -> float:
        return 0.0 if self._closed_until is None else max(0.0, self._closed_until - now)

    def _seconds_until_room(self, now: float) -> float:
        return max(self._seconds_until_minute(1, now), self._seconds_until_hour(1, now))

    def _seconds_until_minute(self, requests: int, now: float) -> float:
        """Return the wait for room in the API's window and in this exporter's share of a minute."""
        share = self.minute_share
        if share is None:
            return 0.0
        wanted = min(requests, share)
        window = self._minute.seconds_until_room(wanted, now)
        return max(window, self._ledger.seconds_until_room(wanted, share, MINUTE, now))

    def _seconds_until_hour(self, requests: int, now: float) -> float:
        limit = self.hour_share
        return self._ledger.seconds_until_room(requests, limit, HOUR, now) if limit else 0.0

    def _seconds_until_turn(self, requests: int, now: float) -> float:
        return self._pacer.seconds_until_turn(now) if self._must_spread(requests, now) else 0.0

    def _must_spread(self, requests: int, now: float) -> bool:
        limit = self.hour_share
        return limit is not None and self._pacer.must_spread(requests, limit, now)
