"""The shell blocks of README and docs, and a clean environment to run them in."""

import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import requests
from msgspec import Struct

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if page.parent.name != "runbooks"),
)
RUNBOOKS: Final = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
"""Their commands need a cluster, or the vendor's API: `tests/alerts/test_runbooks.py` parses them."""
FENCE: Final = re.compile(r"^( *)```(?:sh|bash|shell)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
SESSION: Final = re.compile(r"^```console\n\$ (.*)\n((?:.*\n)*?)```$", re.MULTILINE)
LISTENING: Final = re.compile(r'^(?=.*\bevent(?:=|": ")listening\b).*\bport(?:=|": )(\d+)', re.MULTILINE)
OF_THE_SUITE: Final = ("BYCLOUD_", "COV_", "COVERAGE_", "PYTEST_", "MAKE", "MFLAGS")
NOT_OF_THE_CHECKOUT: Final = (
    ".git",
    ".venv*",
    ".*_cache",
    ".hypothesis",
    ".coverage*",
    "__pycache__",
    "dist",
)
PATIENCE: Final = 540.0  # the suite's own time limits are shorter, but for what installs packages


class Block(Struct, frozen=True):
    """A fenced block and its page."""

    page: str
    text: str


def blocks() -> Iterator[Block]:
    """Yield every shell block of the documentation."""
    for page in PAGES:
        for _, text in FENCE.findall(page.read_text(encoding="utf-8")):
            yield Block(str(page.relative_to(ROOT)), textwrap.dedent(text))


class Session(Struct, frozen=True):
    """A command and the output that the page shows."""

    command: str
    output: str


def sessions() -> Iterator[Session]:
    """Yield every console block of the documentation."""
    for page in PAGES:
        for command, output in SESSION.findall(page.read_text(encoding="utf-8")):
            yield Session(command, output)


def languages() -> set[str]:
    """Return the languages of all fenced blocks."""
    return {
        language
        for page in (*PAGES, *RUNBOOKS)
        for language in re.findall(r"^ *(?:```|~~~) *(\S+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    }


class Key(Struct, frozen=True):
    """Identifies a block by its page and by words that no other block of that page has."""

    page: str
    words: str

    def names(self, block: Block) -> bool:
        """Return whether it identifies this block."""
        return block.page == self.page and self.words in block.text

    def text(self, replace: Mapping[str, str]) -> str:
        """Return the block's text, with what a test changes replaced."""
        (text,) = (block.text for block in blocks() if self.names(block))
        for old, new in replace.items():
            assert old in text, f"{old!r} is not in this block of {self.page}"
            text = text.replace(old, new)
        return text


class Place(Struct, frozen=True):
    """A folder with the checkout's files, and the environment of a new shell."""

    folder: Path
    environment: dict[str, str]

    def run(self, script: str) -> str:
        """Run a script and return its output; fail if any of its commands fails."""
        with self._running(script) as process:
            status = process.wait(PATIENCE)

        assert status == 0, self._output()
        return self._output()

    def ask(self, command: str) -> str:
        """Return what a command prints while another one serves."""
        return subprocess.run(
            ["/bin/bash", "-c", command],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout

    @contextmanager
    def serve(self, script: str) -> Iterator[str]:
        """Run a script whose last command serves; yield the URL once it listens."""
        with self._running(script) as process:
            yield self._url(process)
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(PATIENCE)

    @contextmanager
    def _running(self, script: str) -> Iterator["subprocess.Popen[bytes]"]:
        command = ["bash", "-euo", "pipefail", "-c", script]
        with self._output_file().open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _url(self, process: "subprocess.Popen[bytes]") -> str:
        deadline = time.monotonic() + PATIENCE
        while not (found := LISTENING.search(self._output())):
            assert process.poll() is None, self._output()
            assert time.monotonic() < deadline, self._output()
            time.sleep(0.1)
        return f"http://127.0.0.1:{found[1]}"

    def _output_file(self) -> Path:
        return self.folder.with_name("output")

    def _output(self) -> str:
        return self._output_file().read_text(encoding="utf-8")


def checkout(parent: Path, *, installed: bool) -> Place:
    """Copy the checkout into a folder; if `installed`, with this test's `.venv` and commands."""
    folder = parent / "checkout"
    shutil.copytree(ROOT, folder, symlinks=True, ignore=shutil.ignore_patterns(*NOT_OF_THE_CHECKOUT))
    home = parent / "home"
    home.mkdir()
    commands = Path(sys.prefix) / "bin" if installed else Path(sys.base_prefix) / "bin"
    if installed:
        (folder / ".venv").symlink_to(sys.prefix)
    outside = {name: value for name, value in os.environ.items() if not name.startswith(OF_THE_SUITE)}
    path = f"{commands}:/usr/local/bin:/usr/bin:/bin"
    return Place(folder, {**outside, "HOME": str(home), "PATH": path, "PYTHONUNBUFFERED": "1"})


def metrics(url: str) -> str:
    """Return an exporter's metrics."""
    return requests.get(f"{url}/metrics", timeout=60).text
