"""Real programs that tests run beside the exporter."""

import os
import shutil
import socket
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[1] / ".venv-deploy/bin"


def need(name: str) -> str:
    """Return the path of a program; skip the test where it is missing, fail it in CI."""
    return _found(shutil.which(name), name, "apt-get install prometheus prometheus-alertmanager chromium")


def need_tool(name: str) -> str:
    """Return the path of a program that `make tools` installs; skip or fail likewise."""
    return _found(shutil.which(name, path=TOOLS), name, "make tools")


def _found(path: str | None, name: str, remedy: str) -> str:
    if path is None:
        missing = f"{name} is not installed: {remedy}"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return path


def free_port() -> int:
    """Return a port that nobody listens on, for programs that cannot be told to choose one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
