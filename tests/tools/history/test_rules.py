"""The layers in which promtool evaluates the rules."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.source.groups import alerts, groups
from alerts.source.settings import Settings
from alerts.source.table import Recording
from tools.history.rules import FALLBACKS, NAME, all_rules, layers

STEP = 1800.0
WAITS = re.compile(r"\[(\d+)ms:(\d+)s\]\) >= (\d+)")


def made(step: float = STEP) -> list[list[Mapping[str, Any]]]:
    """Return the rules of each layer."""
    files = layers(all_rules(step), 31)
    return [[rule for group in file["groups"] for rule in group["rules"]] for file in files]


def records() -> set[str]:
    """Return the name of each record."""
    return {rule.name for group in groups(Settings()) for rule in group.rules if isinstance(rule, Recording)}


def _pairs(found: list[list[Mapping[str, Any]]]) -> Iterator[tuple[str, str, int, int]]:
    first = {rule["record"]: place for place, layer in reversed(list(enumerate(found))) for rule in layer}
    for place, layer in enumerate(found):
        for rule in layer:
            for read in set(NAME.findall(rule["expr"])) - {rule["record"]}:
                yield rule["record"], read, place, first[read]


def test_every_rule_is_evaluated() -> None:
    """Every record and every alert is in a layer."""
    rules = [rule for layer in made() for rule in layer]

    assert {rule["record"] for rule in rules} == records() | {"ALERTS", "ALERTS_FOR_STATE"}
    assert {rule["labels"]["alertname"] for rule in rules if "labels" in rule} == {
        alert.name for alert in alerts(Settings())
    }


def test_a_rule_is_evaluated_after_what_it_reads() -> None:
    """A record has a later layer than what it reads, but where two read each other."""
    early = {(name, read) for name, read, place, first in _pairs(made()) if place <= first}

    assert early == {("bycloud:restorable_low:backups", "bycloud:restorable_low:timestamp")}


def test_a_rule_that_reads_its_past_is_evaluated_twice() -> None:
    """Facts continue in an outage, which a single evaluation cannot see."""
    seen = [rule["record"] for layer in made() for rule in layer]

    assert seen.count("bycloud:restorable:backups") == 2
    assert seen.count("bycloud:target:visible") == 1


@pytest.mark.parametrize("name", sorted(FALLBACKS))
def test_a_database_without_a_past_is_evaluated_last(name: str) -> None:
    """What a rule says of a database without a past is left out while no rule can see the past."""
    known, every = (rule["expr"] for layer in made() for rule in layer if rule["record"] == name)

    assert every.startswith(known)
    assert every.removeprefix(known).startswith("\nor on (")
    assert every.removeprefix(known).count("\n") == 1


@given(st.integers(0, 10**9), st.sampled_from([600.0, 1800.0]))
def test_an_alert_fires_wherever_in_an_interval_it_is_evaluated(milliseconds: int, step: float) -> None:
    """A subquery's times are multiples of its step, and those of a group's evaluations are not."""
    rules = [rule for layer in made(step) for rule in layer if rule["record"] == "ALERTS"]
    waiting = [WAITS.search(rule["expr"]) for rule in rules if ") >= " in rule["expr"]]

    assert waiting
    for found in waiting:
        assert found
        window, every, least = int(found[1]), int(found[2]) * 1000, int(found[3])
        assert milliseconds // every - (milliseconds - window - 1) // every == least


def test_windows_hold_two_scrapes() -> None:
    """If scrapes are far apart, no window for one or two of them is shorter than that."""
    expressions = [rule["expr"] for layer in made() for rule in layer]

    assert not [expression for expression in expressions if re.search(r"\[(11|21)m\]", expression)]
    assert [expression for expression in expressions if "[3660s]" in expression]
