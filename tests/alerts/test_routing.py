"""The example for Alertmanager, by `amtool` and by a real Alertmanager: who is notified of what, once."""

import json
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Final

import pytest
import requests
import yaml
from msgspec import Struct

from tests.support.programs import need
from tests.support.real_prometheus import listening, wait_until

ALERTS: Final = Path(__file__).parents[2] / "alerts"
EXAMPLE: Final = ALERTS / "alertmanager.example.yml"
RECEIVERS: Final = {"critical": "page", "warning": "ticket", "info": "nobody"}
SEVERITY_ORDER: Final = ("info", "warning", "critical")
PAGES_TOO: Final = {"ByCloudBackupInventoryEmpty": "critical"}
"""It has two rules: one informs, for an account that never had a backup, so there is nothing to mute then."""
NEVER_MUTED: Final = {"ByCloudBackupTooOld", "ByCloudBackupMissing"}
JOB: Final = {"cluster": "one", "namespace": "monitoring", "job": "bycloud"}
Labels = Mapping[str, str]


def _severities() -> dict[str, str]:
    """Return the severity of each alert of the shipped rules."""
    groups = yaml.safe_load((ALERTS / "bycloud-backups.rules.yml").read_text(encoding="utf-8"))["groups"]
    rules = (rule for group in groups for rule in group["rules"] if "alert" in rule)
    return {rule["alert"]: rule["labels"]["severity"] for rule in rules}


SEVERITIES: Final = _severities()


def alert(name: str, **labels: str) -> Labels:
    """Return the labels of an alert of the shipped rules."""
    return {"alertname": name, "severity": SEVERITIES[name], **JOB, **labels}


def test_amtool_accepts_the_example() -> None:
    """`amtool check-config` finds nothing."""
    command = [need("amtool"), "check-config", str(EXAMPLE)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


def test_promtool_accepts_the_dead_mans_switch() -> None:
    """`promtool check rules` finds nothing, and no shipped rule has its name."""
    command = [need("promtool"), "check", "rules", str(ALERTS / "watchdog.example.yml")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "Watchdog" not in SEVERITIES


@pytest.mark.parametrize("name", sorted(SEVERITIES))
def test_the_severity_decides_who_is_notified(name: str) -> None:
    """Critical alerts page, whatever the objective; warnings open tickets; infos notify nobody."""
    assert _route(alert(name, team="payments")) == RECEIVERS[SEVERITIES[name]]


def test_the_dead_mans_switch_has_a_receiver_of_its_own() -> None:
    """It is no page and no ticket."""
    assert _route({"alertname": "Watchdog", "severity": "none"}) == "heartbeat"


def test_stale_and_missing_backups_page() -> None:
    """They page by default."""
    assert {SEVERITIES[name] for name in NEVER_MUTED} == {"critical"}


def test_mutes_name_alerts_that_exist() -> None:
    """Each pattern of an inhibition rule matches an alert; none matches what nothing may mute."""
    for rule in yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))["inhibit_rules"]:
        for side in ("source_matchers", "target_matchers"):
            assert _matched(rule[side]), rule
        assert not _matched(rule["target_matchers"]) & NEVER_MUTED


def test_no_alert_mutes_a_more_severe_one() -> None:
    """Else a ticket, which waits for the morning, could keep a page from being sent."""
    severities = SEVERITIES | PAGES_TOO
    rank = {name: SEVERITY_ORDER.index(severity) for name, severity in severities.items()}
    rules = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))["inhibit_rules"]
    sides = [(_matched(rule["source_matchers"]), _matched(rule["target_matchers"])) for rule in rules]

    for sources, targets in sides:
        assert min(rank[name] for name in sources) >= max(rank[name] for name in targets), sources


def _route(labels: Labels) -> str:
    pairs = [f"{name}={value}" for name, value in labels.items()]
    command = [need("amtool"), "config", "routes", "test", f"--config.file={EXAMPLE}", *pairs]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _matched(matchers: Iterable[str]) -> set[str]:
    """Return the shipped alerts that matchers on the alert's name match."""
    names = set(SEVERITIES)
    for matcher in matchers:
        pattern = re.fullmatch(r'alertname(=~?)"([^"]+)"', matcher)
        assert pattern, matcher
        names &= {name for name in SEVERITIES if re.fullmatch(pattern[2], name)}
    return names


class Alertmanager(Struct):
    """A running Alertmanager, and the notifications that it sent: receiver and alerts."""

    url: str
    notified: list[tuple[str, frozenset[tuple[str, str]]]]

    def post(self, alerts: Sequence[Labels]) -> None:
        """Post firing alerts at once, as Prometheus does."""
        response = requests.post(
            f"{self.url}/api/v2/alerts", json=[{"labels": dict(labels)} for labels in alerts], timeout=60
        )
        response.raise_for_status()

    def muted(self) -> set[str]:
        """Return the names of the alerts that are inhibited now."""
        alerts = requests.get(f"{self.url}/api/v2/alerts", timeout=60).json()
        return {one["labels"]["alertname"] for one in alerts if one["status"]["inhibitedBy"]}

    def received(self, receiver: str) -> list[set[str]]:
        """Return the names of the alerts of each notification to a receiver."""
        return [{name for name, _ in alerts} for to, alerts in self.notified if to == receiver]


