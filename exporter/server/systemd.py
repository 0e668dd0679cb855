"""Notifies systemd that the exporter is ready or stopping.

https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Literal

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"


def notify(state: Literal["READY=1", "STOPPING=1"], environ: Mapping[str, str]) -> None:
    """Send `state` to the socket that `NOTIFY_SOCKET` names. Without one, or without a reader, do nothing."""
    address = environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in {"/", "@"}:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(1)
        sender.sendto(state.encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)
