"""The real Prometheus and Alertmanager on the demo: each ailing database raises its alerts and no other."""

import json
import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families

from exporter.simulator import Fleet
from tests.support.dashboards import DASHBOARDS, View, panels
from tests.support.demo import API_HEADERS, Demo
from tests.support.programs import need
from tests.support.real_prometheus import Prometheus, listening, wait_until

pytestmark = pytest.mark.slow

RULES: Final = Path(__file__).parents[2] / "alerts" / "bycloud-backups.rules.yml"
AT_ONCE: Final = [path for path in DASHBOARDS if path.stem != "compliance"]
"""Compliance needs records of hours: tests/dashboards/test_queries.py runs its queries on a history."""
EMPTY: Final = {
    ("exporter", "Why walks fail"),  # as long as none does
    ("exporter", "Credential expires"),  # the demo's key is no JWT
    ("exporter", "Refused requests"),  # as long as none is
    ("exporter", "Retries"),  # the same
    ("overview", "Failed attempts per day"),  # of the day that begins at the time of the query
    ("instance", "New restore points per day"),  # the same
    ("capacity", "Growth per day"),  # before seven days of data
    ("capacity", "In 30 days"),
    ("capacity", "In a year"),
    ("capacity", "Doubles on"),
}
Raised = frozenset[tuple[str, str]]
"""Alert's name and database's id."""


class Watch(Struct):
    """Prometheus with the project's rules, and what Alertmanager has sent on."""

    prometheus: Prometheus
    notified: set[tuple[str, str]]

    def firing(self) -> Raised:
        """Return the firing alerts of databases."""
        firing = self.prometheus.query('ALERTS{alertstate="firing",instance_id!=""}')
        return frozenset((s["metric"]["alertname"], s["metric"]["instance_id"]) for s in firing)


@pytest.fixture(scope="module")
def watch(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """Run both, with a grouping wait of a second for databases' alerts."""
    folder = tmp_path_factory.mktemp("alerting")
    notified: set[tuple[str, str]] = set()
    with _receiver(notified) as receiver:
        thread = threading.Thread(target=receiver.serve_forever, daemon=True)
        thread.start()
        _configure_alertmanager(folder, receiver.server_address[1])
        with listening(_alertmanager(folder), folder / "alertmanager.log") as manager:
            _configure_prometheus(folder, demo, manager)
            with listening(_prometheus(folder), folder / "prometheus.log") as server:
                running = Prometheus(f"http://{server}")
                wait_until(lambda: _answers(running))
                yield Watch(running, notified)
        receiver.shutdown()
        thread.join()


def _receiver(notified: set[tuple[str, str]]) -> HTTPServer:
    class Receiver(BaseHTTPRequestHandler):
        """Receives Alertmanager's webhook."""

        def do_POST(self) -> None:
            """Record the alerts."""
            posted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            for alert in posted["alerts"]:
                notified.add((alert["labels"]["alertname"], alert["labels"].get("instance_id", "")))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    return HTTPServer(("127.0.0.1", 0), Receiver)


def _configure_prometheus(folder: Path, demo: Demo, manager: str) -> None:
    first = "- record: bycloud:restorable:backups"
    targets, databases = RULES.read_text(encoding="utf-8").split(first)
    shortened = re.sub(r"for: \w+", "for: 1s", databases).replace("interval: 10m", "interval: 1s")
    (folder / "rules.yml").write_text(f"{targets}{first}{shortened}", encoding="utf-8")
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s}\n"
        f"rule_files: ['{folder / 'rules.yml'}']\n"
        f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{manager}']}}]}}]}}\n"
        "scrape_configs:\n"
        "  - job_name: bycloud\n"
        f"    static_configs: [{{targets: ['{demo.exporter.removeprefix('http://')}']}}]\n",
        encoding="utf-8",
    )


def _configure_alertmanager(folder: Path, receiver: int) -> None:
    (folder / "alertmanager.yml").write_text(
        "route: {receiver: test, group_by: [alertname, job, target], group_wait: 1s, group_interval: 1s}\n"
        f"receivers: [{{name: test, webhook_configs: [{{url: 'http://127.0.0.1:{receiver}/'}}]}}]\n",
        encoding="utf-8",
    )


