"""The generator of rules: its settings change selectors, labels, thresholds and annotations."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from alerts.source.__main__ import main
from alerts.source.arguments import settings_of
from alerts.source.groups import alerts
from alerts.source.rendering import annotations, rendered
from alerts.source.settings import Settings
from tests.support.programs import need


def test_settings_are_read_from_arguments() -> None:
    """Each argument sets one setting, with its type."""
    settings = settings_of(
        [
            "labels=environment,region",
            "stale_seconds=7200",
            "credential_seconds=7d",
            "selector=job=\"a\", cluster!~'b|c'",
            "size_ratio=0.25",
            "runbooks=",
        ]
    )

    assert settings == Settings(
        labels=("environment", "region"),
        stale_seconds=7200,
        credential_seconds=7 * 86400,
        selector="job=\"a\", cluster!~'b|c'",
        size_ratio=0.25,
        runbooks="",
    )


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("stale=1", "'stale=1' is not a setting; allowed: selector=…, labels=…"),
        ("team", "'team' is not a setting"),
        ("stale_seconds=soon", "stale_seconds: found 'soon', allowed: whole seconds, as 3600, or a duration"),
        ("stale_seconds=0", "stale_seconds: found '0', allowed: "),
        ("slow_seconds=1500ms", "slow_seconds: found '1500ms', allowed: "),
        ("size_ratio=nan", "size_ratio: found 'nan', allowed: a number above zero"),
        ("compliance=1", "compliance: found '1', allowed: a number from 0 to below 1"),
        ("quota_ratio=-0.5", "quota_ratio: found '-0.5', allowed: "),
        ("labels=my-label", "labels: found 'my-label', allowed: different label names"),
        ("labels=environment,", "labels: found 'environment,', allowed: "),
        ("labels=environment,environment", "labels: found 'environment,environment', allowed: "),
        ("labels=job", "labels: found 'job', allowed: "),
        ("team=", "team: found '', allowed: a label name"),
        ("runbooks=wiki.example/runbooks", "runbooks: found 'wiki.example/runbooks', allowed: a URL"),
        ("exporter=https://", "exporter: found 'https://', allowed: a URL"),
        ("dashboard=https://a\nb", r"dashboard: found 'https://a\nb', allowed: a URL"),
        ("selector=job=backups", "selector: found 'job=backups', allowed: label matchers"),
        ('selector={job="a"}', "selector: found"),
        ('selector=job="a",', "selector: found"),
    ],
)
def test_a_wrong_argument_is_one_line(argument: str, expected: str) -> None:
    """It says what is allowed."""
    with pytest.raises(SystemExit) as caught:
        settings_of([argument])

    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_annotations_state_the_ratios_of_the_settings() -> None:
    """A text that compares with a median states the ratio in force, not the default one."""
    settings = Settings(size_ratio=0.3, count_ratio=0.75, slow_ratio=2.5)
    changed = {alert.name: f"{alert.summary} {alert.description}" for alert in alerts(settings)}

    assert "less than 0.3 times the median" in changed["ByCloudBackupSizeDropped"]
    assert "less than 0.75 times the lowest number" in changed["ByCloudBackupsDropped"]
    assert "has lost many of its restorable backups" in changed["ByCloudBackupsDropped"]
    assert "more than 2.5 times the median" in changed["ByCloudBackupSlow"]


def test_annotations_state_the_default_ratios_in_words() -> None:
    """Half and twice are words."""
    default = {alert.name: f"{alert.summary} {alert.description}" for alert in alerts(Settings())}

    assert "less than half of the median" in default["ByCloudBackupSizeDropped"]
    assert "less than half of the lowest number" in default["ByCloudBackupsDropped"]
    assert "has lost most of its restorable backups" in default["ByCloudBackupsDropped"]
    assert "more than twice the median" in default["ByCloudBackupSlow"]


def test_an_annotation_without_a_url_is_left_out() -> None:
    """Only URLs that are set appear, and those of databases name the database."""
    alert = next(alert for alert in alerts(Settings()) if alert.name == "ByCloudBackupTooOld")
    settings = Settings(runbooks="", dashboard="https://grafana/d/x", exporter="https://exporter/")

    assert dict(annotations(alert, Settings())).keys() == {"summary", "description", "runbook_url"}
    assert dict(annotations(alert, settings)).keys() == {
        "summary",
        "description",
        "dashboard_url",
        "exporter_url",
    }
    assert dict(annotations(alert, settings))["dashboard_url"].endswith("{{ $labels.instance_id }}")


def test_each_setting_can_be_an_argument() -> None:
    """The arguments are the fields of the settings."""
    with pytest.raises(SystemExit) as caught:
        settings_of(["unknown"])

    assert set(re.findall(r"(\w+)=…", str(caught.value))) == {*Settings.__struct_fields__}


def test_the_dashboard_s_url_may_have_a_query() -> None:
    """The variable is appended to it."""
    alert = next(alert for alert in alerts(Settings()) if alert.name == "ByCloudBackupTooOld")
    links = dict(annotations(alert, Settings(dashboard="https://grafana/d/x?orgId=2")))

    assert links["dashboard_url"] == "https://grafana/d/x?orgId=2&var-database={{ $labels.instance_id }}"


def test_rules_with_other_settings_are_valid(tmp_path: Path) -> None:
    """Every selector has the matchers, and every aggregation the further labels."""
    path = tmp_path / "rules.yml"
    path.write_text(
        rendered(
            Settings(selector='job=~"backups.*"', labels=("environment",), team="owner", exporter="http://x")
        )
    )
    command = [need("promtool"), "check", "rules", "--lint=all", "--lint-fatal", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    rules = [rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]

    assert result.returncode == 0, result.stdout + result.stderr
    assert all("namespace, job" not in rule["expr"] or "environment" in rule["expr"] for rule in rules)
    assert "label_owner" in path.read_text()
    assert 'bycloud_up{job=~"backups.*"}' in path.read_text()


def test_rules_with_other_settings_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Files are only written without arguments."""
    main(["stale_seconds=60"])

    assert "> 60 + bycloud:walk_interval:seconds" in capsys.readouterr().out
