"""The README fits on two screens, its badges are true, and what it names exists."""

import re
import tomllib
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pytest

from alerts.source.groups import alerts
from alerts.source.settings import Settings

ROOT: Final = Path(__file__).parents[2]
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
WITHOUT_CODE: Final = re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL)
LINKS: Final = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", README)
BADGES: Final = [unquote(badge) for badge in re.findall(r"img\.shields\.io/badge/([^)]*)\)", README)]
MOST_WORDS: Final = 1000


def test_the_readme_is_short() -> None:
    """It has at most a thousand words outside of code."""
    assert len(WITHOUT_CODE.split()) <= MOST_WORDS


def test_it_begins_with_one_sentence_and_the_two_commands() -> None:
    """`make demo` and `make test` are the first commands."""
    (first, *_) = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)

    assert [line.split("  ")[0] for line in first.splitlines()][:2] == ["make demo", "make test"]


@pytest.mark.parametrize("link", LINKS)
def test_links_lead_somewhere(link: str) -> None:
    """Every file that the README links to exists."""
    assert (ROOT / link).exists()


def test_the_badges_are_true() -> None:
    """They name the versions and the licence that the project's files name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    rules = (ROOT / "alerts" / "bycloud-backups.rules.yml").read_text(encoding="utf-8")
    tested = re.findall(r"python: \[(.*)\]", (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    (oldest, newest) = re.findall(r"3\.\d+", tested[0])[:: len(tested[0].split()) - 1]
    (prometheus,) = re.findall(r"For Prometheus (\S+) or newer", rules)

    assert project["requires-python"] == f">={oldest}"
    assert [
        f"python-{oldest} to {newest}-blue",
        f"prometheus-≥ {prometheus}-orange",
        f"license-{project['license'].replace('-', '--')}-green",
    ] == BADGES


def test_the_table_of_alerts_has_every_severity() -> None:
    """The README names each severity that an alert has."""
    assert {alert.severity for alert in alerts(Settings())} == set(
        re.findall(r"^\| (critical|warning|info)", README, re.MULTILINE)
    )


def test_no_command_needs_a_published_artefact() -> None:
    """No page installs from a registry before anything is published there."""
    pages = [
        ROOT / "README.md",
        *(page for page in (ROOT / "docs").rglob("*.md") if page.name != "releasing.md"),
    ]
    published = re.compile(r"pip(?:x)? install bycloud|docker (?:run|pull) \S*ghcr\.io|helm \w+ .*oci://")

    assert not [page.name for page in pages if published.search(page.read_text(encoding="utf-8"))]
