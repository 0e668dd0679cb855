"""Real programs that tests run beside the exporter."""

import os
import shutil
import socket

import pytest


def need(name: str) -> str:
    """Return the path of a program; skip the test where it is missing, fail it in CI."""
    path = shutil.which(name)
    if path is None:
        missing = f"{name} is not installed: apt-get install prometheus prometheus-alertmanager"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return path


def free_port() -> int:
    """Return a port that nobody listens on, for programs that cannot be told to choose one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
