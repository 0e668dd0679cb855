"""How far a walk is, in words, with the time that it still needs."""

from math import ceil

from msgspec import Struct

from exporter.api.budget import Budget
from exporter.api.tiers import HOUR, MINUTE
from exporter.durations import format_duration
from exporter.results import WalkStats


class Pace(Struct, frozen=True):
    """What the API's budget allows now; `None` is a limit that is unknown or does not exist.

    :param wait: seconds until the next request may be sent.
    :param per_minute: the requests per minute that the exporter may send.
    :param per_hour: the same per hour.
    :param hour_left: how many of those are left.
    """

    wait: float = 0.0
    per_minute: int | None = None
    per_hour: int | None = None
    hour_left: int | None = None

    @classmethod
    def of(cls, budget: Budget) -> "Pace":
        """Return the pace of a budget."""
        return cls(
            budget.seconds_until_request(), budget.minute_share, budget.hour_share, budget.hour_remaining
        )

    def seconds_by_minute(self, requests: int) -> float:
        """Return about how long the minutes' limit delays this many requests."""
        return self.wait + MINUTE * (requests // self.per_minute) if self.per_minute else self.wait

    def seconds_by_hour(self, requests: int) -> float:
        """Return about how long the hours' limit delays this many requests."""
        if not self.per_hour or self.hour_left is None:
            return 0.0
        return max(0.0, requests - self.hour_left) * HOUR / self.per_hour


def describe_walk(stats: WalkStats, expected_pages: int | None, pace: Pace) -> str:
    """Describe a walk in progress: `page 12 of 250, 8m left: the API allows 30 requests a minute`.

    :param stats: what it has cost so far.
    :param expected_pages: the pages of the whole list; `None` if the API has not said.
    """
    if not stats.pages:
        return "waiting for the first page"
    if expected_pages is None or expected_pages < stats.pages:
        return f"page {stats.pages:,}"
    place = f"page {stats.pages:,} of {expected_pages:,}"
    remaining = expected_pages - stats.pages
    return f"{place}, {_time_left(stats, remaining, pace)}" if remaining else place


def _time_left(stats: WalkStats, pages: int, pace: Pace) -> str:
    """Describe the time for `pages` more pages, and the limit of the API that determines it."""
    measured = stats.seconds / stats.pages * pages
    by_minute, by_hour = pace.seconds_by_minute(pages), pace.seconds_by_hour(pages)
    left = f"{_rounded(max(measured, by_minute, by_hour))} left"
    if by_hour > max(measured, by_minute):
        return f"{left}: the API allows {pace.per_hour:,} requests an hour"
    if by_minute > 0 and pace.per_minute:
        return f"{left}: the API allows {pace.per_minute:,} requests a minute"
    return left


def _rounded(seconds: float) -> str:
    """Format a duration upwards, in minutes from two of them on: its seconds are no more than a guess."""
    unit = MINUTE if seconds > 2 * MINUTE else 1
    return format_duration(unit * ceil(max(1.0, seconds) / unit))
