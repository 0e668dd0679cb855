"""The repository's own files: workflows, Dependabot, templates, pre-commit and code owners."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.support.programs import need_release_tool

ROOT: Final = Path(__file__).parents[2]
WORKFLOWS: Final = sorted((ROOT / ".github/workflows").glob("*.yml"))


def load(path: Path) -> Any:
    """Return a YAML file's content."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def lint(*command: str) -> str:
    """Run a linter in the checkout; return its output, and fail if it finds something."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    """Yield the steps of all jobs."""
    for job in load(workflow)["jobs"].values():
        yield from job["steps"]


def test_actionlint_finds_nothing() -> None:
    """Actionlint accepts the workflows."""
    files = map(str, WORKFLOWS)

    assert lint(need_release_tool("actionlint"), "-shellcheck=", "-pyflakes=", *files) == ""


def test_zizmor_finds_nothing() -> None:
    """Zizmor finds no weakness in the workflows and in Dependabot's configuration, at its strictest."""
    lint(need_release_tool("zizmor"), "--offline", "--pedantic", "--quiet", ".github")


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned(workflow: Path) -> None:
    """Every action is pinned to a commit, followed by a comment with its version."""
    used = re.findall(r"uses: (.*)", workflow.read_text(encoding="utf-8"))

    assert used
    assert [use for use in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_permissions_are_those_of_a_job(workflow: Path) -> None:
    """A workflow has no permission: each job names its own.

    Only the job of the release page may write contents.
    """
    document = load(workflow)
    may_write = {
        name for name, job in document["jobs"].items() if job["permissions"].get("contents") == "write"
    }

    assert document["permissions"] == {}
    assert may_write <= {"publish"}


def test_nothing_is_published_unchecked() -> None:
    """Every job of the release waits for the checks, and no step knows a stored secret."""
    text = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]

    def before(name: str) -> set[str]:
        needed = jobs[name].get("needs", [])
        direct = {needed} if isinstance(needed, str) else set(needed)
        return direct.union(*map(before, direct))

    assert all("check" in before(name) for name in jobs if name != "check")
    assert {"chart", "pypi", "image", "build"} <= before("publish")
    assert "secrets." not in text


def test_dependabot_knows_every_ecosystem() -> None:
    """Dependabot updates Python, the actions, the base image and the images of the Compose file."""
    updates = {update["package-ecosystem"] for update in load(ROOT / ".github/dependabot.yml")["updates"]}

    assert updates == {"pip", "github-actions", "docker", "docker-compose"}


def test_pre_commit_is_what_make_check_lints() -> None:
    """The hooks of pre-commit are the linters of `make check`."""
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert recipe is not None
    commands = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe[1].splitlines()]
    hooks = [
        hook["entry"] for repo in load(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]
    ]

    assert hooks == [command for command in commands if "pytest" not in command]
    lint(need_release_tool("pre-commit"), "validate-config", ".pre-commit-config.yaml")


def test_issue_templates_have_what_github_requires() -> None:
    """Each template has a name, a description and unique ids."""
    for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml"):
        template = load(path)
        ids = [field["id"] for field in template["body"] if "id" in field]

        assert template["name"]
        assert template["description"]
        assert len(ids) == len(set(ids)) > 0


def test_owned_paths_exist() -> None:
    """Every path of the code owners exists."""
    lines = (ROOT / ".github/CODEOWNERS").read_text(encoding="utf-8").splitlines()
    paths = [line.split()[0].strip("/") for line in lines if line and not line.startswith("#")]

    assert [path for path in paths if not list(ROOT.glob(path))] == []
