"""The API's client and a target's walk over real sockets, with all their parts at hand."""

from typing import Unpack

import structlog

from exporter.api import ApiClient, Deadlines, HttpTransport
from exporter.api.budget import Budget
from exporter.clock import Clock
from exporter.config.schema import Period
from exporter.errors import ApiError, Reason
from exporter.target.instances import InstanceList
from exporter.target.walk import TargetWalker
from tests.support.targets import TargetSettings, target

KEY = "demo:demo-secret"


class Impatient(Clock):
    """A clock that does not sleep, and records for how long it should have."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.ahead = 0.0

    def now(self) -> float:
        """Return Unix time plus `ahead`."""
        return super().now() + self.ahead

    def monotonic(self) -> float:
        """Return monotonic time plus `ahead`."""
        return super().monotonic() + self.ahead

    def sleep(self, seconds: float) -> None:
        """Record the seconds."""
        self.slept.append(seconds)


class Notes:
    """An observer that records requests and retries."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.retries: list[Reason] = []

    def requested(self, code: str, seconds: float) -> None:
        """Record the status code."""
        assert seconds >= 0
        self.codes.append(code)

    def retried(self, reason: Reason) -> None:
        """Record the reason."""
        self.retries.append(reason)


class Rig:
    """A target's walker over real sockets, with its parts accessible."""

    def __init__(self, url: str, **settings: Unpack[TargetSettings]) -> None:
        fields: TargetSettings = {
            "request_timeout": Period(5),
            "page_size": 20,
            "instances": "off",
            "max_concurrency": 1,
            **settings,
        }
        self.target = target(url=url, **fields)
        self.clock = Impatient()
        self.notes = Notes()
        self.budget = Budget(clock=self.clock, tier=self.target.api_tier)
        self.api = ApiClient(
            self.target, self.budget, self.notes, HttpTransport(self.target, DEADLINES), self.clock
        )
        instances = InstanceList(self.api, self.target.instances, structlog.get_logger())
        self.walk = TargetWalker(self.api, instances, (), structlog.get_logger())

    def failure(self, seconds: float = 30) -> ApiError:
        """Walk, and return the error."""
        error = self.walk(seconds).error
        assert error is not None
        return error


DEADLINES = Deadlines()
