"""The command `demo`, and its databases as the exporter assesses them."""

import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise, takewhile
from operator import attrgetter
from pathlib import Path
from typing import IO

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
from exporter.cli.commands.demo import API_KEY, OBJECTIVES, demo_config, running_demo
from exporter.config import Config, Match, Objective, Statuses
from exporter.records import Backup
from exporter.simulator import Fleet, RateLimitTier
from tests.support.command import LOOPBACK, ended, running

EXPECTED = {
    "stale": {Problem.OVER_OBJECTIVE},
    "failing": {Problem.OVER_OBJECTIVE, Problem.LAST_ATTEMPT_FAILED},
    "stuck": {Problem.RUNS_TOO_LONG},
    "broken_chain": {Problem.OVER_OBJECTIVE, Problem.CHAIN_BROKEN},
    "never": {Problem.NO_RESTORABLE_BACKUP},
    "gap": set(),
    "long_chain": set(),
    "short_retention": set(),
    "cinder": set(),
    "retired": set(),
    "replica": set(),
}


BY_THE_DEMO = {
    "gap": {Problem.GAP_TOO_LONG},
    "long_chain": {Problem.CHAIN_TOO_LONG, Problem.FULL_TOO_OLD},
    "broken_chain": {Problem.CHAIN_BROKEN, Problem.GAP_TOO_LONG},
}
"""What the demo's objectives make visible in addition."""


def at_risk(
    fleet: Fleet, now: datetime, objectives: tuple[Objective, ...] = Config().objectives
) -> dict[str, Risk]:
    """Assess a fleet, by default by the default objectives; return the databases at risk by their ids."""
    listed = {instance.id: instance for instance in fleet.instances(now)}
    backups, rules = fleet.backups(now), Rules(Statuses(), objectives)
    chains = Chains({backup.id: backup for backup in backups}, rules.statuses, "auto")
    assessments = assess_databases(group_backups(backups), chains, Inventory({}, listed), rules)
    return {risk.instance_id: risk for risk in risks(assessments, now.timestamp())}


@pytest.mark.slow
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
    for ailment in fleet.ailments:
        if ailment.kind in {"retired", "replica"}:
            assert ailment.instance_id not in risky
        elif not EXPECTED[ailment.kind]:
            assert problems.get(ailment.instance_id, set()) <= {Problem.LAST_ATTEMPT_FAILED}


def test_it_prints_every_ailing_database(capsys: pytest.CaptureFixture[str]) -> None:
    """It prints the addresses too, and commands to try."""
    with running_demo(seed=1) as demo:
        demo.announce("http://127.0.0.1:12345")
    printed = capsys.readouterr().out

    assert all(ailment.name in printed and ailment.kind in printed for ailment in demo.ailments)
    assert {ailment.kind for ailment in demo.ailments} == set(EXPECTED)
    assert "http://127.0.0.1:12345/metrics" in printed


def test_every_database_has_an_owner_and_a_complete_objective() -> None:
    """So the demo shows each part of an objective, an exclusion and a quota."""
    config = demo_config("http://127.0.0.1:1")
    (target,) = config.targets
    last = config.objectives[-1]

    assert last.match == Match()
    assert all(dict(objective.labels).keys() == {"team"} for objective in config.objectives)
    assert all(last.max_chain and last.min_retention and o.max_gap.seconds for o in config.objectives)
    assert target.exclude[0].covers_name("Replication snapshot for orders-db-replica")
    assert target.max_backups is not None


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 50),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
)
def test_only_ailing_databases_miss_the_demo_s_objectives(seed: int, now: datetime) -> None:
    """The gaps, full backups, chains and retention of the healthy stay within what is required of them."""
    fleet = Fleet(seed)
    backups = fleet.backups(now)
    excluded = demo_config("http://127.0.0.1:1").targets[0].exclude[0]

    problems = {key: set(risk.problems) for key, risk in at_risk(fleet, now, OBJECTIVES).items()}
    for ailment in fleet.ailments:
        if ailment.kind in BY_THE_DEMO:
            assert BY_THE_DEMO[ailment.kind] <= problems[ailment.instance_id]
    for key in fleet.healthy:
        assert problems.get(key, set()) <= {Problem.LAST_ATTEMPT_FAILED}
        own = [b for b in backups if b.instance_id == key and not excluded.covers_name(b.name)]
        assert_within(own, now)


def assert_within(backups: list[Backup], now: datetime) -> None:
    """Compare the completed backups of a database with the objective for it."""
    done = sorted((b for b in backups if b.status == "COMPLETED"), key=attrgetter("created_at"))
    fulls = [b.created_at for b in done if b.parent_id is None]
    datastore = done[0].datastore
    objective = next(o for o in OBJECTIVES if o.match.datastore_type in {None, datastore and datastore.type})
    moments = [*(b.created_at for b in done), now]

    assert objective.max_gap.seconds is not None
    assert objective.max_full_age.seconds is not None
    assert objective.min_retention is not None
    assert objective.max_chain is not None
    assert max(b - a for a, b in pairwise(moments)).total_seconds() <= objective.max_gap.seconds
    assert (now - fulls[-1]).total_seconds() <= objective.max_full_age.seconds
    assert (now - moments[0]).total_seconds() >= objective.min_retention
    assert sum(b.created_at >= fulls[-1] for b in done) <= objective.max_chain


def test_every_command_to_try_prints_something() -> None:
    """Each line under *Try* works as it is printed; one explains a database that is at risk."""
    explained: list[str] = []
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with running("demo", LOOPBACK) as (process, _):
        for command in tried(process.stdout):
            done = subprocess.run(
                ["/bin/sh", "-c", command],
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
                env={"PATH": path},
            )

            assert done.stdout.strip(), command
            assert done.stderr == "", command
            if " explain " in command:
                explained.append(done.stdout)

    (text,) = explained
    assert text.startswith("search-db: at risk\n")
    assert "  Start a full backup" in text


def tried(output: IO[str] | None) -> list[str]:
    """Return the commands that the demo prints."""
    assert output is not None
    lines = iter(output.readline, "")
    printed = list(takewhile(lambda line: "Ctrl-C" not in line, lines))
    commands = [line.strip() for line in printed[printed.index("Try:\n") + 1 :] if line.strip()]
    assert len(commands) > 3
    return commands


@pytest.mark.parametrize(("tier", "limit"), [("standard", "60"), ("unlimited", None)])
def test_the_embedded_api_has_the_limits_of_a_tier(tier: RateLimitTier, limit: str | None) -> None:
    """`--tier=standard` shows how the exporter paces its walks."""
    with running_demo(seed=1, tier=tier) as demo:
        url = f"{demo.config.targets[0].url}/v1/database-backups"
        response = requests.get(url, headers={"X-Api-Key": API_KEY}, timeout=60)

    assert response.headers.get("X-RateLimit-Limit") == limit


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
