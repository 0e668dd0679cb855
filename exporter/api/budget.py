"""How many requests the API still accepts from us, and how long to keep away.

The API names its window of a minute in every response. The window of an hour it never shows: that one is
counted here, by the tier that the minute's limit names. Both are shared with others: `share` of each is ours,
and our own requests of the last 60 seconds and of the last hour are counted against it.

Everything is counted in monotonic time, so that a clock that steps changes nothing. Unix time is for display
alone.
"""

from collections.abc import Mapping
from threading import RLock
from typing import Final

from msgspec import Struct

from exporter.api.pacer import Pacer
from exporter.api.rate_headers import MINUTE, NamedWindow, parse_rate_headers
from exporter.api.request_ledger import RequestLedger
from exporter.clock import Clock
from exporter.results import BudgetState

HOUR: Final = 3600.0
HOURLY: Final = {60: 1_000, 300: 5_000, 1_000: 20_000}
"""Requests a minute → requests an hour, of the vendor's tiers."""
TIERS: Final = {"standard": 1_000, "professional": 5_000, "enterprise": 20_000, "unlimited": None}
FAILED: Final = 400  # and above
TOO_MANY: Final = 429
NEW_WINDOW: Final = 5.0
"""Seconds by which a window's end moves only if it is another one's: `Date` is exact to a second."""


class Window(Struct, frozen=True):
    """A window of the API's: `limit` and `remaining` requests until `reset` (monotonic seconds)."""

    limit: int
    remaining: int
    reset: float


class Terms(Struct, frozen=True):
    """What the configuration says of a budget: the `tier`, and our `share` of its limits."""

    tier: str = "auto"
    share: float = 1.0

    def ours(self, limit: int) -> int:
        """Return our share of a limit, one request at least."""
        return max(1, int(limit * self.share))

    def hour_limit(self, minute_limit: int | None) -> int | None:
        """Return our share of the hour's requests; `None` where no tier is known or it has no limit."""
        if self.tier != "auto":
            whole = TIERS[self.tier]
        else:
            whole = None if minute_limit is None else HOURLY.get(minute_limit)
        return None if whole is None else self.ours(whole)


