"""Real programs that tests run beside the exporter."""

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


def need(name: str) -> str:
    """Return the path of a program; skip the test where it is missing, fail it in CI."""
    return _found(shutil.which(name), name, "apt-get install prometheus prometheus-alertmanager chromium")


def need_tool(name: str) -> str:
    """Return the path of a program that `make tools` installs; skip or fail likewise."""
    return _found(shutil.which(name, path=TOOLS), name, "make tools")


def require(*names: str) -> None:
    """End a command in one line where programs are missing that it runs, before it begins its work."""
    if missing := [name for name in names if shutil.which(name) is None]:
        packages = " ".join(sorted({PACKAGES[name] for name in missing}))
        raise SystemExit(f"not installed: {', '.join(missing)}; on Debian: apt-get install {packages}")


def require_tools(*names: str) -> None:
    """End a command in one line where it needs what `make tools` installs."""
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
    """Keep a port of the loopback address on which every connection is refused until the block ends."""
    with socket.socket() as bound:  # but never told to listen
        bound.bind(("127.0.0.1", 0))
        yield int(bound.getsockname()[1])


def listening_address(log: Path) -> str | None:
    """Return where Prometheus or Alertmanager, told to choose a port, say in their log that they listen."""
    found = re.search(r'msg="Listening on" address=(\S+)', log.read_text(encoding="utf-8"))
    return found[1] if found else None
