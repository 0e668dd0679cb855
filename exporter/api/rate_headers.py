"""What response headers say of the API's rate limits. Whatever they hold, reading them never raises."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from exporter.api.headers import number, unix_time, whole_number

MINUTE: Final = 60.0
_MILLISECONDS: Final = 100_000_000_000
"""A time above this is in milliseconds: as seconds it would be in the year 5138."""


class NamedWindow(Struct, frozen=True):
    """The minute that the API names: `remaining` of `limit` requests for another `seconds`."""

    limit: int
    remaining: int
    seconds: float


class RateHeaders(Struct, frozen=True):
    """The headers of one response; `None` is what they do not say, or not readably.

    :param window: from `X-RateLimit-*`.
    :param retry_after: from `Retry-After`, in seconds from now.
    """

    window: NamedWindow | None
    retry_after: float | None


def parse_rate_headers(headers: Mapping[str, str], now: float) -> RateHeaders:
    """Read the headers of a response that came at `now` (Unix seconds).

    The API means its times by its own clock, which the header `Date` shows.
    """
    theirs = unix_time(headers.get("Date"))
    here = now if theirs is None else theirs
    return RateHeaders(_window(headers, here), _retry_after(headers.get("Retry-After"), here))


def _window(headers: Mapping[str, str], here: float) -> NamedWindow | None:
    limit = whole_number(headers.get("X-RateLimit-Limit"))
    remaining = whole_number(headers.get("X-RateLimit-Remaining"))
    if not limit or remaining is None:
        return None
    return NamedWindow(limit, remaining, _seconds_left(headers.get("X-RateLimit-Reset"), here))


def _seconds_left(text: str | None, here: float) -> float:
    """Read the reset as Unix time, in seconds or milliseconds, or as the seconds left; else assume a minute.

    The vendor documents Unix seconds. A window of a minute never lasts longer than one.
    """
    reset = number(text)
    if reset is None:
        return MINUTE
    if 0 < reset <= MINUTE:
        return reset
    left = (reset / 1000 if reset > _MILLISECONDS else reset) - here
    return left if 0 <= left <= MINUTE else MINUTE


def _retry_after(text: str | None, here: float) -> float | None:
    """Read seconds or an HTTP date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after."""
    seconds = whole_number(text)
    if seconds is not None:
        return float(seconds)
    moment = unix_time(text)
    return None if moment is None else max(0.0, moment - here)
