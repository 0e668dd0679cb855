"""The API's rate limits: requests per minute and per hour, in fixed windows."""

from collections.abc import Callable, Mapping
from math import ceil
from threading import Lock
from typing import Literal

from msgspec import Struct

Tier = Literal["standard", "professional", "enterprise", "unlimited"]
_MINUTE, _HOUR = 60, 3600
_TIERS: Mapping[Tier, tuple[int, int]] = {
    "standard": (60, 1_000),
    "professional": (300, 5_000),
    "enterprise": (1_000, 20_000),
}


class Allowance(Struct, frozen=True):
    """The rate limit headers of a response. `retry_after`: the seconds for which requests are refused."""

    headers: Mapping[str, str] = {}
    retry_after: int | None = None


class _Window:
    """The requests of one fixed window."""

    def __init__(self, limit: int, seconds: int) -> None:
        self.limit = limit
        self.used = 0
        self.ends_at = 0.0
        self._seconds = seconds

    def __repr__(self) -> str:
        return f"_Window({self.used}/{self.limit} in {self._seconds}s)"

    def reset_if_over(self, now: float) -> None:
        """Start the next window if this one is over."""
        if now >= self.ends_at:
            self.ends_at = (now // self._seconds + 1) * self._seconds
            self.used = 0

    @property
    def remaining(self) -> int:
        return self.limit - self.used


class RateLimit:
    """Counts requests against a tier's limits; `clock` returns Unix time in seconds."""

    def __init__(self, tier: Tier, clock: Callable[[], float]) -> None:
        self._windows = [
            _Window(limit, seconds)
            for limit, seconds in zip(_TIERS.get(tier, ()), (_MINUTE, _HOUR), strict=False)
        ]
        self._clock = clock
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"RateLimit({self._windows})"

    def take(self) -> Allowance:
        """Count one request. A refused request does not count."""
        if not self._windows:
            return Allowance()
        with self._lock:
            return self._take(self._clock())

    def _take(self, now: float) -> Allowance:
        for window in self._windows:
            window.reset_if_over(now)
        exhausted = [window.ends_at for window in self._windows if window.remaining < 1]
        if exhausted:
            return Allowance(self._headers(), ceil(max(exhausted) - now))
        for window in self._windows:
            window.used += 1
        return Allowance(self._headers())

    def _headers(self) -> dict[str, str]:
        minute = self._windows[0]
        return {
            "X-RateLimit-Limit": str(minute.limit),
            "X-RateLimit-Remaining": str(minute.remaining),
            "X-RateLimit-Reset": str(int(minute.ends_at)),
        }
