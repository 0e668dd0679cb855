"""Word to systemd."""

import socket
from pathlib import Path

import pytest

from exporter.server.systemd import READY, notify


@pytest.mark.parametrize("abstract", [False, True])
def test_it_is_told(tmp_path: Path, abstract: bool) -> None:  # noqa: FBT001 - what is tried
    """By a path, or by a name in the abstract namespace."""
    place = f"@{tmp_path}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(place.replace("@", "\0"))
        receiver.settimeout(5)
        notify(READY, {"NOTIFY_SOCKET": place})

        assert receiver.recv(100) == b"READY=1"


@pytest.mark.parametrize(
    "environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nobody"}, {"NOTIFY_SOCKET": "x"}]
)
def test_nobody_to_tell(environ: dict[str, str]) -> None:
    """That is no error."""
    notify(READY, environ)
