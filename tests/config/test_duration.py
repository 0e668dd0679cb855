"""Durations in the configuration: Prometheus's, with `never` for a limit."""

import pytest

from exporter.config import NEVER, Duration, MaxDuration, Timeout
from exporter.config.duration import PositiveDuration
from exporter.validation import NotAllowedError


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("90s", 90), ("1h30m", 5400), ("7d", 604_800)])
def test_a_duration_is_a_number_of_seconds(text: str, seconds: float) -> None:
    """It can be used wherever a number of seconds is expected."""
    assert Duration.parse(text) == seconds


@pytest.mark.parametrize("kind", [Duration, Timeout, MaxDuration])
@pytest.mark.parametrize("found", [30, 1.5, True, "", "30", "-5m", "five", [], {}])
def test_other_values_are_not_allowed(kind: type[Duration | Timeout | MaxDuration], found: object) -> None:
    """A number without a unit is ambiguous."""
    with pytest.raises(NotAllowedError):
        kind.parse(found)


@pytest.mark.parametrize(("text", "seconds"), [("1ms", 0.001), ("1d", 86_400)])
def test_a_period_is_up_to_a_day(text: str, seconds: float) -> None:
    """The limits themselves are allowed."""
    assert Timeout.parse(text) == seconds


@pytest.mark.parametrize("text", ["0", "0s", "1d1ms", "never"])
def test_a_period_ends(text: str) -> None:
    """A timeout is neither zero nor months."""
    with pytest.raises(NotAllowedError):
        Timeout.parse(text)


@pytest.mark.parametrize("kind", [MaxDuration, PositiveDuration])
@pytest.mark.parametrize("text", ["0", "0s", "0d0ms"])
def test_no_limit_is_zero(kind: type[MaxDuration | PositiveDuration], text: str) -> None:
    """No backup could meet it, or each would."""
    with pytest.raises(NotAllowedError):
        kind.parse(text)


@pytest.mark.parametrize(("found", "limit"), [("30h", MaxDuration(108_000)), ("never", NEVER), (None, NEVER)])
def test_a_limit_may_be_never(found: object, limit: MaxDuration) -> None:
    """Then it has no seconds; an empty value means the same."""
    assert MaxDuration.parse(found) == limit


def test_limits_are_compared_by_their_seconds() -> None:
    """Equal limits have equal hashes."""
    assert len({MaxDuration(7), MaxDuration(7), MaxDuration(8), NEVER, MaxDuration(None)}) == 3
    assert MaxDuration(7) != 7
    assert NEVER.seconds is None
    assert isinstance(MaxDuration(7).seconds, float)
    assert repr(MaxDuration(7)) == "MaxDuration(7.0)"
