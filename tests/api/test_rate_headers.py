"""The rate-limit headers, in every form that an API may send."""

from email.utils import formatdate
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.api.rate_headers import ReportedWindow, parse_rate_headers
from exporter.api.tiers import MINUTE
from tests.support.header_values import HEADER_VALUES, RATE_HEADER_NAMES
from tests.support.rate_limits import rate_headers

NOW = 1_800_000_000.0


def test_no_headers_say_nothing() -> None:
    """Absent headers are no limit."""
    parsed = parse_rate_headers({}, NOW)

    assert (parsed.window, parsed.retry_after) == (None, None)


@pytest.mark.parametrize(
    "headers",
    [
        rate_headers(0, 0),
        rate_headers() | {"X-RateLimit-Limit": "many"},
        {"X-RateLimit-Limit": "60"},
        {"X-RateLimit-Remaining": "60"},
    ],
)
def test_unreadable_limits_say_nothing(headers: dict[str, str]) -> None:
    """A window needs a positive limit and what remains of it."""
    assert parse_rate_headers(headers, NOW).window is None


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [
        ("1800000030", 30),
        ("1800000042000", 42),
        ("42", 42),
        ("60", 60),
        ("61", 60),
        ("0", 60),
        ("-1", 60),
        ("1900000000", 60),
        ("soon", 60),
        ("", 60),
        ("nan", 60),
        ("1e999", 60),
    ],
)
def test_the_reset_may_be_a_time_or_the_seconds_left(reset: str, seconds: float) -> None:
    """Unix seconds, milliseconds or seconds left; a minute if it is none of them, and at most a minute."""
    headers = rate_headers(100, 7) | {"X-RateLimit-Reset": reset}

    assert parse_rate_headers(headers, NOW).window == ReportedWindow(100, 7, seconds)


def test_times_are_relative_to_the_apis_clock() -> None:
    """The API's `Date` shows how far its clock is from this machine's."""
    api_time = NOW + 5_000
    headers = rate_headers(
        reset=api_time + 20,
        Date=formatdate(api_time, usegmt=True),
        Retry_After=formatdate(api_time + 7, usegmt=True),
    )
    parsed = parse_rate_headers(headers, NOW)

    assert parsed.window == ReportedWindow(60, 60, 20)
    assert parsed.retry_after == 7


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("17", 17),
        (formatdate(NOW + 23, usegmt=True), 23),
        (formatdate(NOW - 23, usegmt=True), 0),
        ("soon", None),
        ("1.5", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    """As RFC 9110 defines it; a date in the past means no wait."""
    assert parse_rate_headers({"Retry-After": text}, NOW).retry_after == seconds


@given(headers=st.fixed_dictionaries({}, optional=dict.fromkeys(RATE_HEADER_NAMES, HEADER_VALUES)))
def test_no_header_ever_raises_or_overflows(headers: dict[str, str]) -> None:
    """For any headers, the result is finite and a window ends within a minute."""
    parsed = parse_rate_headers(headers, NOW)

    assert parsed.retry_after is None or isfinite(parsed.retry_after)
    assert parsed.window is None or 0 <= parsed.window.seconds <= MINUTE
