"""docs/compatibility.md names the versions that the project's files require."""

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs/compatibility.md").read_text(encoding="utf-8")
REQUIRED: Final = dict(re.findall(r"^\| ([A-Z]\w+|systemd) \| ([^|]*) \|", PAGE, re.MULTILINE))


def text(name: str) -> str:
    """Return a file of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("what", "file", "pattern"),
    [
        ("Prometheus", "alerts/bycloud-backups.rules.yml", r"For Prometheus ([\d.]+) or newer"),
        ("Alertmanager", "alerts/alertmanager.example.yml", r"Alertmanager ([\d.]+) or newer"),
        ("Kubernetes", "deploy/helm/bycloud-backup-exporter/Chart.yaml", r'kubeVersion: ">=(\d+\.\d+)'),
        ("systemd", "docs/deployment/systemd.md", r"systemd (\d+) or newer"),
        ("Grafana", "docs/dashboards.md", r"Grafana (\d+)\s+and\s+newer"),
    ],
)
def test_the_versions_are_those_of_the_files(what: str, file: str, pattern: str) -> None:
    """A version in the table is the one that its file names."""
    (version,) = set(re.findall(pattern, text(file)))

    assert REQUIRED[what].startswith(version)


def test_the_pythons_are_those_of_the_project() -> None:
    """The oldest Python is the required one, and the tried ones are those of continuous integration."""
    oldest = tomllib.loads(text("pyproject.toml"))["project"]["requires-python"].removeprefix(">=")
    matrix = yaml.safe_load(text(".github/workflows/ci.yml"))["jobs"]["test"]["strategy"]["matrix"]["python"]

    assert REQUIRED["Python"] == f"{oldest} or newer"
    assert f"set up for {matrix[0]} to {matrix[-1]}" in PAGE
