"""How many requests the API will still take from us, and until when to keep away.

The API names its window of a minute on every response. The window of an hour it never shows: that one is
counted here, by the tier that the minute's limit names. Both are shared: `share` of each is ours.
"""

from collections import deque
from collections.abc import Mapping
from threading import RLock
from typing import Final

from msgspec import Struct

from exporter.clock import Clock
from exporter.headers import number, unix_time, whole_number

MINUTE: Final = 60.0
HOUR: Final = 3600.0
HOURLY: Final = {60: 1_000, 300: 5_000, 1_000: 20_000}
"""Requests a minute → requests an hour, of the vendor's tiers."""
TIERS: Final = {"standard": 1_000, "professional": 5_000, "enterprise": 20_000, "unlimited": None}
TOO_MANY: Final = 429
NEW_WINDOW: Final = 5.0
"""Seconds by which a window's end moves only if it is another one's: `Date` is exact to a second."""
DEMAND: Final = 600.0
"""Seconds over which the walks that scrapes ask for are counted."""


class Window(Struct, frozen=True):
    """A window of the API's: `limit` and `remaining` requests until `reset` (Unix time by our clock)."""

    limit: int
    remaining: int
    reset: float


class Budget:
    """One target's budget. Every time is Unix time by `clock`; waits are seconds from now, 0 for none."""

    def __init__(self, *, tier: str = "auto", share: float = 1.0, clock: Clock) -> None:
        self._tier = tier
        self._share = share
        self._clock = clock
        self._lock = RLock()
        self._minute: Window | None = None
        self._sent: deque[float] = deque()
        self._in_flight = 0
        self._asked: deque[float] = deque()
        self._closed_until = 0.0
        self._paced_until = 0.0
        self._begun = clock.now()

    def take(self, *, retry: bool = False) -> float:
        """Count a request that is about to be sent and return 0, or return the seconds that it must wait.

        Whoever took one gives it back once its answer is there, or none will come.
        """
        with self._lock:
            wait = self.wait_for_request()
            if not wait:
                self.spend(retry=retry)
                self._in_flight += 1
            return wait

    def give_back(self) -> None:
        """Note that a request which was taken is no longer under way."""
        with self._lock:
            self._in_flight -= 1

    def spend(self, *, retry: bool = False) -> None:
        """Count a request that is about to be sent; a retry does not move the next walk's turn."""
        with self._lock:
            now = self._clock.now()
            self._sent.append(now)
            if self._minute:
                left = max(0, self._minute.remaining - 1)
                self._minute = Window(self._minute.limit, left, self._minute.reset)
            if not retry and (pace := self._seconds_per_request()):
                self._paced_until = max(self._paced_until, now) + pace

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn from a response what the API says of its limits."""
        with self._lock:
            now = self._clock.now()
            here = _their_now(headers, now)
            told = _window(headers, now, here)
            self._minute = self._less_in_flight(told) if told else self._minute
            wait = _retry_after(headers, here)
            if status == TOO_MANY and wait is None:
                wait = self._minute.reset - now if self._minute else MINUTE
            if wait is not None:
                self._closed_until = max(self._closed_until, now + min(max(wait, 0.0), HOUR))

    def wait_for_request(self) -> float:
        """Return the seconds until one more request may be sent."""
        with self._lock:
            now = self._clock.now()
            waits = [self._closed_until - now]
            if (minute := self.minute) and self._minute_left(minute, now) < 1:
                waits.append(minute.reset - now)
            waits.append(self._wait_for_hour(1, now, 0.0))
            return max(0.0, *waits)

    def wait_for_walk(self, requests: int, seconds: float = 0.0) -> float:
        """Return the seconds until a walk of so many `requests`, which takes `seconds`, may begin.

        That it was asked for is noted: how often it is decides whether walks need be spread over the hour.
        """
        with self._lock:
            now = self._clock.now()
            self._asked.append(now)
            waits = [self.wait_for_request(), self._wait_for_hour(requests, now, seconds)]
            if self._is_too_much(requests, now):
                waits.append(self._paced_until - now)
            minute = self.minute
            if minute and self._minute_left(minute, now) < min(requests, self._ours(minute.limit)):
                waits.append(minute.reset - now)
            return max(0.0, *waits)

    def allows_retry(self, next_walk: int) -> bool:
        """Say whether a retry would leave the `next_walk`'s requests untouched."""
        with self._lock:
            now = self._clock.now()
            left = self.hour_remaining
            return (left is None or left > next_walk) and self.wait_for_request() <= max(
                0.0, self._closed_until - now
            )

    def pace(self, requests: int) -> float:
        """Return the seconds between two walks of so many requests that the hour's budget asks for."""
        return requests * (self._seconds_per_request() or 0.0)

    @property
    def minute(self) -> Window | None:
        """The window that the API last named, while it lasts."""
        return self._minute if self._minute and self._clock.now() < self._minute.reset else None

    @property
    def minute_limit(self) -> int | None:
        """The requests a minute that the API last named."""
        return self._minute.limit if self._minute else None

    @property
    def minute_share(self) -> int | None:
        """Our share of `minute_limit`."""
        return self._ours(self._minute.limit) if self._minute else None

    @property
    def hour_limit(self) -> int | None:
        """Our share of the hour's requests; `None` where no tier is known or it has no limit."""
        if self._tier != "auto":
            whole = TIERS[self._tier]
        else:
            whole = HOURLY.get(self._minute.limit) if self._minute else None
        return None if whole is None else self._ours(whole)

    @property
    def hour_remaining(self) -> int | None:
        """What is left of `hour_limit`."""
        limit = self.hour_limit
        return None if limit is None else max(0, limit - self._sent_since(self._clock.now() - HOUR))

    @property
    def hour_reset(self) -> float | None:
        """When the oldest counted request leaves the hour."""
        with self._lock:
            _forget(self._sent, self._clock.now() - HOUR)
            return self._sent[0] + HOUR if self._sent and self.hour_limit else None

    @property
    def closed_until(self) -> float:
        """The time before which the API asked to be left alone."""
        return self._closed_until

    def _less_in_flight(self, told: Window) -> Window:
        """Keep our own count while other requests are under way: the answer cannot tell of all of those."""
        known = self.minute
        if self._in_flight <= 1 or known is None or told.reset > known.reset + NEW_WINDOW:
            return told
        return Window(told.limit, min(told.remaining, known.remaining), told.reset)

    def _ours(self, limit: int) -> int:
        return max(1, int(limit * self._share))

    def _seconds_per_request(self) -> float | None:
        return HOUR / self.hour_limit if self.hour_limit else None

    def _minute_left(self, minute: Window, now: float) -> int:
        used = self._sent_since(max(minute.reset, now) - MINUTE)
        return min(minute.remaining, self._ours(minute.limit) - used)

    def _wait_for_hour(self, requests: int, now: float, seconds: float) -> float:
        """Wait until so many fit; what leaves the hour while a walk of `seconds` runs is as good as gone."""
        if not self.hour_limit:
            return 0.0
        _forget(self._sent, now - HOUR)
        too_many = len(self._sent) + min(requests, self.hour_limit) - self.hour_limit
        return self._sent[too_many - 1] + HOUR - now - seconds if too_many > 0 else 0.0

    def _is_too_much(self, requests: int, now: float) -> bool:
        """Say whether walks at the pace of the scrapes would not last the hour; at first, presume so."""
        _forget(self._asked, now - DEMAND)
        walks_an_hour = len(self._asked) * HOUR / DEMAND
        presumed = now - self._begun < DEMAND
        return self.hour_limit is not None and (presumed or walks_an_hour * requests > self.hour_limit)

    def _sent_since(self, start: float) -> int:
        with self._lock:
            _forget(self._sent, self._clock.now() - HOUR)
            count = 0
            for sent in reversed(self._sent):
                if sent <= start:
                    break
                count += 1
            return count


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()


def _their_now(headers: Mapping[str, str], now: float) -> float:
    """Return the time by the API's clock: what it names is meant by that one."""
    moment = unix_time(headers.get("Date"))
    return now if moment is None else moment


def _window(headers: Mapping[str, str], now: float, here: float) -> Window | None:
    limit = whole_number(headers.get("X-RateLimit-Limit"))
    remaining = whole_number(headers.get("X-RateLimit-Remaining"))
    if not limit or remaining is None:
        return None
    return Window(limit, remaining, now + _seconds_left(headers, here))


def _seconds_left(headers: Mapping[str, str], here: float) -> float:
    """Return how long the window lasts; where the header cannot be true, as long as one can."""
    reset = number(headers.get("X-RateLimit-Reset"))
    lasts = MINUTE if reset is None else reset - here
    return lasts if 0 <= lasts <= MINUTE else MINUTE


def _retry_after(headers: Mapping[str, str], here: float) -> float | None:
    """Read `Retry-After`, seconds or an HTTP date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after."""
    text = headers.get("Retry-After", "").strip()
    if text.isdigit():
        return whole_number(text)
    moment = unix_time(text)
    return None if moment is None else moment - here
