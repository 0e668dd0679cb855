"""How much of the exporter one connection, or all of them, may take."""

import resource
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

SPARE: Final = 256  # descriptors for the API's connections, files and libraries


class Limits(Struct, frozen=True, kw_only=True):
    """Seconds, bytes and numbers; the defaults are what is served with."""

    connections: int = 2000
    request_seconds: float = 10.0
    """From a connection's beginning, or a request's first byte, to its last; for TLS's handshake as many."""
    keep_alive_seconds: float = 30.0
    answer_seconds: float = 30.0
    """How long an answer may lie unread."""
    piece_bytes: int = 32 * 1024
    """How much of a response a connection holds, before the client has read what it was sent."""
    unread_bytes: int = 64 * 1024 * 1024
    """Of all the bodies that are being sent."""
    kernel_bytes: int = 128 * 1024
    """How much of a response the kernel holds for each connection; Linux doubles it."""
    target_bytes: int = 8 * 1024
    header_bytes: int = 16 * 1024
    body_bytes: int = 16 * 1024


def raise_descriptor_limit(limits: Limits) -> Limits:
    """Ask the system for as many descriptors as the connections need; make do with what it gives."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections + SPARE
    if soft < wanted:
        soft = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    connections = min(limits.connections, max(soft - SPARE, soft // 2))
    return replace(limits, connections=connections)
