"""A target's walk over real sockets, with access to its parts."""

from typing import Final, Protocol, Unpack

import structlog

from exporter.api import ApiClient, Budget, Deadlines, HttpTransport
from exporter.clock import Clock
from exporter.config import Timeout
from exporter.errors import ApiError, Reason
from exporter.target.instances import InstanceList
from exporter.target.walker import TargetWalker
from tests.support.targets import TargetSettings, target

KEY: Final = "demo:demo-secret"
"""The credential of the embedded API."""
DEADLINES: Final = Deadlines()


class ImpatientClock(Clock):
    """A clock whose sleeps take no time and are recorded."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.ahead = 0.0

    def now(self) -> float:
        """Return Unix time, `ahead` of the real one."""
        return super().now() + self.ahead

    def monotonic(self) -> float:
        """Return monotonic time, `ahead` of the real one."""
        return super().monotonic() + self.ahead

    def sleep(self, seconds: float) -> None:
        """Record the sleep."""
        self.slept.append(seconds)


class RecordingObserver:
    """An observer that records its calls."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.retries: list[Reason] = []

    def requested(self, code: str, seconds: float) -> None:
        """Record the code."""
        assert seconds >= 0
        self.codes.append(code)

    def retried(self, reason: Reason) -> None:
        """Record the reason."""
        self.retries.append(reason)


class Rig:
    """A target, its API client and a walker: one request at a time, pages of 20, no instances."""

    def __init__(self, url: str, **settings: Unpack[TargetSettings]) -> None:
        fields: TargetSettings = {
            "request_timeout": Timeout(5),
            "page_size": 20,
            "instances": "off",
            "max_concurrency": 1,
            **settings,
        }
        self.target = target(url=url, **fields)
        self.clock = ImpatientClock()
        self.observer = RecordingObserver()
        self.budget = Budget(clock=self.clock, tier=self.target.api_tier)
        self.api = ApiClient(
            self.target, self.budget, self.observer, HttpTransport(self.target, DEADLINES), self.clock
        )
        instances = InstanceList(self.api, self.target.instances, structlog.get_logger())
        self.walk = TargetWalker(self.api, instances, (), structlog.get_logger())

    def failure(self, seconds: float = 30) -> ApiError:
        """Walk, and return the error of the walk."""
        error = self.walk(seconds).error
        assert error is not None
        return error


class MakeRig(Protocol):
    """Makes rigs that are closed at the end of the test."""

    def __call__(self, url: str, **settings: Unpack[TargetSettings]) -> Rig:
        """Return a rig for the API at `url`."""
