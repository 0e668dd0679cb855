"""Every command in README and docs is run, except for those that need what a test does not have."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import requests

from exporter.simulator import SimulatedApi, bulk_backups, bulk_instances

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if page.parent.name != "runbooks"),
]
"""Not the runbooks, whose commands need a cluster or the vendor's API: test_runbooks.py parses them."""
FENCE: Final = re.compile(r"^( *)```(sh|console)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
NOT_RUN: Final = {
    "docker": "needs a container engine",
    "helm": "needs a cluster; test_chart.py renders the chart",
    "kubectl": "needs a cluster; test_chart.py has `kubectl kustomize`",
    "sudo": "changes the machine",
    "sudoedit": "changes the machine",
    "make test": "is what runs this",
    "python3 -m venv": "test_packaging.py installs into an environment of its own",
    "~/bycloud-exporter/bin/pip": "the same",
    "python3 dist/": "test_release_files.py runs the single file",
    "make packages": "test_release_files.py builds the same files",
    "curl": "test_documented.py runs it while the demo serves",
    "promtool check config": "test_pages.py checks this configuration",
    "prometheus --config": "runs until ended",
    "git tag": "releases",
    "git push": "releases",
    "cosign": "needs a published release",
    "gh attestation": "needs a published release",
    "sha256sum --check": "test_release_files.py checks the checksums",
    ".venv/bin/python -m pytest": "is what runs this",
    ".venv/bin/python -m exporter.simulator --tier": "runs until ended; this test has the same API",
    ".venv/bin/python -m tools.terminal_session": "test_terminal_session.py runs it",
    "(umask": "test_documented.py runs it",
    "unset": "unsets what this test sets",
    "export": "sets what this test sets itself",
}
"""The beginnings of commands that this test does not run, with the reason."""

SERVING: Final = re.compile(r"bycloud-backup-exporter(?: serve\b.*| demo\b.*)?|make demo.*")
PLACES: Final = ("/etc/bycloud-backup-exporter/", "/var/lib/node_exporter/textfile_collector/")
KEY: Final = "demo:demo-secret"


def commands(page: Path) -> Iterator[str]:
    """Yield the commands of a page's shell and console blocks, without prompts and comments."""
    for indent, kind, block in FENCE.findall(page.read_text(encoding="utf-8")):
        text = re.sub(rf"^{indent}", "", block, flags=re.MULTILINE).replace("\\\n", " ")
        for line in text.splitlines():
            prompt, typed = line.startswith("$ "), line.removeprefix("$ ").split("  #")[0]
            if typed.strip() and (prompt or kind == "sh"):
                yield " ".join(typed.split())


ALL: Final = sorted({command for page in PAGES for command in commands(page)})
RUN: Final = [command for command in ALL if not command.startswith(tuple(NOT_RUN))]


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    """Run the embedded API."""
    with SimulatedApi(backups=bulk_backups(45, 6), instances=bulk_instances(6), api_key=KEY) as running:
        yield running.url


@pytest.fixture
def environment(api: str, tmp_path: Path) -> dict[str, str]:
    """Return an environment in which commands find the exporter, its key and a configuration."""
    for name in ("exporter.yml", "production.yml"):
        target = f"targets: [{{name: production, url: '{api}', api_key: '{KEY}'}}]\n"
        (tmp_path / name).write_text(target, encoding="utf-8")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return os.environ | {"PATH": path, "BYCLOUD_API_KEY": KEY, "BYCLOUD_API_URL": api, "PORT": "0"}


def here(command: str, folder: Path) -> list[str]:
    """Split a command into words; what it reads or writes is in `folder`."""
    for place in PLACES:
        command = command.replace(place, f"{folder}/")
    command = command.replace(" my-dashboards ", f" {folder}/my-dashboards ")
    for name in ("exporter.yml", "production.yml"):
        command = command.replace(f"--config.file={name}", f"--config.file={folder}/{name}")
    return shlex.split(command)


@pytest.mark.slow
@pytest.mark.parametrize("command", [command for command in RUN if not SERVING.fullmatch(command)])
def test_commands_run(command: str, environment: dict[str, str], tmp_path: Path) -> None:
    """Each command ends with status 0."""
    words = here(command, tmp_path)
    done = subprocess.run(
        words, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout + done.stderr or "--output" in command


@pytest.mark.slow
@pytest.mark.parametrize("command", [command for command in RUN if SERVING.fullmatch(command)])
def test_commands_serve(command: str, environment: dict[str, str], tmp_path: Path) -> None:
    """Each command listens on a free port, and ends with status 0 on SIGTERM."""
    words = here(command, tmp_path)
    if words[0] == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        (recipe,) = re.findall(r"^demo:.*\n\t@\$\(BIN\)/(.*)$", makefile, re.MULTILINE)
        words = shlex.split(recipe.replace("$(PORT)", "0"))
    else:
        words = [*words, *([] if len(words) > 1 else ["serve"]), "--web.listen-address=127.0.0.1:0"]
    with subprocess.Popen(
        words, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        ports = (re.search(r'\bport"?[=:] ?(\d+)', line) for line in process.stdout)
        port = next(found[1] for found in ports if found)
        healthy = requests.get(f"http://127.0.0.1:{port}/-/healthy", timeout=30)
        process.terminate()
        process.stdout.read()

    assert healthy.status_code == 200
    assert process.returncode == 0


def test_no_exception_is_idle() -> None:
    """Every exception applies to a command in the documentation."""
    assert not [start for start in NOT_RUN if not any(command.startswith(start) for command in ALL)]


def test_something_is_run() -> None:
    """The search finds commands, and commands that serve."""
    assert len(RUN) >= 8
    assert any(SERVING.fullmatch(command) for command in RUN)
