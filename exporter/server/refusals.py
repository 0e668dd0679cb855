"""Why the server refuses a request or ends a connection."""

from collections.abc import Callable
from enum import StrEnum


class Refusal(StrEnum):
    """The values of `reason` in `bycloud_exporter_refused_requests_total`."""

    CLIENT_CERTIFICATE = "client_certificate"
    """The client's certificate is missing or not accepted."""
    EVICTED = "evicted"
    """The connections were too many, and this one waited for its client or for a login check."""
    LOGIN_QUEUE_FULL = "login_queue_full"
    """Too many logins were waiting for bcrypt: 503."""
    MALFORMED = "malformed"
    """The request is not HTTP/1.1: 400 or 505."""
    NO_ROOM = "no_room"
    """The connections were too many and all had a request in flight: the new one was closed."""
    PIPELINED = "pipelined"
    """Too many bytes arrived before the response to the previous request had been sent."""
    SLOW_REQUEST = "slow_request"
    """The request was incomplete after the timeout."""
    TLS_HANDSHAKE = "tls_handshake"
    """The TLS handshake failed or was incomplete after the timeout."""
    TOO_LARGE = "too_large"
    """The request line, headers or body are too large: 413, 414 or 431."""
    TOO_MANY_REQUESTS = "too_many_requests"
    """More requests were in flight than `--web.max-requests` allows: 503."""
    UNAUTHORIZED = "unauthorized"
    """The user or password is missing or wrong: 401."""
    UNREAD_RESPONSE = "unread_response"
    """The client did not read the response, or all unread responses together were too large."""


CountRefusal = Callable[[Refusal], None]
"""Counts one refusal."""


def ignore_refusal(_reason: Refusal) -> None:
    """Count nothing."""
