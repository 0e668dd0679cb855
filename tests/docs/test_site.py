"""The documentation as a site: it builds without a warning, and its links lead somewhere."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.documented import ROOT
from tests.support.programs import need_docs_tool
from tools.site_hooks import SOURCES, BrokenLinkError, rewritten

REPOSITORY = "https://example.com/repository"
BLOB = f"{REPOSITORY}/blob/main/"


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    """Every page is in the navigation, and every link and anchor of a page exists."""
    command = [need_docs_tool("mkdocs"), "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "index.html").exists()
    assert (tmp_path / "runbooks" / "ByCloudBackupTooOld" / "index.html").exists()


@pytest.mark.slow
def test_the_language_is_checked() -> None:
    """Codespell and proselint find nothing."""
    pages = [*SOURCES.values(), *(str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md"))]
    spelling = [need_docs_tool("codespell")]
    prose = [need_docs_tool("proselint"), "check", "--config", ".proselintrc.json", *pages]
    for command in (spelling, prose):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("source", "link", "expected"),
    [
        ("README.md", "docs/alerts.md", "alerts.md"),
        ("README.md", "docs/deployment/docker.md#x", "deployment/docker.md#x"),
        ("README.md", "CHANGELOG.md", "changelog.md"),
        ("CONTRIBUTING.md", "docs/architecture.md", "architecture.md"),
        ("docs/developing.md", "../CONTRIBUTING.md", "contributing.md"),
        ("docs/deployment/docker.md", "../serving.md#health-checks", "../serving.md#health-checks"),
        ("docs/runbooks/ByCloudBackupTooOld.md", "../../README.md", "../index.md"),
        (
            "docs/alerts.md",
            "../alerts/alertmanager.example.yml",
            f"{BLOB}alerts/alertmanager.example.yml",
        ),
        ("docs/alerts.md", "https://example.com/a.md", "https://example.com/a.md"),
        ("docs/alerts.md", "#alertmanager", "#alertmanager"),
    ],
)
def test_links_lead_to_pages_or_to_the_repository(source: str, link: str, expected: str) -> None:
    """A link to a page leads to it within the site, a link to another file to the repository."""
    assert rewritten(f"See [it]({link}).", source, REPOSITORY) == f"See [it]({expected})."


def test_code_is_left_alone() -> None:
    """A link in a code block is no link."""
    block = "```text\n[it](missing.md)\n```\n"

    assert rewritten(block, "README.md", REPOSITORY) == block


def test_a_missing_file_is_an_error() -> None:
    """The error names the page and the link."""
    with pytest.raises(BrokenLinkError, match=r"docs/alerts\.md: \.\./missing\.md does not exist"):
        rewritten("[it](../missing.md)", "docs/alerts.md", REPOSITORY)
