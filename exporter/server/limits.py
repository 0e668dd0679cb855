"""The limits of one connection, and of all of them."""

import resource
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

SPARE: Final = 256  # descriptors for the API's connections, files and libraries


class Limits(Struct, frozen=True, kw_only=True):
    """Timeouts in seconds, sizes in bytes. The defaults are those of `serve`."""

    connections: int = 2000
    request_timeout: float = 10.0
    """From the connection's start, or a request's first byte, to its last; also for the TLS handshake."""
    idle_timeout: float = 30.0
    response_timeout: float = 30.0
    """How long the client may read nothing of a response."""
    chunk_bytes: int = 32 * 1024
    """How much of a response a connection buffers."""
    pending_bytes: int = 64 * 1024 * 1024
    """Of all response bodies that are being sent."""
    send_buffer_bytes: int = 128 * 1024
    """The socket's send buffer; Linux doubles it."""
    target_bytes: int = 8 * 1024
    header_bytes: int = 16 * 1024
    body_bytes: int = 16 * 1024


def raise_descriptor_limit(limits: Limits) -> Limits:
    """Raise the soft limit of open files to what `limits` needs, as far as the hard limit allows.

    :returns: the limits, with fewer connections if the system allows fewer descriptors.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections + SPARE
    if soft < wanted:
        soft = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    connections = min(limits.connections, max(soft - SPARE, soft // 2))
    return replace(limits, connections=connections)
