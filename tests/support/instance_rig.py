"""A target's walk with its list of instances, on a clock that a test moves forward."""

from typing import Unpack

import structlog

from exporter.api import ApiClient, Deadlines, HttpTransport
from exporter.api.budget import Budget
from exporter.clock import Clock
from exporter.config.schema import Objective
from exporter.results import DatabaseAssessment, Snapshot
from exporter.target.instances import EVERY, InstanceList
from exporter.target.walk import TargetWalker, WalkOutcome
from tests.support.targets import TargetSettings, target
from tests.support.world import Silent


class Shifted(Clock):
    """The machine's clock, which a test can move forward, and whose wall clock can step."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.step = 0.0

    def now(self) -> float:
        """Return Unix time plus `ahead` and `step`."""
        return super().now() + self.ahead + self.step

    def monotonic(self) -> float:
        """Return monotonic time plus `ahead`."""
        return super().monotonic() + self.ahead

    def sleep(self, seconds: float) -> None:
        """Return immediately."""


class Rig:
    """A target's walker with its list of instances."""

    def __init__(
        self, url: str, objectives: tuple[Objective, ...], **settings: Unpack[TargetSettings]
    ) -> None:
        made = target(url=url, **settings)
        self.clock = Shifted()
        self.api = ApiClient(
            made, Budget(clock=self.clock), Silent(), HttpTransport(made, Deadlines()), self.clock
        )
        log = structlog.get_logger()
        self.instances = InstanceList(self.api, made.instances, log)
        self.target_walk = TargetWalker(self.api, self.instances, objectives, log)

    def walk(self, patience: float = 10) -> WalkOutcome:
        """Walk, more than ten minutes after the last walk."""
        self.clock.ahead += EVERY + 1
        return self.target_walk(20, patience=patience)

    def snapshot(self) -> Snapshot:
        """Walk, and return the snapshot."""
        snapshot = self.walk().snapshot
        assert snapshot is not None
        return snapshot

    def assessments(self) -> dict[str, DatabaseAssessment]:
        """Walk, and return the assessment of each database."""
        return {recovery.instance_id: recovery for recovery in self.snapshot().assessments}
