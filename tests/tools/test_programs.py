"""A command that needs other programs says so in one line before it begins."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.programs import require, require_tools

ROOT: Final = Path(__file__).parents[2]


def test_history_names_its_requirements(tmp_path: Path) -> None:
    """`make history` names the missing programs and their package, and replays nothing."""
    command = [sys.executable, "-m", "tools.history", str(tmp_path / "data")]
    done = subprocess.run(
        command, cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr == "not installed: promtool, prometheus; on Debian: apt-get install prometheus\n"
    assert list(tmp_path.iterdir()) == []


def test_installed_requirements_are_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only missing programs are named."""
    (tmp_path / "promtool").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    require("promtool")

    with pytest.raises(SystemExit, match=r"^not installed: prometheus; on Debian"):
        require("promtool", "prometheus")


def test_tools_are_named_by_their_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For what `make tools` installs, that command is named."""
    monkeypatch.setattr("tests.support.programs.TOOLS", tmp_path)

    with pytest.raises(SystemExit, match=r"^not installed: python; run: make tools$"):
        require_tools("python")
