"""Durations: parsed and formatted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.durations import LONGEST, UNITS, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("90s", 90),
        ("5m", 300),
        ("1h30m", 5400),
        ("7d", 604_800),
        ("1y1w1d1h1m1s1ms", 32_230_861.001),
        ("1500ms", 1.5),
        ("026h", 93_600),
    ],
)
def test_durations_are_parsed_as_prometheus_parses_them(text: str, seconds: float) -> None:
    """Each unit appears at most once, from large to small."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "s",
        "1.5h",
        "-5m",
        "+5m",
        " 5m",
        "5m ",
        "5 m",
        "5m1h",
        "5m5m",
        "5M",
        "1h0",
        "٣s",
        "300y",
        "9" * 40 + "s",
    ],
)
def test_a_text_that_prometheus_refuses_is_refused(text: str) -> None:
    """A unit is missing, the order is wrong, or it is more than 292 years."""
    with pytest.raises(ValueError, match=r"is not a duration|is out of range"):
        parse_duration(text)


@given(st.lists(st.integers(0, 1000), min_size=len(UNITS), max_size=len(UNITS)))
def test_units_add_up(amounts: list[int]) -> None:
    """The duration is always the sum of its amounts."""
    amounts[0] %= 200
    seconds = sum(amount * unit for amount, unit in zip(amounts, UNITS.values(), strict=True))

    assert parse_duration("".join(f"{n}{unit}" for n, unit in zip(amounts, UNITS, strict=True))) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.4321, "0.432s"),
        (59, "59s"),
        (60, "1m"),
        (725, "12m 5s"),
        (3599.7, "1h"),
        (273_600, "3d 4h"),
        (86_400 + 5, "1d 5s"),
        (-3_700, "-1h 1m"),
    ],
)
def test_ages_are_formatted_for_people(seconds: float, text: str) -> None:
    """The two largest units that are not zero are shown."""
    assert format_duration(seconds) == text


@given(st.floats(-LONGEST, LONGEST))
def test_every_age_has_one_or_two_units(seconds: float) -> None:
    """Each of them has a number."""
    words = format_duration(seconds).split()

    assert 1 <= len(words) <= 2
    assert all(word[-1] in "dhms" and word[-2].isdigit() for word in words)
