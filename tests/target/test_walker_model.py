"""Many walks of one target between changes of all kinds, against walks without a past."""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final

import msgspec
import structlog
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.api import BACKUPS, ApiClient
from exporter.api.budget import Budget
from exporter.api.transport import ObserveHeaders
from exporter.config import (
    Exclusion,
    ExpectedInstance,
    Labels,
    Match,
    MaxDuration,
    Objective,
    PositiveDuration,
    Secret,
    Target,
)
from exporter.records import Backup, Datastore, Instance
from exporter.results import Snapshot
from exporter.simulator import Quirks
from exporter.simulator.http.wire import BACKUPS as SERVED_BACKUPS
from exporter.simulator.http.wire import INSTANCES as SERVED_INSTANCES
from exporter.simulator.http.wire import Json, RequestRefusedError
from exporter.simulator.listing import Listing
from exporter.target import InstanceList, TargetWalker
from exporter.target.instances import LIST_SECONDS
from tests.support.builders import NOON
from tests.support.targets import target
from tests.support.world import Silent, World

IDS: Final = tuple(map(str, range(10)))
STATUSES: Final = (*["COMPLETED"] * 6, "FAILED", "BUILDING", "PURGED")
OWNERS: Final = ("one", "one", "one", "two", "two", "three", None)
TYPES: Final = (None, Datastore("redis"), Datastore("mysql", "8"))
EXCLUSIONS: Final = ((), (), (), (Exclusion(backup_name="night*"),), (Exclusion(instance_name="ord*"),))
OBJECTIVES: Final = (
    (),
    (Objective(match=Match(instance_name="ord*"), labels=Labels((("team", "a"),))), Objective()),
    (Objective(match=Match(datastore_type="redis"), max_age=MaxDuration(60.0)),),
    (Objective(min_retention=PositiveDuration(120.0)),),
)
ARRANGEMENTS: Final[Sequence[Callable[[bytes, bytes], bytes]]] = (
    lambda listed, rest: b'{"database_backups": %b, %b}' % (listed, rest),
    lambda listed, rest: b'{%b, "database_backups": %b}' % (rest, listed),
    lambda listed, rest: b'{"meta": {"total": 99}, "database_backups": %b, %b}' % (listed, rest),
    lambda listed, rest: b'{"database_backups": %b, "meta": {"total": 99}, %b}' % (listed, rest),
    lambda listed, rest: b'{"database_backups": [], "database_backups": %b, %b}' % (listed, rest),
    lambda listed, rest: b'{"database_backups": %b, %b, "tags": ["]"]}' % (listed, rest),
)
"""Bodies with the same meaning, from the list and the rest of the keys."""


class Api:
    """An API without sockets, and everything about it that changes between walks.

    :param malformed: the ids of backups that cannot be decoded.
    :param fails_at: the number of the first request that fails; `None`: none does.
    """

    def __init__(self) -> None:
        self.backups: tuple[Backup, ...] = ()
        self.instances: tuple[Instance, ...] = ()
        self.malformed: frozenset[str] = frozenset()
        self.arrange = ARRANGEMENTS[0]
        self.uncounted = 0
        self.fails_at: int | None = None
        self._requests = 0

    def get(
        self, path: str, query: Mapping[str, str], _secret: Secret, _seconds: float, _observe: ObserveHeaders
    ) -> tuple[int, bytes]:
        """Respond from the present lists."""
        self._requests += 1
        if self.fails_at is not None and self._requests >= self.fails_at:
            return 500, b""
        try:
            if path == BACKUPS.path:
                return 200, self._page(Listing(SERVED_BACKUPS, self.backups, Quirks()).page(query))
            return 200, Listing(SERVED_INSTANCES, self.instances, Quirks()).encoded(query)
        except RequestRefusedError as refusal:
            return refusal.status, b"{}"

    def close(self) -> None:
        """Do nothing."""

    def fail_from(self, request: int | None) -> None:
        """Let requests fail from one on, counted from now."""
        self._requests, self.fails_at = 0, request

    def _page(self, body: Json) -> bytes:
        listed, meta = body["database_backups"], body["meta"]
        assert isinstance(listed, list)
        assert isinstance(meta, dict)
        shown = [one | {"status": None} if one["id"] in self.malformed else one for one in listed]
        rest = {"meta": meta | {"total": len(self.backups) + self.uncounted}, "links": body["links"]}
        return self.arrange(msgspec.json.encode(shown), msgspec.json.encode(rest)[1:-1])


