"""The whole configuration."""

import pytest

from exporter.config import Config, Match, MaxDuration, Objective, Secret, Target
from exporter.errors import ConfigError


def test_without_objectives_every_database_has_the_default() -> None:
    """A backup a day, with two hours to spare, and six hours to take it."""
    assert Config().objectives == (
        Objective(Match(), max_age=MaxDuration(108_000), max_duration=MaxDuration(21_600)),
    )


@pytest.mark.parametrize(("name", "shown"), [("a", "'a'"), ("a" * 99, f"'{'a' * 58}…"), ("a\n", r"'a\n'")])
def test_each_target_has_its_own_name(name: str, shown: str) -> None:
    """The error shows the name in one short line."""
    target = Target(name=name, token=Secret("t"))
    with pytest.raises(ConfigError) as raised:
        Config(targets=(target, Target(name="other", token=Secret("t")), target))

    assert str(raised.value) == f"targets: found the name {shown} twice, allowed: each name once"