@contextmanager
def _alertmanager(folder: Path) -> Iterator[Alertmanager]:
    """Run the example, but notify at once, and all receivers at one address."""
    notified: list[tuple[str, frozenset[tuple[str, str]]]] = []
    with _receiver(notified) as receiver:
        thread = threading.Thread(target=receiver.serve_forever, daemon=True)
        thread.start()
        text = EXAMPLE.read_text(encoding="utf-8").replace(
            "127.0.0.1:9099", f"127.0.0.1:{receiver.server_port}"
        )
        path = folder / "alertmanager.yml"
        path.write_text(re.sub(r"group_wait: \w+", "group_wait: 1s", text), encoding="utf-8")
        command = [
            need("prometheus-alertmanager"),
            f"--config.file={path}",
            f"--storage.path={folder / 'data'}",
            "--cluster.listen-address=",
        ]
        with listening(command, folder / "alertmanager.log") as address:
            yield Alertmanager(f"http://{address}", notified)
        receiver.shutdown()
        thread.join()


def _notifying_at_once(receiver: str) -> str:
    """Return the example with another address for all receivers, and almost no wait."""
    text = EXAMPLE.read_text(encoding="utf-8").replace("127.0.0.1:9099", receiver)
    return re.sub(r"group_wait: \w+", "group_wait: 1s", text)


def _receiver(notified: list[tuple[str, frozenset[tuple[str, str]]]]) -> HTTPServer:
    class Receiver(BaseHTTPRequestHandler):
        """Receives Alertmanager's webhook; the path is the receiver's name."""

        def do_POST(self) -> None:
            """Record the alerts."""
            posted: Any = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            names = frozenset(
                (one["labels"]["alertname"], one["labels"].get("target", "")) for one in posted["alerts"]
            )
            notified.append((self.path.removeprefix("/"), names))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    return HTTPServer(("127.0.0.1", 0), Receiver)


DATABASE: Final = {"target": "production", "instance_id": "a", "datastore_type": "redis"}
OTHER: Final = {"target": "production", "instance_id": "b", "datastore_type": "redis"}


@pytest.mark.slow
def test_a_dead_exporter_with_twelve_targets_is_one_page(tmp_path: Path) -> None:
    """What the last scrapes of its targets raised is muted."""
    targets = [f"account-{number}" for number in range(12)]
    down = [alert("ByCloudExporterDown", target=target) for target in targets]
    stale = [alert("ByCloudScrapeStale", target=target) for target in targets]
    with _alertmanager(tmp_path) as manager:
        manager.post([*down, *stale])
        wait_until(lambda: bool(manager.received("page")))

        assert manager.muted() == {"ByCloudScrapeStale"}
        assert manager.received("page") == [{"ByCloudExporterDown"}]


@pytest.mark.slow
def test_an_expired_key_is_one_page(tmp_path: Path) -> None:
    """Its consequences for the same target are muted, those of other targets are not."""
    here = {"target": "production"}
    with _alertmanager(tmp_path) as manager:
        manager.post(
            [
                alert("ByCloudApiAuthFailed", **here),
                alert("ByCloudScrapeFailing", **here),
                alert("ByCloudScrapeStale", **here),
                alert("ByCloudScrapeFailing", target="staging"),
            ]
        )
        wait_until(lambda: bool(manager.received("page") and manager.received("ticket")))

        assert manager.muted() == {"ByCloudScrapeFailing", "ByCloudScrapeStale"}
        assert manager.received("page") == [{"ByCloudApiAuthFailed"}]
        assert manager.received("ticket") == [{"ByCloudScrapeFailing"}]


@pytest.mark.slow
@pytest.mark.parametrize("worst", sorted(NEVER_MUTED))
def test_a_database_is_paged_once(tmp_path: Path, worst: str) -> None:
    """Its lesser alerts are muted, those of another database are not; an outage mutes nothing of it."""
    lesser = ["ByCloudBackupFailed", "ByCloudBackupStuck", "ByCloudBackupChainBroken"]
    with _alertmanager(tmp_path) as manager:
        manager.post(
            [
                alert(worst, **DATABASE),
                *(alert(name, **DATABASE) for name in lesser),
                alert("ByCloudBackupFailed", **OTHER),
                alert("ByCloudApiAuthFailed", target="production"),
                alert("ByCloudExporterDown"),
            ]
        )
        wait_until(lambda: {worst} in manager.received("page"))
        wait_until(lambda: bool(manager.received("ticket")))

        assert manager.muted() >= set(lesser)
        assert worst not in manager.muted()
        assert manager.received("ticket") == [{"ByCloudBackupFailed"}]


@pytest.mark.slow
def test_other_labels_of_the_exporter_keep_accounts_apart(tmp_path: Path) -> None:
    """The same target of another cluster is not muted."""
    elsewhere = {"target": "production", "cluster": "two"}
    with _alertmanager(tmp_path) as manager:
        manager.post(
            [
                alert("ByCloudApiAuthFailed", target="production"),
                {**alert("ByCloudScrapeFailing"), **elsewhere},
            ]
        )
        wait_until(lambda: bool(manager.received("ticket")))

        assert manager.muted() == set()


@pytest.mark.slow
def test_a_page_mutes_the_ticket_on_its_own_team_s_budget(tmp_path: Path) -> None:
    """The budgets of other teams open tickets."""
    burn = "ByCloudBackupErrorBudgetBurn"
    with _alertmanager(tmp_path) as manager:
        manager.post(
            [
                alert("ByCloudBackupTooOld", **DATABASE, team="payments"),
                alert(burn, target="production", team="payments"),
            ]
        )
        wait_until(lambda: manager.muted() == {burn})
        manager.post([alert(burn, target="production", team="search")])
        wait_until(lambda: bool(manager.received("ticket")))

        assert manager.received("ticket") == [{burn}]
