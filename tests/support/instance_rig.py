"""A target's walk over real sockets, with access to its parts and a clock that a test sets forward."""

from typing import Unpack

import structlog

from exporter.api import ApiClient, Deadlines, HttpTransport
from exporter.api.budget import Budget
from exporter.clock import Clock
from exporter.config import Objective
from exporter.results import DatabaseAssessment, Snapshot
from exporter.target import InstanceList, TargetWalker, WalkOutcome
from exporter.target.instances import LIST_SECONDS
from tests.support.targets import TargetSettings, target
from tests.support.world import Silent


class Shifted(Clock):
    """The machine's clock, `ahead` seconds later; its Unix time is off by another `step`."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.step = 0.0

    def now(self) -> float:
        """Return Unix time, later and stepped."""
        return super().now() + self.ahead + self.step

    def monotonic(self) -> float:
        """Return the later monotonic time."""
        return super().monotonic() + self.ahead

    def sleep(self, seconds: float) -> None:
        """Return at once."""


class Rig:
    """A target's walker with its list of instances."""

    def __init__(
        self, url: str, objectives: tuple[Objective, ...] = (), **settings: Unpack[TargetSettings]
    ) -> None:
        self.target = target(url=url, **settings)
        self.clock = Shifted()
        self.api = ApiClient(
            self.target,
            Budget(clock=self.clock),
            Silent(),
            HttpTransport(self.target, Deadlines()),
            self.clock,
        )
        log = structlog.get_logger()
        self.instances = InstanceList(self.api, self.target.instances, log)
        self.walker = TargetWalker(self.api, self.instances, objectives, log)

    def close(self) -> None:
        """Close the connections to the API."""
        self.api.close()

    def walk(self, instances_seconds: float = 10) -> WalkOutcome:
        """Walk now, with the list of instances if it is due."""
        return self.walker(20, instances_seconds=instances_seconds)

    def walk_later(self) -> WalkOutcome:
        """Walk once the list of instances is due again."""
        self.clock.ahead += LIST_SECONDS + 1
        return self.walk()

    def snapshot(self) -> Snapshot:
        """Return the snapshot of a later walk."""
        snapshot = self.walk_later().snapshot
        assert snapshot is not None
        return snapshot

    def assessments(self) -> dict[str, DatabaseAssessment]:
        """Return the assessments of a later walk by instance."""
        return {found.instance_id: found for found in self.snapshot().assessments}
