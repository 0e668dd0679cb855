"""Real programs that tests run together with the exporter."""

import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PACKAGES = {"promtool": "prometheus", "prometheus": "prometheus"}
TOOLS = Path(__file__).parents[2] / ".venv-deploy/bin"
DOCS_TOOLS = Path(__file__).parents[2] / ".venv-docs/bin"
RELEASE_TOOLS = Path(__file__).parents[2] / ".venv-release/bin"


def need(name: str) -> str:
    """Return the path of a program; if it is missing, skip the test, or fail it in CI."""
    return _found(shutil.which(name), name, "apt-get install prometheus prometheus-alertmanager chromium")


def need_tool(name: str) -> str:
    """Return the path of a program that `make tools` installs; if it is missing, skip or fail the test."""
    return _found(shutil.which(name, path=TOOLS), name, "make tools")


def need_release_tool(name: str) -> str:
    """Return the path of a program of `make release-lint`; if it is missing, skip or fail the test."""
    return _found(shutil.which(name, path=RELEASE_TOOLS), name, "make release-lint")


def need_docs_tool(name: str) -> str:
    """Return the path of a program of `make site`; if it is missing, skip or fail the test."""
    return _found(shutil.which(name, path=DOCS_TOOLS), name, "make site")


def require(*names: str) -> None:
    """Exit with one line if a program is missing."""
    if missing := [name for name in names if shutil.which(name) is None]:
        packages = " ".join(sorted({PACKAGES[name] for name in missing}))
        raise SystemExit(f"not installed: {', '.join(missing)}; on Debian: apt-get install {packages}")


def require_tools(*names: str) -> None:
    """Exit with one line if a program that `make tools` installs is missing."""
    if missing := [name for name in names if shutil.which(name, path=TOOLS) is None]:
        raise SystemExit(f"not installed: {', '.join(missing)}; run: make tools")


def _found(path: str | None, name: str, remedy: str) -> str:
    if path is None:
        missing = f"{name} is not installed: {remedy}"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return path


@contextmanager
def refusing_port() -> Iterator[int]:
    """Yield a port of the loopback address that refuses every connection until the end of the block."""
    with socket.socket() as bound:  # but never listening
        bound.bind(("127.0.0.1", 0))
        yield int(bound.getsockname()[1])


def listening_address(log: Path) -> str | None:
    """Return the address that Prometheus or Alertmanager log when they listen."""
    match = re.search(r'msg="Listening on" (?:component=web )?address=(\S+)', log.read_text(encoding="utf-8"))
    return match[1] if match else None
