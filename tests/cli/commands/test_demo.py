"""The command `demo`, and its databases as the exporter assesses them."""

import re
import signal
from datetime import UTC, datetime

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.backups.assessment import assess_databases
from exporter.backups.chains import Chains
from exporter.backups.grouping import group_backups
from exporter.backups.inventory import Inventory
from exporter.backups.risk import Problem, Risk, risks
from exporter.backups.rules import Rules
from exporter.cli.commands.demo import running_demo
from exporter.config import Config, Statuses
from exporter.simulator import (
    Fleet,
)
from tests.support.command import LOOPBACK, ended, running

EXPECTED = {
    "stale": {Problem.OVER_OBJECTIVE},
    "failing": {Problem.OVER_OBJECTIVE, Problem.LAST_ATTEMPT_FAILED},
    "stuck": {Problem.RUNS_TOO_LONG},
    "broken_chain": {Problem.OVER_OBJECTIVE, Problem.CHAIN_BROKEN},
    "never": {Problem.NO_RESTORABLE_BACKUP},
    "retired": set(),
    "replica": set(),
}


def at_risk(fleet: Fleet, now: datetime) -> dict[str, Risk]:
    """Assess a fleet by the default objectives; return the databases at risk by their ids."""
    listed = {instance.id: instance for instance in fleet.instances(now)}
    backups, rules = fleet.backups(now), Rules(Statuses(), Config().objectives)
    chains = Chains({backup.id: backup for backup in backups}, rules.statuses)
    assessments = assess_databases(group_backups(backups), chains, Inventory({}, listed), rules)
    return {risk.instance_id: risk for risk in risks(assessments, now.timestamp())}


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 50),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
)
def test_ailing_databases_are_at_risk_for_their_reasons_and_healthy_ones_are_not(
    seed: int, now: datetime
) -> None:
    """A healthy database may have one failed attempt at most, because the next one succeeds."""
    fleet = Fleet(seed)

    risky = at_risk(fleet, now)

    problems = {key: set(risk.problems) for key, risk in risky.items()}
    for ailment in fleet.ailments:
        assert EXPECTED[ailment.kind] <= problems.get(ailment.instance_id, set()), ailment
    for key in fleet.healthy:
        assert problems.get(key, set()) <= {Problem.LAST_ATTEMPT_FAILED}
    assert not {ailment.instance_id for ailment in fleet.ailments if not EXPECTED[ailment.kind]} & set(risky)


def test_it_prints_every_ailing_database(capsys: pytest.CaptureFixture[str]) -> None:
    """It prints the addresses too, and commands to try."""
    with running_demo(seed=1) as demo:
        demo.announce("http://127.0.0.1:12345")
    printed = capsys.readouterr().out

    assert all(ailment.name in printed and ailment.kind in printed for ailment in demo.ailments)
    assert {ailment.kind for ailment in demo.ailments} == set(EXPECTED)
    assert "http://127.0.0.1:12345/metrics" in printed


def test_it_serves_until_ctrl_c() -> None:
    """The addresses that it prints work, and Ctrl-C ends it with status 0."""
    with running("demo", LOOPBACK, "--seed=3") as (process, url):
        text = requests.get(f"{url}/metrics", timeout=60).text
        status = ended(process, signal.SIGINT)
        output = process.stdout.read() if process.stdout else ""

    assert "bycloud_up 1.0\n" in text
    assert f"{url}/metrics" in output
    assert re.search(r"embedded API  http://127\.0\.0\.1:\d+/v1/database-backups", output)
    assert "Ctrl-C" in output
    assert status == 0


def test_it_ends_with_its_terminal() -> None:
    """A closed terminal sends SIGHUP, which does not mean a reload here."""
    with running("demo", LOOPBACK) as (process, url):
        requests.get(f"{url}/-/healthy", timeout=60)
        status = ended(process, signal.SIGHUP)

    assert status == -signal.SIGHUP