class Budget:
    """One target's budget. Waits are seconds from now, 0 for none. Safe for threads.

    Queries change nothing. The commands are `take`, `give_back`, `spend`, `observe`, `request_walk` and
    `reconfigure`.
    """

    def __init__(self, *, tier: str = "auto", share: float = 1.0, clock: Clock) -> None:
        self._terms = Terms(tier, share)
        self._clock = clock
        self._lock = RLock()
        self._ledger = RequestLedger()
        self._pacer = Pacer(clock.monotonic())
        self._window: Window | None = None
        self._in_flight = 0
        self._closed_until: float | None = None

    def __repr__(self) -> str:
        return f"Budget({self._terms}, {self._window}, {self._ledger})"

    def take(self, *, retry: bool = False) -> float:
        """Count a request that is about to be sent and return 0, or return the seconds that it must wait.

        Give a request back once its answer is there, or none will come.
        """
        with self._lock:
            wait = self.seconds_until_request()
            if not wait:
                self.spend(retry=retry)
                self._in_flight += 1
            return wait

    def give_back(self) -> None:
        """Note that a request which was taken is no longer under way."""
        with self._lock:
            self._in_flight -= 1

    def cancel(self, *, retry: bool = False) -> None:
        """Give back a request that was taken and not sent: it does not count."""
        with self._lock:
            self._in_flight -= 1
            self._ledger.remove_newest()
            if known := self._window:
                self._window = Window(known.limit, min(known.limit, known.remaining + 1), known.reset)
            if not retry and (pace := self._seconds_per_request()):
                self._pacer.advance(pace)

    def spend(self, *, retry: bool = False) -> None:
        """Count a request that is about to be sent; a retry does not move the next walk's turn."""
        with self._lock:
            now = self._clock.monotonic()
            self._ledger.add(now)
            if known := self._window:
                self._window = Window(known.limit, max(0, known.remaining - 1), known.reset)
            if not retry and (pace := self._seconds_per_request()):
                self._pacer.postpone(pace, now)

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn from a response what the API says of its limits."""
        told = parse_rate_headers(headers, self._clock.now())
        with self._lock:
            now = self._clock.monotonic()
            if told.window:
                self._window = self._merged(told.window, now)
            wait = told.retry_after if status >= FAILED else None
            if status == TOO_MANY and wait is None:
                current = self._current(now)
                wait = current.reset - now if current else MINUTE
            if wait is not None:
                self._closed_until = now + max(self._seconds_closed(now), min(wait, HOUR))

    def request_walk(self, requests: int, seconds: float = 0.0) -> float:
        """Note that a walk is wanted, and return the seconds until it may begin.

        How often walks are wanted decides whether they must be spread over the hour.

        :param requests: how many requests the walk is likely to take.
        :param seconds: how long it is likely to take.
        """
        with self._lock:
            self._pacer.want(self._clock.monotonic())
            return self.seconds_until_walk(requests, seconds)

    def reconfigure(self, *, tier: str, share: float) -> None:
        """Hold what was counted so far against other limits."""
        with self._lock:
            self._terms = Terms(tier, share)

    def seconds_until_request(self) -> float:
        """Return the seconds until one more request may be sent."""
        with self._lock:
            now = self._clock.monotonic()
            return max(self._seconds_closed(now), self._seconds_until_room(1, now))

    def seconds_until_walk(self, requests: int, seconds: float = 0.0) -> float:
        """Return the seconds until a walk of so many `requests` may begin.

        Requests that leave the hour during the `seconds` that the walk takes are as good as gone.
        """
        with self._lock:
            now = self._clock.monotonic()
            return max(
                self._seconds_closed(now),
                self._seconds_until_room(1, now),
                self._seconds_until_minute(requests, now),
                self._seconds_until_hour(requests, now) - seconds,
                self._seconds_until_turn(requests, now),
            )

    def allows_retry(self, next_walk: int) -> bool:
        """Say whether a retry would leave the `next_walk`'s requests untouched."""
        with self._lock:
            left, now = self.hour_remaining, self._clock.monotonic()
            has_room = left is None or left > next_walk
            return has_room and self._seconds_until_room(1, now) <= self._seconds_closed(now)

    def pace(self, requests: int) -> float:
        """Return the seconds between two walks of so many requests that the hour's budget asks for."""
        return requests * (self._seconds_per_request() or 0.0)

    @property
    def state(self) -> BudgetState:
        """The budget for display."""
        with self._lock:
            now, limit = self._clock.monotonic(), self.hour_limit
            window = self._current(now)
            leaves = self._ledger.seconds_until_oldest_leaves(HOUR, now) if limit else None
            return BudgetState(
                minute_limit=window.limit if window else None,
                minute_remaining=window.remaining if window else None,
                minute_reset=self._displayed(window.reset - now) if window else None,
                hour_limit=limit,
                hour_remaining=self.hour_remaining,
                hour_reset=None if leaves is None else self._displayed(leaves),
            )

    @property
    def minute(self) -> Window | None:
        """The window that the API last named, while it lasts."""
        return self._current(self._clock.monotonic())

    @property
    def minute_limit(self) -> int | None:
        """The requests a minute that the API last named."""
        return self._window.limit if self._window else None

    @property
    def minute_share(self) -> int | None:
        """Our share of `minute_limit`."""
        return self._terms.ours(self._window.limit) if self._window else None

    @property
    def hour_limit(self) -> int | None:
        """Our share of the hour's requests; `None` where no tier is known or it has no limit."""
        return self._terms.hour_limit(self.minute_limit)

    @property
    def hour_remaining(self) -> int | None:
        """What is left of `hour_limit`."""
        with self._lock:
            limit = self.hour_limit
            sent = self._ledger.count(HOUR, self._clock.monotonic())
            return None if limit is None else max(0, limit - sent)

    def _current(self, now: float) -> Window | None:
        return self._window if self._window and now < self._window.reset else None

    def _merged(self, told: NamedWindow, now: float) -> Window:
        """Keep our own count while other requests are in flight: the answer cannot tell of all of those."""
        named = Window(told.limit, told.remaining, now + told.seconds)
        known = self._current(now)
        if self._in_flight <= 1 or known is None or named.reset > known.reset + NEW_WINDOW:
            return named
        return Window(named.limit, min(named.remaining, known.remaining), named.reset)

    def _displayed(self, seconds: float) -> float:
        """Return the Unix time in so many seconds, in whole ones: what is left of them would only jitter."""
        return float(round(self._clock.now() + seconds))

    def _seconds_per_request(self) -> float | None:
        return HOUR / self.hour_limit if self.hour_limit else None

    def _seconds_closed(self, now: float) -> float:
        return 0.0 if self._closed_until is None else max(0.0, self._closed_until - now)

    def _seconds_until_room(self, requests: int, now: float) -> float:
        return max(self._seconds_until_minute(requests, now), self._seconds_until_hour(requests, now))

    def _seconds_until_minute(self, requests: int, now: float) -> float:
        """Wait for the API's window where it says that too few are left, and for room in our own share."""
        share, window = self.minute_share, self._current(now)
        if share is None:
            return 0.0
        wanted = min(requests, share)
        named = window.reset - now if window and window.remaining < wanted else 0.0
        return max(named, self._ledger.seconds_until_room(wanted, share, MINUTE, now))

    def _seconds_until_hour(self, requests: int, now: float) -> float:
        limit = self.hour_limit
        return self._ledger.seconds_until_room(requests, limit, HOUR, now) if limit else 0.0

    def _seconds_until_turn(self, requests: int, now: float) -> float:
        limit = self.hour_limit
        must_wait = limit is not None and self._pacer.must_spread(requests, limit, now)
        return self._pacer.seconds_until_turn(now) if must_wait else 0.0
