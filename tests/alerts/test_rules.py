"""The alerts: rules without lint, each covered by rule tests, with annotations that help."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.support.programs import need
from tests.support.served import ALERT_LABELS, METRIC, RECORDED, served_labels, served_names

HOME: Final = Path(__file__).parents[2]
RULES: Final = HOME / "alerts" / "bycloud-backups.rules.yml"
ALERTMANAGER: Final = HOME / "alerts" / "alertmanager.example.yml"
RULE_TESTS: Final = sorted((HOME / "alerts" / "tests").glob("*.yml"))
NEVER_MUTED: Final = {"ByCloudBackupTooOld", "ByCloudBackupMissing"}
Rule = Mapping[str, Any]


def _rules() -> list[Rule]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


ALERTS: Final = {rule["alert"]: rule for rule in _rules() if "alert" in rule}


def test_the_table_of_alerts_is_whole() -> None:
    """Every documented alert exists, with its severity and `for`."""
    severities = {name: (rule["labels"]["severity"], rule.get("for")) for name, rule in ALERTS.items()}

    assert severities == {
        "ByCloudBackupTooOld": ("critical", "15m"),
        "ByCloudBackupMissing": ("critical", "30m"),
        "ByCloudBackupFailed": ("warning", "5m"),
        "ByCloudBackupStuck": ("warning", "15m"),
        "ByCloudBackupChainBroken": ("warning", "30m"),
        "ByCloudBackupSizeDropped": ("warning", "1h"),
        "ByCloudBackupsDropped": ("warning", "30m"),
        "ByCloudBackupInstanceVanished": ("info", "15m"),
        "ByCloudBackupInventoryEmpty": ("critical", "30m"),
        "ByCloudScrapeFailing": ("warning", "15m"),
        "ByCloudScrapeStale": ("critical", None),
        "ByCloudScrapeIncomplete": ("warning", "1h"),
        "ByCloudApiAuthFailed": ("critical", "5m"),
        "ByCloudApiRateLimited": ("warning", "30m"),
        "ByCloudExporterDown": ("critical", "10m"),
    }


def test_promtool_finds_nothing() -> None:
    """`promtool check rules` finds nothing with every lint on."""
    command = [need("promtool"), "check", "rules", "--lint=all", "--lint-fatal", str(RULES)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", RULE_TESTS, ids=lambda path: path.stem)
@pytest.mark.slow
def test_rules_do_what_their_tests_say(path: Path) -> None:
    """`promtool test rules` passes."""
    command = [need("promtool"), "test", "rules", path.name]
    result = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


def test_every_alert_is_proved_to_fire_with_its_words() -> None:
    """Every alert has a rule test with its annotations."""
    proved = {
        case["alertname"]
        for path in RULE_TESTS
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
        for case in group.get("alert_rule_test", ())
        if case["exp_alerts"]
    }

    assert proved == set(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_leads_to_its_runbook(name: str) -> None:
    """The runbook exists and has meaning, impact, diagnosis and mitigation."""
    runbook = (HOME / "docs" / "runbooks" / f"{name}.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", runbook, flags=re.MULTILINE)

    assert ALERTS[name]["annotations"]["runbook_url"].endswith(f"/docs/runbooks/{name}.md")
    assert runbook.startswith(f"# {name}\n")
    assert headings == ["Meaning", "Impact", "Diagnosis", "Mitigation"]


def test_no_runbook_is_left_over() -> None:
    """Every runbook belongs to an alert."""
    assert {path.stem for path in (HOME / "docs" / "runbooks").glob("*.md")} == set(ALERTS)


def test_rules_name_what_is_served() -> None:
    """Rules use only metrics and labels that the exporter serves."""
    names = {name for text in _queries() for name in METRIC.findall(text)}
    labels = {label for text in _queries() for label in _labels(text)}

    assert names <= served_names() | RECORDED
    assert "bycloud_up" in names
    assert labels <= served_labels() | ALERT_LABELS


def test_names_come_by_query_alone() -> None:
    """Names come from queries in annotations: in an expression, a rename would end the alert."""
    assert not [name for name, rule in ALERTS.items() if "instance_info" in rule["expr"]]
    assert all("instance_info" in text for name in ALERTS for text in _about_a_database(name))


def test_no_rule_holds_an_age_or_a_status_of_its_own() -> None:
    """Ages and statuses come from the configuration, never from a rule."""
    backups = {name: rule["expr"] for name, rule in ALERTS.items() if name.startswith("ByCloudBackup")}

    assert not [name for name, query in backups.items() if "status" in query]
    assert not [name for name, query in backups.items() if re.search(r"[<>]=? *\d{2,}", query)]


def test_replicas_are_one_alert() -> None:
    """No expression keeps the labels of the exporter or its pod."""
    for name, rule in ALERTS.items():
        kept = {label for group in re.findall(r"by \(([^)]*)\)", rule["expr"]) for label in group.split(", ")}

        assert kept <= {"job", "target", "instance_id", "datastore_type", "reason"}, name


def test_alertmanager_accepts_the_example() -> None:
    """`amtool check-config` finds nothing."""
    command = [need("amtool"), "check-config", str(ALERTMANAGER)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", sorted(ALERTS))
@pytest.mark.parametrize("objective", ["", "1h 0m 0s", "1d 2h 0m 0s"])
def test_alertmanager_routes_by_severity_and_objective(name: str, objective: str) -> None:
    """Critical alerts page, except those of databases with an objective of days."""
    labels = [f"alertname={name}", f"severity={ALERTS[name]['labels']['severity']}"]
    if objective and "objective" in ALERTS[name]["labels"]:
        labels.append(f"objective={objective}")
    command = [need("amtool"), "config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels]
    receiver = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    critical = ALERTS[name]["labels"]["severity"] == "critical"
    unhurried = "objective" in ALERTS[name]["labels"] and "d " in objective
    expected = "page" if critical and not unhurried else "ticket" if critical else "chat"
    assert receiver == expected


def test_nothing_mutes_what_matters_most() -> None:
    """Nothing mutes an unrestorable database; a refused credential mutes its consequences."""
    rules = yaml.safe_load(ALERTMANAGER.read_text(encoding="utf-8"))["inhibit_rules"]
    muted = {name for rule in rules for matcher in rule["target_matchers"] for name in _named(matcher)}

    assert muted <= set(ALERTS)
    assert not muted & NEVER_MUTED
    assert ({"ByCloudApiAuthFailed"}, {"ByCloudScrapeFailing"}) in [
        tuple(
            {name for matcher in rule[side] for name in _named(matcher)}
            for side in ("source_matchers", "target_matchers")
        )
        for rule in rules
    ]


def _queries() -> Iterator[str]:
    for rule in _rules():
        yield rule["expr"]
        for text in (*rule.get("annotations", {}).values(), *rule["labels"].values()):
            yield from re.findall(r'printf\s+"((?:[^"\\]|\\.)*)"', text)


def _labels(query: str) -> Iterator[str]:
    yield from re.findall(r"[{,](\w+)=", query)
    for group in re.findall(r"(?:by|on|ignoring) \(([^)]*)\)", query):
        yield from filter(None, group.split(", "))


def _about_a_database(name: str) -> list[str]:
    rule = ALERTS[name]
    texts = rule["annotations"]["summary"], rule["annotations"]["description"]
    return [text for text in texts if "instance_id" in rule["expr"]]


def _named(matcher: str) -> set[str]:
    match = re.fullmatch(r'alertname(?:=|=~)"?([\w|]+)"?', matcher)
    return set(match[1].split("|")) if match else set()
