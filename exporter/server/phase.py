"""The states of a connection."""

from enum import Enum, auto


class Phase(Enum):
    """What a connection does. In each phase but `ANSWERING` it may end to make room for another one."""

    CONNECTING = auto()
    """The TLS handshake, if any, is incomplete."""
    RECEIVING = auto()
    """The first request, or a begun one, is incomplete."""
    AUTHENTICATING = auto()
    """The request is complete, and its login waits for bcrypt."""
    ANSWERING = auto()
    """The request is complete and the application has not responded yet."""
    SENDING = auto()
    """The application sends the response as fast as the client reads it."""
    DRAINING = auto()
    """The response is complete, but the client has not read all of it."""
    IDLE = auto()
    """The connection is kept alive for a next request."""
    ENDED = auto()
    """The connection is closed."""


BEING_READ = frozenset({Phase.SENDING, Phase.DRAINING})
"""The client reads a response."""
UNTIMED = frozenset({Phase.AUTHENTICATING, Phase.ANSWERING, Phase.IDLE})
"""No timeout of ours runs: the client is not to blame, or uvicorn's timer runs."""
