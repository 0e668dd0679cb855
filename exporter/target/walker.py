"""One walk of one target, from requests to snapshot."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace
from structlog.typing import FilteringBoundLogger

from exporter.api import ApiClient
from exporter.backups import Evidence, Inventory, KnownAssessments, Rules, assess, data_warnings
from exporter.config import Objective
from exporter.errors import ApiError
from exporter.records import Backup
from exporter.results import DataWarning, Snapshot, WalkResult
from exporter.target.backup_list import BackupList
from exporter.target.hints import with_hint
from exporter.target.instances import InstanceList
from exporter.target.outcome import WalkOutcome
from exporter.target.running_walk import RunningWalk
from exporter.target.warning_log import WarningLog

Redact = Callable[[str], str]
INSTANCES_SECONDS: Final = 2.0  # how long a walk that has read its backups waits for the list of instances


class TargetWalker:
    """Walks one target: snapshot = assess(BackupList.walk(client)).

    The list of instances is walked at the same time. Its failures do not fail the walk of the backups.

    :param objectives: the first that matches a database applies to it
    """

    def __init__(
        self,
        api: ApiClient,
        instances: InstanceList,
        objectives: Sequence[Objective],
        log: FilteringBoundLogger,
    ) -> None:
        self.api = api
        self.instances = instances
        self.objectives = objectives
        self._known = KnownAssessments()
        self._backups = BackupList(api.target, on_many_changes=self._known.clear)
        self._warning_log = WarningLog(log)
        self._last_names: Mapping[str, str] = {}
        """Of the instances that are listed or have backups, deleted ones too."""

    def __repr__(self) -> str:
        return f"TargetWalker({self.api.target.name!r}, {self._backups}, {self.instances})"

    def __call__(
        self,
        seconds: float,
        reserved: int = 1,
        running: RunningWalk | None = None,
        *,
        instances_seconds: float = INSTANCES_SECONDS,
    ) -> WalkOutcome:
        """Walk for at most `seconds`.

        :param reserved: requests to leave in the API's budget for the next walk
        :param running: shows the walk's progress to other threads and lets them cancel it
        :param instances_seconds: how long to wait for the list of instances once the backups are read
        """
        clock = self.api.clock
        running = running or RunningWalk(clock.monotonic(), seconds, self.api.budget)
        listing = self.instances.start_if_due(seconds, reserved)
        backups = self._read_backups(seconds, reserved, running)
        stats = running.stats(clock.monotonic())
        if listing:
            listing.ended.wait(instances_seconds)
        if isinstance(backups, ApiError):
            return WalkOutcome(stats, backups, instances_ok=self.instances.ok)
        walked, redact = backups
        self.instances.settle(has_backups=bool(walked.records))
        snapshot = self._snapshot(walked, redact)
        return WalkOutcome(stats, snapshot, page_size=walked.limit, instances_ok=self.instances.ok)

    def _read_backups(
        self, seconds: float, reserved: int, running: RunningWalk
    ) -> tuple[WalkResult[Backup], Redact] | ApiError:
        """Return every backup and what redacts the credential from text of this walk, or why that failed."""
        try:
            client = self.api.walk_client(seconds, reserved)
            running.attach(client)
            return self._backups.walk(client), client.redact
        except ApiError as error:
            # The traceback would keep everything that the walk has read for as long as the error is kept.
            return with_hint(error, self.api.target).with_traceback(None)

    def _snapshot(self, walked: WalkResult[Backup], redact: Redact) -> Snapshot:
        target = self.api.target
        inventory = Inventory.of(target.expected_instances, self.instances.listed, self._last_names)
        owners = {backup.instance_id for backup in walked.records.values() if backup.instance_id}
        self._last_names = inventory.names_of(owners | inventory.ids)
        rules = Rules(target.statuses, self.objectives, target.bytes_per_unit, target.chains, target.exclude)
        snapshot = assess(walked, inventory, rules, completed_at=self.api.clock.now(), known=self._known)
        warnings = self._data_warnings(snapshot, walked.first_malformed)
        redacted = tuple(DataWarning(redact(warning.kind), redact(warning.text)) for warning in warnings)
        self._warning_log.update(redacted)
        return replace(snapshot, data_warnings=redacted)

    def _data_warnings(self, snapshot: Snapshot, first_malformed: str | None) -> tuple[DataWarning, ...]:
        return data_warnings(
            Evidence(
                snapshot=snapshot,
                target=self.api.target,
                objectives=self.objectives,
                listed=self.instances.listed,
                listing_error=self.instances.error,
                first_malformed=first_malformed,
            )
        )