def _alertmanager(folder: Path) -> list[str]:
    return [
        need("prometheus-alertmanager"),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        "--cluster.listen-address=",
    ]


def _prometheus(folder: Path) -> list[str]:
    return [
        need("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
    ]


def _answers(prometheus: Prometheus) -> bool:
    try:
        return prometheus.value("count_over_time(bycloud_up[1m])") >= 2
    except requests.RequestException:  # not there yet, or not ready
        return False


class Database(Struct):
    """One database by the API's own lists, assessed by a naive implementation."""

    backups: list[dict[str, Any]]
    is_watched: bool
    objective: Mapping[str, float]

    def raises(self, by_id: Mapping[str, dict[str, Any]]) -> set[str]:
        """Return the alerts that it should raise."""
        good = [b for b in self.backups if b["status"] == "COMPLETED"]
        restorable = [b for b in good if _is_restorable(b, by_id)]
        finished = [b for b in self.backups if b["status"] in {"COMPLETED", "FAILED"}]
        running = [b for b in self.backups if b["status"] in {"NEW", "BUILDING", "SAVING"}]
        newest = min(map(_age, restorable), default=None)
        return {
            name
            for name, holds in {
                "ByCloudBackupTooOld": newest is not None and newest > self.objective.get("age_seconds", inf),
                "ByCloudBackupMissing": self.is_watched and newest is None and bool(finished),
                "ByCloudBackupFailed": self.is_watched
                and bool(finished)
                and min(finished, key=_age)["status"] == "FAILED",
                "ByCloudBackupStuck": max(map(_age, running), default=0)
                > self.objective.get("duration_seconds", inf),
                "ByCloudBackupChainBroken": bool(good) and min(good, key=_age) not in restorable,
                "ByCloudBackupFullTooOld": min(map(_age, filter(_is_full, restorable)), default=0)
                > self.objective.get("full_age_seconds", inf),
                "ByCloudBackupGap": _open_gap(restorable) > self.objective.get("gap_seconds", inf),
                "ByCloudBackupChainTooLong": bool(restorable)
                and _chain_length(min(restorable, key=_age), by_id) > self.objective.get("chain_length", inf),
            }.items()
            if holds
        }


def _is_full(backup: Mapping[str, Any]) -> bool:
    return backup["parent_id"] is None or (backup["location_ref"] or "").startswith("cinder://")


def _is_restorable(backup: Mapping[str, Any], by_id: Mapping[str, dict[str, Any]]) -> bool:
    parent = backup["parent_id"]
    if backup["status"] != "COMPLETED":
        return False
    return _is_full(backup) or (parent in by_id and _is_restorable(by_id[parent], by_id))


def _chain_length(backup: Mapping[str, Any], by_id: Mapping[str, dict[str, Any]]) -> int:
    return 1 if _is_full(backup) else 1 + _chain_length(by_id[backup["parent_id"]], by_id)


def _open_gap(restorable: list[dict[str, Any]]) -> float:
    """Return the time since the newest restore point if that is the largest gap, because it grows; else 0."""
    ages = [0.0, *sorted(map(_age, restorable))]
    gaps = [older - newer for newer, older in pairwise(ages)]
    return gaps[0] if gaps and gaps[0] == max(gaps) else 0.0


def _objectives(demo: Demo) -> Mapping[str, Mapping[str, float]]:
    """Return each part of every database's objective, as the exporter serves it."""
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for family in text_string_to_metric_families(requests.get(f"{demo.exporter}/metrics", timeout=60).text):
        part = family.name.removeprefix("bycloud_database_backup_objective_")
        if part != family.name:
            for sample in family.samples:
                found[sample.labels["instance_id"]][part] = sample.value
    return found


def _age(backup: Mapping[str, Any]) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(backup["created_at"])).total_seconds()


