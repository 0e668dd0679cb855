"""The interface through which requests to the API are counted."""

from typing import Protocol

from exporter.errors import Reason


class Observer(Protocol):
    """Counts requests and retries."""

    def requested(self, code: str, seconds: float) -> None:
        """Record a request that took `seconds`.

        :param code: the HTTP status, or the `Reason` if no whole response was received.
        """

    def retried(self, reason: Reason) -> None:
        """Record that a request is repeated because of `reason`."""
