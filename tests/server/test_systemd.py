"""Tests for systemd's notification."""

import socket
from pathlib import Path

import pytest

from exporter.server.systemd import READY, notify


@pytest.mark.parametrize("abstract", [False, True])
def test_notify(tmp_path: Path, abstract: bool) -> None:  # noqa: FBT001 - what is tried
    """The socket is a path or a name in the abstract namespace."""
    place = f"@{tmp_path}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(place.replace("@", "\0"))
        receiver.settimeout(5)
        notify(READY, {"NOTIFY_SOCKET": place})

        assert receiver.recv(100) == b"READY=1"


@pytest.mark.parametrize(
    "environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nobody"}, {"NOTIFY_SOCKET": "x"}]
)
def test_notify_without_a_reader(environ: dict[str, str]) -> None:
    """Nothing happens, and no error is raised."""
    notify(READY, environ)