def _databases(demo: Demo) -> dict[str, set[str]]:
    """Return the alerts that each database of the demo should raise now."""
    held = demo.backups()
    by_id = {backup["id"]: backup for backup in held}
    listed = requests.get(
        f"{demo.api}/v1/database-instances", params={"limit": 1000}, headers=API_HEADERS, timeout=60
    ).json()["database_instances"]
    watched = {i["id"] for i in listed if not i.get("replica_of")}
    own: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for backup in held:
        if not backup["name"].startswith("Replication snapshot"):  # which the demo excludes
            own[backup["instance_id"]].append(backup)
    objectives = _objectives(demo)
    everyone = (set(own) | {i["id"] for i in listed}) - {None}
    return {i: Database(own[i], i in watched, objectives.get(i, {})).raises(by_id) for i in everyone}


def _expected(demo: Demo) -> Raised:
    return frozenset((name, i) for i, names in _databases(demo).items() for name in names)


def test_each_ailing_database_raises_its_alerts_and_no_others(demo: Demo, watch: Watch) -> None:
    """Alertmanager receives exactly the alerts that the API's lists imply for each database."""
    wait_until(lambda: watch.firing() == _expected(demo) != frozenset())
    wait_until(lambda: _expected(demo) <= watch.notified)

    raised = _databases(demo)
    by_kind = {ailment.kind: raised[ailment.instance_id] for ailment in Fleet().ailments}
    full = {"ByCloudBackupFullTooOld", "ByCloudBackupGap"}  # as old as the newest backup, or older
    assert by_kind["stale"] - full == {"ByCloudBackupTooOld"}
    assert by_kind["failing"] - full == {"ByCloudBackupTooOld", "ByCloudBackupFailed"}
    assert by_kind["long_chain"] >= {"ByCloudBackupChainTooLong"}
    assert by_kind["never"] == set()  # its first backup is not due yet
    by_the_hour = {
        "ByCloudBackupTooOld",
        "ByCloudBackupFailed",
    }  # how old the stuck one is, and what came before
    assert by_kind["stuck"] - by_the_hour - full == {"ByCloudBackupStuck"}
    assert by_kind["broken_chain"] >= {"ByCloudBackupTooOld", "ByCloudBackupChainBroken"}
    assert by_kind["replica"] == set()
    assert all("ByCloudBackupFailed" in raised[i] or not raised[i] for i in Fleet().healthy)


def test_alerts_name_the_database(demo: Demo, watch: Watch) -> None:
    """Summaries have the database's name, and no template failed."""
    wait_until(lambda: watch.firing() == _expected(demo) != frozenset())
    alerts = requests.get(f"{watch.prometheus.url}/api/v1/alerts", timeout=60).json()["data"]["alerts"]
    names = {ailment.instance_id: ailment.name for ailment in Fleet().ailments}
    named = [alert for alert in alerts if alert["labels"].get("instance_id") in names]

    assert named
    for alert in named:
        name = names[alert["labels"]["instance_id"]]
        assert name in alert["annotations"]["summary"]
        assert "<error" not in str(alert)


@pytest.mark.parametrize("path", AT_ONCE, ids=lambda path: path.stem)
def test_every_panel_returns_data(path: Path, watch: Watch) -> None:
    """Each panel returns data, except those that are meant to be empty."""
    broken = next(ailment for ailment in Fleet().ailments if ailment.kind == "broken_chain")
    stuck = next(ailment for ailment in Fleet().ailments if ailment.kind == "stuck")
    wait_until(lambda: watch.prometheus.value("count(count_over_time(bycloud_up[30s]) > 5)") == 1)
    dashboard, now = json.loads(path.read_text(encoding="utf-8")), datetime.now(UTC).timestamp()
    views = [
        View(dashboard, watch.prometheus.url, now, {"database": one.instance_id, "__rate_interval": "1m"})
        for one in (broken, stuck)
    ]
    empty = {
        (path.stem, panel["title"])
        for panel in panels(dashboard)
        if not any(view.ask(target["expr"]) for view in views for target in panel["targets"])
    }

    assert empty <= EMPTY
