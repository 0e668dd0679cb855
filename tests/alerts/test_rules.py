"""The shipped rules: valid, readable, and equal to what their source writes."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from alerts.source.__main__ import HOME, files
from tests.support.programs import need
from tests.support.served import ALERT_LABELS, METRIC, served_labels, served_names
from tests.support.situation import RULES

AGGREGATION: Final = re.compile(r"(?:max|topk|count|avg|sum) by \([^)]*\) \([^()]*(?:\([^()]*\)[^()]*)*\)")
RECORD: Final = re.compile(r"\bbycloud:[a-z_:]+")
Rule = Mapping[str, Any]


def _groups() -> list[list[Rule]]:
    return [group["rules"] for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]]


EVERY_RULE: Final = [rule for group in _groups() for rule in group]
ALERTS: Final = [rule for rule in EVERY_RULE if "alert" in rule]
NAMES: Final = sorted({rule["alert"] for rule in ALERTS})


@pytest.mark.parametrize(("path", "content"), list(files()), ids=lambda value: getattr(value, "name", ""))
def test_generated_files_are_up_to_date(path: Path, content: str) -> None:
    """If this fails, run `make rules` and review the difference."""
    assert path.read_text(encoding="utf-8") == content


def test_promtool_finds_nothing() -> None:
    """`promtool check rules` finds nothing with every lint on."""
    command = [need("promtool"), "check", "rules", "--lint=all", "--lint-fatal", str(RULES)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


def test_every_earlier_alert_keeps_its_name() -> None:
    """Users route and silence by these names."""
    kept = """
        ApiAuthFailed ApiRateLimited BackupChainBroken BackupFailed BackupInstanceVanished
        BackupInventoryEmpty BackupMissing BackupSizeDropped BackupStuck BackupTooOld
        BackupsDropped ExporterDown ScrapeFailing ScrapeIncomplete ScrapeStale
    """

    assert {f"ByCloud{name}" for name in kept.split()} <= set(NAMES)


def test_no_expression_is_longer_than_five_lines() -> None:
    """An expression fits on a screen."""
    assert not [rule for rule in EVERY_RULE if rule["expr"].count("\n") >= 5]


def test_a_record_stands_before_the_rules_that_read_it() -> None:
    """A rule reads records of earlier rules of its group, or the past by a range selector."""
    for rules in _groups():
        known: set[str] = set()
        for rule in rules:
            now = re.sub(r"bycloud:[a-z_:]+\[[^]]*\]", "", rule["expr"])

            assert set(RECORD.findall(now)) <= known, rule
            known |= {rule.get("record", "")}


def test_every_record_is_read() -> None:
    """No recording rule is left over: a rule reads it, or a page explains it for queries and dashboards."""
    page = (HOME / "docs" / "alerts.md").read_text(encoding="utf-8")
    read = {name for rule in EVERY_RULE for text in _texts(rule) for name in RECORD.findall(text)}

    records = {rule["record"] for rule in EVERY_RULE if "record" in rule}
    assert read <= records <= read | set(RECORD.findall(page))


def test_every_aggregation_keeps_what_identifies_a_target() -> None:
    """Two accounts under one job never hide each other."""
    for rule in EVERY_RULE:
        for labels in re.findall(r"(?:by|on) \(([^)]*)\)", rule["expr"]):
            kept = set(labels.split(", "))
            site = {"cluster", "namespace"}

            assert kept == site or kept >= {*site, "job", "target"}, rule


def test_no_alert_has_the_labels_of_a_replica() -> None:
    """Two replicas raise one alert."""
    for rule in ALERTS:
        if "instance, " not in rule["expr"]:
            assert "instance)" not in rule["expr"] or rule["alert"] == "ByCloudReplicasDisagree"


def test_recording_rules_read_records_without_the_labels_of_a_ruler() -> None:
    """The labels that a ruler adds to its results are aggregated or matched away."""
    for rule in EVERY_RULE:
        if "record" in rule:
            bare = AGGREGATION.sub("", rule["expr"])
            bare = re.sub(r"on \([^)]*\) (?:\([^()]*\)|\(?(?:last_over_time\()?bycloud:[a-z_:]+)", "", bare)

            assert not RECORD.findall(bare), rule


def test_no_rule_reads_alerts() -> None:
    """`ALERTS` is lost when Prometheus restarts, and is not what a ruler evaluates."""
    assert not [rule for rule in EVERY_RULE if "ALERTS" in rule["expr"]]


def test_each_annotation_has_one_query_at_most() -> None:
    """Annotations are sentences, not programs."""
    for rule in ALERTS:
        for text in rule["annotations"].values():
            assert text.count("| query") <= 1
        assert rule["annotations"]["description"].count("bycloud:database:name") == 0


def test_rules_name_what_is_served() -> None:
    """Rules use only metrics and labels that the exporter serves."""
    texts = [text for rule in EVERY_RULE for text in _texts(rule)]
    names = {name for text in texts for name in METRIC.findall(re.sub(r"bycloud:[\w:]+", "", text))}
    labels = {label for text in texts for label in _labels(text)}

    assert names <= served_names()
    assert labels <= served_labels() | ALERT_LABELS | {"cluster", "namespace", "team", "label_team"}


def test_no_alert_holds_a_status_of_its_own() -> None:
    """The exporter's configuration defines what statuses mean."""
    assert not [rule for rule in EVERY_RULE if re.search(r'status[!=~]+"', rule["expr"])]


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_leads_to_its_runbook(name: str) -> None:
    """The runbook exists, and begins with the alert's name."""
    runbook = (HOME / "docs" / "runbooks" / f"{name}.md").read_text(encoding="utf-8")
    urls = {rule["annotations"]["runbook_url"] for rule in ALERTS if rule["alert"] == name}

    assert {url.rpartition("/")[2] for url in urls} == {f"{name}.md"}
    assert runbook.startswith(f"# {name}\n")


def test_no_runbook_is_left_over() -> None:
    """Every runbook belongs to an alert."""
    assert {path.stem for path in (HOME / "docs" / "runbooks").glob("*.md")} == set(NAMES)


def _texts(rule: Rule) -> Iterator[str]:
    yield rule["expr"]
    for text in rule.get("annotations", {}).values():
        yield from re.findall(r'printf\s+"((?:[^"\\]|\\.)*)"', text)


def _labels(query: str) -> Iterator[str]:
    yield from re.findall(r"[{,](\w+)[!=]", query)
    for group in re.findall(r"(?:by|on|ignoring) \(([^)]*)\)", query):
        yield from filter(None, group.split(", "))
