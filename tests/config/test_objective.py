"""Which databases an objective applies to."""

import pytest

from exporter.config import NEVER, Match, Objective


@pytest.mark.parametrize(
    ("match", "covered"),
    [
        (Match(), True),
        (Match(instance_id="550e*"), True),
        (Match(instance_id="551*"), False),
        (Match(instance_name="orders-?b"), True),
        (Match(instance_name="Orders-*"), False),
        (Match(instance_name="orders-*", datastore_type="redis"), False),
        (Match(instance_id="[0-9]*", instance_name="*", datastore_type="post*"), True),
    ],
)
def test_all_patterns_must_match(match: Match, covered: bool) -> None:  # noqa: FBT001 - what is expected
    """Letter case matters."""
    assert match.covers("550e8400", "orders-db", "postgresql") is covered


def test_a_pattern_for_names_never_matches_a_database_without_a_name() -> None:
    """Not even a pattern that matches every name does."""
    assert not Match(instance_name="*").covers("550e8400", None, "redis")
    assert Match(datastore_type="*").covers("550e8400", None, "redis")


def test_an_empty_objective_has_no_limits() -> None:
    """It applies to every database and requires nothing."""
    assert Objective() == Objective(Match(), max_age=NEVER, max_duration=NEVER)
