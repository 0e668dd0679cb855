"""The API's rate limits in response headers. Parsing never raises."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from exporter.api.headers import number, unix_time, whole_number
from exporter.api.tiers import MINUTE

_MILLISECONDS: Final = 100_000_000_000
"""Times above this are milliseconds: as seconds it is in the year 5138."""


class ReportedWindow(Struct, frozen=True):
    """The rate-limit window in a response: `remaining` of `limit` requests for `seconds` more."""

    limit: int
    remaining: int
    seconds: float


class RateHeaders(Struct, frozen=True):
    """The rate-limit headers of one response; `None` if a header is missing or unreadable.

    :param window: from `X-RateLimit-*`.
    :param retry_after: from `Retry-After`, in seconds from now.
    """

    window: ReportedWindow | None
    retry_after: float | None


def parse_rate_headers(headers: Mapping[str, str], now: float) -> RateHeaders:
    """Parse the headers of a response received at `now` (Unix seconds).

    Times in the headers are relative to the API's clock, given by the header `Date`.
    """
    api_time = unix_time(headers.get("Date"))
    reference = now if api_time is None else api_time
    return RateHeaders(_window(headers, reference), _retry_after(headers.get("Retry-After"), reference))


def _window(headers: Mapping[str, str], reference: float) -> ReportedWindow | None:
    limit = whole_number(headers.get("X-RateLimit-Limit"))
    remaining = whole_number(headers.get("X-RateLimit-Remaining"))
    if not limit or remaining is None:
        return None
    return ReportedWindow(limit, remaining, _seconds_left(headers.get("X-RateLimit-Reset"), reference))


def _seconds_left(text: str | None, reference: float) -> float:
    """Parse the reset as Unix time in seconds or milliseconds, or as seconds left; a minute by default.

    The vendor documents Unix seconds. A window of a minute never lasts longer than one.
    """
    reset = number(text)
    if reset is None:
        return MINUTE
    if 0 < reset <= MINUTE:
        return reset
    left = (reset / 1000 if reset > _MILLISECONDS else reset) - reference
    return left if 0 <= left <= MINUTE else MINUTE


def _retry_after(text: str | None, reference: float) -> float | None:
    """Parse seconds or an HTTP date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after."""
    seconds = whole_number(text)
    if seconds is not None:
        return float(seconds)
    moment = unix_time(text)
    return None if moment is None else max(0.0, moment - reference)
