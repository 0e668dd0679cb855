"""The programs that build a release, which `make release-dry-run` installs."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tools.programs import UnavailableError, run

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / ".venv-release/bin"
SECONDS: Final = 600.0


def tool(name: str, *arguments: str | Path, env: Mapping[str, str] | None = None) -> str:
    """Run a program of the release environment; return its output.

    :param env: variables in addition to those of this process.
    :raises UnavailableError: the environment is not installed.
    """
    program = FOLDER / name
    if not program.exists():
        raise UnavailableError(f"{name} is not installed: run `make release-lint`")
    return run(program, *arguments, timeout=SECONDS, env=os.environ | (env or {}))


def commit_seconds() -> str:
    """Return the time of the commit, in seconds since 1970: the time of every file in a release."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return given
    return run("git", "-C", ROOT, "log", "-1", "--format=%ct", timeout=SECONDS).strip()
