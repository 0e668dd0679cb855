"""What each status of a backup means."""

import pytest

from exporter.config import Statuses


def test_an_attempt_is_finished_once_it_is_usable_or_failed() -> None:
    """A running or a deleted backup is neither."""
    assert Statuses().finished == {"COMPLETED", "RESTORED", "FAILED"}


def test_every_status_of_a_class_is_known() -> None:
    """A status of no class is counted as unknown."""
    statuses = Statuses(
        usable=frozenset("a"), running=frozenset("b"), failed=frozenset("c"), other=frozenset("d")
    )

    assert statuses.known == {"a", "b", "c", "d"}


def test_derived_statuses_are_computed_once() -> None:
    """They are needed for every group of every walk; the settings stay frozen and comparable."""
    statuses = Statuses()

    assert statuses.known is statuses.known
    assert statuses == Statuses()
    assert hash(statuses) == hash(Statuses())
    with pytest.raises(AttributeError, match="immutable"):
        statuses.usable = frozenset()  # type: ignore[misc] # frozen
