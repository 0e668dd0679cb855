"""A target's walk over real sockets, with its parts at hand and a clock that a test sets forward."""

import structlog

from exporter.api import ApiClient, Deadlines, HttpTransport
from exporter.api.budget import Budget
from exporter.clock import Clock
from exporter.config.credentials import Secret
from exporter.config.schema import ExpectedInstance, Objective, SizeUnit, Target, Url
from exporter.results import DatabaseAssessment, Snapshot
from exporter.target import InstanceList, TargetWalker, WalkOutcome
from exporter.target.instance_state import Mode
from exporter.target.instances import LIST_SECONDS
from tests.support.world import Silent


class ShiftedClock(Clock):
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


class WalkRig:
    """A target's walker with its list of instances."""

    def __init__(  # noqa: PLR0913 - settings of a target, each by name
        self,
        url: str,
        objectives: tuple[Objective, ...] = (),
        *,
        instances: Mode = "auto",
        page_size: int | None = None,
        size_unit: SizeUnit = "bytes",
        expected_instances: tuple[ExpectedInstance, ...] = (),
    ) -> None:
        self.target = Target(
            name="default",
            url=Url(url),
            api_key=Secret("demo:demo-secret"),
            instances=instances,
            page_size="auto" if page_size is None else page_size,
            size_unit=size_unit,
            expected_instances=expected_instances,
        )
        self.clock = ShiftedClock()
        self.api = ApiClient(
            self.target,
            Budget(clock=self.clock),
            Silent(),
            HttpTransport(self.target, Deadlines()),
            self.clock,
        )
        log = structlog.get_logger()
        self.instances = InstanceList(self.api, instances, log)
        self.walker = TargetWalker(self.api, self.instances, objectives, log)

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
