"""The API's rate-limit window of a minute, as its response headers describe it."""

from typing import Final

from msgspec import Struct

from exporter.api.rate_headers import ReportedWindow

CLOCK_ERROR: Final = 5.0
"""Seconds by which one window's end may differ between responses: the header `Date` has whole seconds."""


class Window(Struct, frozen=True):
    """A window that allows `remaining` of `limit` requests until `reset`, in monotonic seconds."""

    limit: int
    remaining: int
    reset: float


class MinuteWindow:
    """The last window that the API reported, less the requests sent since. Needs its owner's lock.

    Times are monotonic seconds.
    """

    def __init__(self) -> None:
        self._reported: Window | None = None
        self._sent_since = 0
        self._in_flight = 0

    def __repr__(self) -> str:
        return f"MinuteWindow({self._reported}, {self._sent_since} sent since, {self._in_flight} in flight)"

    @property
    def limit(self) -> int | None:
        """The requests per minute that the API last reported, even if that window has ended."""
        return self._reported.limit if self._reported else None

    def current(self, now: float) -> Window | None:
        """Return the window that `now` is in, or `None` if the API has not reported it."""
        window = self._reported
        if window is None or now >= window.reset:
            return None
        return Window(window.limit, max(0, window.remaining - self._sent_since), window.reset)

    def seconds_until_room(self, requests: int, now: float) -> float:
        """Return the seconds until the window allows `requests` more."""
        window = self.current(now)
        return window.reset - now if window and window.remaining < requests else 0.0

    def take(self) -> Window | None:
        """Count a request that is about to be sent. Return the reported window that it counts in."""
        self._in_flight += 1
        self._sent_since += 1
        return self._reported

    def finish(self) -> None:
        """Record that a taken request is no longer in flight."""
        self._in_flight -= 1

    def cancel(self, counted_in: Window | None) -> None:
        """Uncount a taken request that was not sent.

        After a newer report nothing is added: the API has not counted the request either.

        :param counted_in: what `take` returned for this request.
        """
        self._in_flight -= 1
        if counted_in is self._reported:
            self._sent_since -= 1

    def observe(self, reported: ReportedWindow, now: float) -> None:
        """Record the window that a response reports.

        While other requests are in flight, the report may not include them. The lower count is then kept.
        """
        window = Window(reported.limit, reported.remaining, now + reported.seconds)
        known = self.current(now)
        if self._in_flight > 1 and known is not None and window.reset <= known.reset + CLOCK_ERROR:
            window = Window(window.limit, min(window.remaining, known.remaining), window.reset)
        self._reported, self._sent_since = window, 0
