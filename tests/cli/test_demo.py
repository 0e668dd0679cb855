"""The demo's fleet, as the exporter judges it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.backups.assessment import Inventory, Rules, assess_databases
from exporter.backups.chains import Chains
from exporter.backups.grouping import cohorts
from exporter.backups.risk import Danger, Risk, risks
from exporter.cli.demo import run_demo
from exporter.config.schema import Config, Statuses
from exporter.simulator import Fleet

EXPECTED = {
    "stale": {Danger.OVER_OBJECTIVE},
    "failing": {Danger.OVER_OBJECTIVE, Danger.LAST_ATTEMPT_FAILED},
    "stuck": {Danger.RUNS_TOO_LONG},
    "broken_chain": {Danger.OVER_OBJECTIVE, Danger.CHAIN_BROKEN},
    "never": {Danger.NO_RESTORABLE_BACKUP},
    "retired": set(),
    "replica": set(),
}


def at_risk(fleet: Fleet, now: datetime) -> dict[str, Risk]:
    """Judge a fleet by the default objectives; return those at risk by their ids."""
    listed = {instance.id: instance for instance in fleet.instances(now)}
    backups, rules = fleet.backups(now), Rules(Statuses(), Config().objectives)
    chains = Chains({backup.id: backup for backup in backups}, rules.statuses)
    found = assess_databases(cohorts(backups), chains, Inventory({}, listed), rules)
    return {risk.instance_id: risk for risk in risks(found, now.timestamp())}


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 50),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
)
def test_every_sick_instance_shows_what_ails_it_and_no_other_does(seed: int, now: datetime) -> None:
    """At any moment; a healthy one may have had one failed attempt, which the next mends."""
    fleet = Fleet(seed)

    found = at_risk(fleet, now)

    dangers = {key: set(risk.dangers) for key, risk in found.items()}
    for sick in fleet.ailing:
        assert EXPECTED[sick.kind] <= dangers.get(sick.instance_id, set()), sick
    for key in fleet.healthy:
        assert dangers.get(key, set()) <= {Danger.LAST_ATTEMPT_FAILED}
    assert not {sick.instance_id for sick in fleet.ailing if not EXPECTED[sick.kind]} & set(found)


def test_it_names_every_sick_instance(capsys: pytest.CaptureFixture[str]) -> None:
    """With its address, and a command to try."""
    with run_demo(seed=1) as demo:
        demo.announce("http://127.0.0.1:12345")
    printed = capsys.readouterr().out

    assert all(sick.name in printed and sick.kind in printed for sick in demo.sick)
    assert {sick.kind for sick in demo.sick} == set(EXPECTED)
    assert "http://127.0.0.1:12345/metrics" in printed
