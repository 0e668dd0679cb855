"""Header values: numbers and dates, and nothing that overflows."""

from math import isfinite

import pytest
from hypothesis import given

from exporter.api.headers import LARGEST, number, unix_time, whole_number
from tests.support.header_values import HEADER_VALUES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("60", 60),
        (" +060 ", 60),
        ("-5", 0),
        ("9" * 16, LARGEST),
        ("9" * 5000, LARGEST),
        ("0" * 5000 + "7", 7),
        ("", None),
        (None, None),
        ("1.5", None),
        ("1_000", None),
        ("²", None),
        ("٣", None),
    ],
)
def test_whole_numbers(text: str | None, expected: int | None) -> None:
    """Only ASCII digits are a number; a negative one is 0."""
    assert whole_number(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1767225600.5", 1767225600.5),
        ("1e400", None),
        ("nan", None),
        ("inf", None),
        ("-1e300", -LARGEST),
        ("9" * 300, LARGEST),
        ("soon", None),
        (None, None),
    ],
)
def test_numbers(text: str | None, expected: float | None) -> None:
    """A fraction is allowed; the result is finite and bounded."""
    assert number(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thu, 01 Jan 2026 00:00:00 GMT", 1_767_225_600),
        ("Thu, 01 Jan 2026 00:00:00 -0000", 1_767_225_600),
        ("Thu, 01 Jan 2026 02:00:00 +0200", 1_767_225_600),
        ("Mon, 01 Jan 1900 00:00:00 -0000", -2_208_988_800),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
        (f"Fri, 31 Dec {'9' * 30} 23:59:59 GMT", None),
        (f"Fri, 31 Dec 2026 23:59:59 +{'9' * 30}", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_unix_times(text: str | None, expected: float | None) -> None:
    """The machine's time zone does not matter."""
    assert unix_time(text) == expected


@given(text=HEADER_VALUES)
def test_no_value_ever_overflows(text: str) -> None:
    """For any header, the result is `None` or a finite number."""
    for value in (whole_number(text), number(text), unix_time(text)):
        assert value is None or isfinite(float(value))
