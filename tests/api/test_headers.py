"""Header values: a number or a date where they are one, and nothing that overflows."""

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.api.budget import HOUR, Budget
from exporter.api.headers import LARGEST, number, unix_time, whole_number
from exporter.metrics.own import BudgetCollector
from tests.support.world import World

DIGITS = st.text("0123456789", min_size=1, max_size=6000)
HUGE = st.integers(15, 5000).map("9".__mul__)
VALUES = st.one_of(
    HUGE,
    DIGITS,
    st.text(max_size=40),
    st.floats().map(str),
    st.integers().map(str),
    DIGITS.map("-{}".format),
    st.builds("Fri, 01 Jan {} {}:00:00 {}".format, DIGITS, st.integers(-1, 99), st.text("+-0123456789GMT")),
)
NAMES = ("Date", "Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


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
    """Digits of ASCII alone; a negative one is 0."""
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
    """With a fraction or not; neither infinite nor beyond measure."""
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
    """Whatever the time zone of the machine."""
    assert unix_time(text) == expected


@given(text=VALUES)
def test_no_value_overflows(text: str) -> None:
    """Whatever a header says, what is read can be counted with."""
    for value in (whole_number(text), number(text), unix_time(text)):
        assert value is None or isfinite(float(value))


@given(
    headers=st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, VALUES)),
    status=st.sampled_from([200, 429, 503]),
    share=st.floats(0.01, 1),
)
def test_no_header_breaks_the_budget(headers: dict[str, str], status: int, share: float) -> None:
    """What it says can be shown as a number, and nobody is kept away for more than an hour."""
    budget = Budget(clock=World(), share=share)
    budget.take()
    budget.observe(status, headers)
    budget.give_back()
    shown = [family.samples for family in BudgetCollector(lambda: {"default": budget.state}).collect()]

    assert all(isfinite(sample.value) for samples in shown for sample in samples)
    assert 0 <= budget.take() <= HOUR
