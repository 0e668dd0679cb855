"""The generator of rules: its settings change selectors, labels, thresholds and annotations."""

import subprocess
from pathlib import Path

import pytest
import yaml

from alerts.source.__main__ import main, settings_of
from alerts.source.groups import alerts
from alerts.source.rendering import annotations, rendered
from alerts.source.settings import Settings
from tests.support.programs import need


def test_settings_are_read_from_arguments() -> None:
    """Each argument sets one setting, with its type."""
    settings = settings_of(
        ["labels=environment,region", "stale_seconds=7200", 'selector=job="a"', "runbooks="]
    )

    assert settings == Settings(
        labels=("environment", "region"), stale_seconds=7200, selector='job="a"', runbooks=""
    )


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("stale=1", "'stale=1' is not a setting; allowed: selector=…, labels=…"),
        ("team", "'team' is not a setting"),
        ("stale_seconds=soon", "Expected `int`"),
        ("compliance=1", "Expected `float` < 1"),
    ],
)
def test_a_wrong_argument_is_one_line(argument: str, expected: str) -> None:
    """It says what is allowed."""
    with pytest.raises(SystemExit) as caught:
        settings_of([argument])

    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


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
