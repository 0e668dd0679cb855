"""Why the server refuses a request or ends a connection."""

from collections.abc import Callable
from enum import StrEnum


class Refusal(StrEnum):
    """The values of `reason` in `bycloud_exporter_refused_requests_total`."""

    CLIENT_CERTIFICATE = "client_certificate"
    """The client's certificate is missing or not accepted."""
    EVICTED = "evicted"
    """The connection was silent for the longest, and another one needed its place."""
    LOGIN_QUEUE_FULL = "login_queue_full"
    """More logins were waiting than are checked in time: 503."""
    MALFORMED = "malformed"
    """The request is no HTTP/1.1: 400 or 505."""
    NO_ROOM = "no_room"
    """All connections were busy: the new one was closed at once."""
    PIPELINED = "pipelined"
    """Too many bytes followed a request that was still being answered."""
    SLOW_REQUEST = "slow_request"
    """The whole request or TLS handshake did not arrive in time."""
    TLS_HANDSHAKE = "tls_handshake"
    """The TLS handshake failed."""
    TOO_LARGE = "too_large"
    """The request line, headers or body are too large: 413, 414 or 431."""
    TOO_MANY_REQUESTS = "too_many_requests"
    """More requests were in flight than `--web.max-requests` allows: 503."""
    UNAUTHORIZED = "unauthorized"
    """No valid user and password: 401."""
    UNREAD_RESPONSE = "unread_response"
    """The client did not read the response, or all unread responses together were too large."""


CountRefusal = Callable[[Refusal], None]
"""Counts one refusal."""


def ignore_refusal(_reason: Refusal) -> None:
    """Count nothing."""