class Story:
    """A target's API and configuration, which change at random, and its walker."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self.world = World()
        self.api = Api()
        self.target = target(
            page_size=self.random.randrange(1, 5),
            max_concurrency=self.random.choice([1, 3]),
            size_unit="auto",
            exclude=self.random.choice(EXCLUSIONS),
            expected_instances=(ExpectedInstance("idle", "stock", "mysql"),),
        )
        self.walker = self._new_walker(self.target, OBJECTIVES[0])
        for _ in IDS:
            self._change_list(0)

    def snapshot(self) -> Snapshot:
        """Walk with what the last walks have left."""
        self.world.time += LIST_SECONDS + 1
        return _snapshot_of(self.walker)

    def plain_snapshot(self) -> Snapshot:
        """Walk without a past, one page after the other; the bodies are as documented."""
        arrange, self.api.arrange = self.api.arrange, ARRANGEMENTS[0]
        settings = replace(self.target, max_concurrency=1)
        snapshot = _snapshot_of(self._new_walker(settings, self.walker.objectives))
        self.api.arrange = arrange
        return snapshot

    def _new_walker(self, settings: Target, objectives: Sequence[Objective]) -> TargetWalker:
        api = ApiClient(settings, Budget(clock=self.world), Silent(), self.api, self.world)
        log = structlog.get_logger()
        instances = InstanceList(api, "auto", log, spawn=lambda work: work())
        return TargetWalker(api, instances, objectives, log)

    def change(self) -> None:
        """Change the list, and sometimes one of the other things."""
        choose, choice = self.random.randrange, self.random.choice
        for _ in range(choose(4)):
            self._change_list(choose(6))
        match choose(9):
            case 0:
                self.api.malformed = frozenset({choice(IDS)})
            case 1:
                self.api.uncounted = 2 - self.api.uncounted
            case 2:
                self.api.arrange = choice(ARRANGEMENTS)
            case 3:
                others = [Instance(one, "carts", choice(TYPES)) for one in ("two", "three")]
                self.api.instances = (Instance("one", choice(["orders", "users"])), *others[: choose(3)])
            case 4:
                self.walker.objectives = choice(OBJECTIVES)

    def fail(self) -> None:
        """Let a walk fail, or come close."""
        self.api.fail_from(1 + self.random.randrange(6))
        self.walker(600)
        self.api.fail_from(None)

    def _change_list(self, kind: int) -> None:
        backups, place = self.api.backups, self.random.randrange(len(self.api.backups) + 1)
        before, chosen, behind = backups[:place], backups[place : place + 1], backups[place + 1 :]
        match kind:
            case 0 | 1 | 2:
                new = self._backup()
                self.api.backups = (new, *(one for one in backups if one.id != new.id))
            case 3:  # even without a new `updated_at`
                self.api.backups = (*before, *(self._backup(one.id) for one in chosen), *behind)
            case 4:
                self.api.backups = (*chosen, *before, *behind)
            case _:
                self.api.backups = (*before, *behind)

    def _backup(self, number: str | None = None) -> Backup:
        choice = self.random.choice
        number = number or choice(IDS)
        moment = NOON + timedelta(minutes=int(number))
        return Backup(
            number,
            choice(STATUSES),
            moment,
            choice([None, moment, moment + timedelta(minutes=9)]),
            choice(OWNERS),
            choice([None, number, str(int(number) - 1), str(int(number) + 1), choice(IDS)]),
            choice([None, 0.0, 5.0, 2.5, 3e6]),
            choice(TYPES),
            choice([None, "", "nightly"]),
            choice([None, None, None, "cinder://volume", "swift://object"]),
        )


def _snapshot_of(walker: TargetWalker) -> Snapshot:
    snapshot = walker(600).snapshot
    assert snapshot is not None
    return replace(snapshot, completed_at=0)


@given(seed=st.integers(0, 2**32 - 1))
def test_every_snapshot_is_that_of_a_walk_without_a_past(seed: int) -> None:
    """Whatever has changed since the last walk, and whether that walk has failed."""
    story = Story(seed)
    for _ in range(6):
        story.change()
        if not story.random.randrange(4):
            story.fail()
        assert story.snapshot() == story.plain_snapshot()
