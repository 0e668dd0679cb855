"""Which backups can be restored, and why the others cannot."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis.strategies import (
    DrawFn,
    composite,
    integers,
    just,
    lists,
    none,
    one_of,
    permutations,
    sampled_from,
)
from msgspec.structs import replace

from exporter.backups.chains import AssessedBackup, AssessedGroup, BrokenLink, Chains
from exporter.backups.grouping import group_backups
from exporter.config import Statuses
from exporter.records import Backup
from tests.support.builders import NOON, backup

STATUSES = Statuses()
Verdict = int | BrokenLink
PREDICATES: tuple[Callable[[AssessedBackup], bool], ...] = (
    lambda assessed: assessed.is_restorable,
    lambda assessed: assessed.is_full,
    lambda assessed: assessed.broken_link is BrokenLink.PARENT_FAILED,
    lambda _: True,
)
SORTS = ("COMPLETED", "RESTORED", "FAILED", "BUILDING", "DELETED", "PAUSED")


def on(
    parent: str | int | None, name: str | int, status: str = "COMPLETED", created_at: datetime | None = None
) -> Backup:
    """Make a backup whose parent is `parent`."""
    made = backup(name, parent_id=None if parent is None else str(parent), status=status)
    return replace(made, created_at=created_at) if created_at else made


def chain(*statuses: str) -> list[Backup]:
    """Make backups named 0, 1, …, each on the one before it; the first is full."""
    links = [on(place - 1, place, status) for place, status in enumerate(statuses)]
    return [backup(0, status=statuses[0]), *links[1:]]


def assess(backups: Sequence[Backup], statuses: Statuses) -> dict[str, Verdict]:
    """Assess the usable ones of these backups; return the verdicts by id."""
    return {
        assessed.backup.id: verdict_on(assessed)
        for group in assess_each(backups, statuses)
        for assessed in group.backups
    }


def verdict_on(assessed: AssessedBackup) -> Verdict:
    """Return the chain's length, or why it is broken."""
    (verdict,) = [known for known in (assessed.chain_length, assessed.broken_link) if known is not None]
    return verdict


def assess_each(backups: Sequence[Backup], statuses: Statuses = STATUSES) -> list[AssessedGroup]:
    """Assess the usable groups of these backups."""
    chains = Chains({record.id: record for record in backups}, statuses)
    return [chains.assess(group) for group in group_backups(backups) if group.status in statuses.usable]


def naive(backups: Sequence[Backup]) -> dict[str, Verdict]:
    """Assess each backup for itself, by following its parents one by one."""
    by_id = {record.id: record for record in backups}
    return {record.id: follow(record, by_id) for record in backups if record.status in STATUSES.usable}


def follow(record: Backup, by_id: dict[str, Backup]) -> Verdict:
    """Go from a backup to its full one or to the first broken link."""
    passed = [record.id]
    while record.parent_id not in {None, "", record.id}:
        if record.parent_id not in by_id:
            return BrokenLink.PARENT_MISSING
        record = by_id[record.parent_id]
        if record.status in STATUSES.running:
            return BrokenLink.PARENT_RUNNING
        if record.status not in STATUSES.usable:
            return BrokenLink.PARENT_FAILED
        if record.id in passed:
            return BrokenLink.CYCLE
        passed.append(record.id)
    return len(passed)


@composite
def forests(draw: DrawFn) -> list[Backup]:
    """Draw backups in any order, most of them usable, with missing parents, cycles and full backups.

    Some are younger than what builds on them, and some of one age.
    """
    size = draw(integers(0, 14))
    status = one_of(sampled_from(SORTS[:2]), sampled_from(SORTS[:2]), sampled_from(SORTS))
    anyone = one_of(none(), sampled_from(["", "gone", "<int>"]), integers(0, 14))
    backups = []
    for name in range(size):
        before = just(max(0, name - 1))
        parent = draw(one_of(before, before, integers(max(0, name - 3), name), anyone))
        age = draw(one_of(just(name), just(name), integers(0, 3)))
        backups.append(on(parent, name, draw(status), created_at=NOON + timedelta(minutes=age)))
    return draw(permutations(backups))


@given(forests())
def test_equals_following_the_parents_one_by_one(backups: list[Backup]) -> None:
    """Exactly the usable backups are assessed, with the result of following their parents naively."""
    assert assess(backups, STATUSES) == naive(backups)


@given(forests().flatmap(lambda backups: lists(permutations(backups), min_size=2, max_size=2)))
def test_the_order_makes_no_difference(orders: list[list[Backup]]) -> None:
    """A list gets the same verdicts in any order."""
    first, second = (assess(order, STATUSES) for order in orders)

    assert first == second


@given(forests(), lists(integers(0, 2), min_size=14, max_size=14))
def test_the_groups_make_no_difference(backups: list[Backup], instances: list[int]) -> None:
    """Chains may run through any number of instances."""
    moved = [
        replace(record, instance_id=f"{instance}")
        for record, instance in zip(backups, instances, strict=False)
    ]

    assert assess(moved, STATUSES) == naive(moved)


@given(forests())
def test_a_group_counts_its_broken_links_and_knows_its_newest(backups: list[Backup]) -> None:
    """It counts every reason, and of several backups created at once the greatest id is the newest."""
    for group in assess_each(backups):
        reasons = [assessed.broken_link for assessed in group.backups]
        assert group.broken_links() == Counter(reason for reason in reasons if reason)
        for predicate in PREDICATES:
            matches = [assessed for assessed in group.backups if predicate(assessed)]
            newest = max(matches, key=lambda one: (one.backup.created_at, one.backup.id), default=None)
            assert group.newest(predicate) == newest


@given(forests())
def test_a_backup_is_restorable_unless_its_chain_is_broken(backups: list[Backup]) -> None:
    """A full backup is a restorable one whose chain has the length 1."""
    for assessed in (assessed for group in assess_each(backups) for assessed in group.backups):
        assert assessed.is_restorable == isinstance(verdict_on(assessed), int)
        assert assessed.is_full == (verdict_on(assessed) == 1)


def test_chains_show_their_size() -> None:
    """The representation says how many backups there are, not which."""
    assert repr(Chains({"0": backup(0)}, STATUSES)) == "<Chains of 1 backups, 0 followed>"


def test_no_backups() -> None:
    """An empty list has no verdicts."""
    assert assess([], STATUSES) == {}


def test_reasons_are_the_label_values_of_the_metric() -> None:
    """A reason reads as the documented label."""
    assert [f"{reason}" for reason in BrokenLink] == [
        "parent_missing",
        "parent_failed",
        "parent_running",
        "cycle",
    ]


def test_a_chain_counts_from_its_full_backup() -> None:
    """A full backup has length 1, an incremental one more than its parent; any usable status counts."""
    verdicts = assess(chain("COMPLETED", "RESTORED", "COMPLETED"), STATUSES)

    assert verdicts == {"0": 1, "1": 2, "2": 3}


@pytest.mark.parametrize(("full", "verdict"), [("COMPLETED", 2), ("FAILED", BrokenLink.PARENT_FAILED)])
def test_all_may_build_on_the_full_backup(full: str, verdict: Verdict) -> None:
    """A differential backup reads the full one and itself, however many came between."""
    verdicts = assess([backup(0, status=full), *(on(0, place) for place in (1, 2, 3))], STATUSES)

    assert [verdicts[name] for name in "123"] == [verdict] * 3


def test_incrementals_may_share_a_parent() -> None:
    """The length of each branch is counted down to the full backup."""
    branches = [on("0", "left"), on("0", "right"), on("right", "tip")]
    verdicts = assess([*chain("COMPLETED"), *branches], STATUSES)

    assert verdicts == {"0": 1, "left": 2, "right": 2, "tip": 3}


@pytest.mark.parametrize("parent", [None, "", "self"])
def test_no_parent_makes_a_full_backup(parent: str | None) -> None:
    """A backup without a parent, with an empty one or on itself is full, and others can build on it."""
    verdicts = assess([on("self", "child"), on(parent, "self")], STATUSES)

    assert verdicts == {"self": 1, "child": 2}


@pytest.mark.parametrize("status", ["FAILED", "BUILDING", "DELETED", "PAUSED"])
def test_an_unusable_backup_has_no_verdict(status: str) -> None:
    """Neither a full backup nor an incremental of another status is assessed."""
    verdicts = assess([*chain("COMPLETED", status), backup("alone", status=status)], STATUSES)

    assert verdicts == {"0": 1}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("FAILED", BrokenLink.PARENT_FAILED),
        ("DELETED", BrokenLink.PARENT_FAILED),
        ("DELETE_FAILED", BrokenLink.PARENT_FAILED),
        ("PAUSED", BrokenLink.PARENT_FAILED),
        ("completed", BrokenLink.PARENT_FAILED),
        ("NEW", BrokenLink.PARENT_RUNNING),
        ("BUILDING", BrokenLink.PARENT_RUNNING),
        ("SAVING", BrokenLink.PARENT_RUNNING),
    ],
)
def test_an_unusable_parent_breaks_all_that_builds_on_it(status: str, reason: BrokenLink) -> None:
    """It breaks the chains of its children and of their children, but not that of its parent."""
    verdicts = assess(chain("COMPLETED", status, "COMPLETED", "COMPLETED"), STATUSES)

    assert verdicts == {"0": 1, "2": reason, "3": reason}


@pytest.mark.parametrize("parent", ["gone", "<int>", " ", "0 ", "None"])
def test_a_parent_that_is_not_in_the_list(parent: str) -> None:
    """A parent that was deleted, or has an invalid id, is missing for all backups that depend on it."""
    verdicts = assess([backup("0"), on(parent, "orphan"), on("orphan", "child")], STATUSES)

    assert verdicts == {"0": 1, "orphan": BrokenLink.PARENT_MISSING, "child": BrokenLink.PARENT_MISSING}


@pytest.mark.parametrize(
    ("far", "further", "near", "nearest"),
    [
        ("FAILED", BrokenLink.PARENT_FAILED, "BUILDING", BrokenLink.PARENT_RUNNING),
        ("BUILDING", BrokenLink.PARENT_RUNNING, "FAILED", BrokenLink.PARENT_FAILED),
        ("BUILDING", BrokenLink.PARENT_RUNNING, "PAUSED", BrokenLink.PARENT_FAILED),
    ],
)
def test_the_nearest_broken_link_counts(
    far: str, further: BrokenLink, near: str, nearest: BrokenLink
) -> None:
    """A backup with two broken links in its chain gets the first one."""
    verdicts = assess(chain("COMPLETED", far, "COMPLETED", near, "COMPLETED", "COMPLETED"), STATUSES)

    assert verdicts == {"0": 1, "2": further, "4": nearest, "5": nearest}


def test_a_broken_link_hides_the_gap_and_the_cycle_behind_it() -> None:
    """Ancestors behind an unusable parent make no difference."""
    gap = [on("gone", "a", "FAILED"), on("a", "b")]
    cycle = [on("d", "c"), on("c", "d"), on("d", "e", "BUILDING"), on("e", "f")]
    verdicts = assess(gap + cycle, STATUSES)

    assert verdicts == {
        "b": BrokenLink.PARENT_FAILED,
        "c": BrokenLink.CYCLE,
        "d": BrokenLink.CYCLE,
        "f": BrokenLink.PARENT_RUNNING,
    }


@pytest.mark.parametrize("length", [2, 3, 10])
def test_a_cycle_breaks_its_members_and_all_that_leads_into_it(length: int) -> None:
    """No backup of a cycle leads to a full one."""
    members = [on((place + 1) % length, place) for place in range(length)]
    verdicts = assess([on("near", "far"), on("0", "near"), *members], STATUSES)

    assert verdicts == dict.fromkeys([*map(str, range(length)), "near", "far"], BrokenLink.CYCLE)


def test_an_unusable_member_opens_a_cycle() -> None:
    """A cycle with a failed backup is broken by that backup."""
    verdicts = assess([on("b", "a"), on("c", "b"), on("a", "c", "FAILED")], STATUSES)

    assert verdicts == {"a": BrokenLink.PARENT_FAILED, "b": BrokenLink.PARENT_FAILED}


@pytest.mark.parametrize(
    ("status", "reason"), [("FAILED", BrokenLink.PARENT_FAILED), ("BUILDING", BrokenLink.PARENT_RUNNING)]
)
def test_a_parent_on_itself_may_be_unusable(status: str, reason: BrokenLink) -> None:
    """A full backup that names itself breaks its children by its status, never as a cycle."""
    verdicts = assess([on("self", "self", status), on("self", "child")], STATUSES)

    assert verdicts == {"child": reason}


@pytest.mark.parametrize(
    ("parents", "reason"),
    [
        ([backup("p", status="FAILED")], BrokenLink.PARENT_FAILED),
        ([backup("p", status="NEW")], BrokenLink.PARENT_RUNNING),
        ([], BrokenLink.PARENT_MISSING),
        ([on("q", "p"), on("p", "q")], BrokenLink.CYCLE),
    ],
)
def test_two_children_of_one_broken_parent(parents: list[Backup], reason: BrokenLink) -> None:
    """Both have the same reason, and so have their children."""
    children = [on("p", "one"), on("p", "two"), on("two", "grandchild")]
    verdicts = assess([*children, *parents], STATUSES)

    assert [verdicts[child.id] for child in children] == [reason, reason, reason]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [("COMPLETED", 2), ("FAILED", BrokenLink.PARENT_FAILED), ("BUILDING", BrokenLink.PARENT_RUNNING)],
)
@pytest.mark.parametrize("owner", ["other", None])
def test_a_parent_of_another_instance(status: str, verdict: Verdict, owner: str | None) -> None:
    """A parent counts by its status, even if it belongs to another instance."""
    verdicts = assess([on("parent", "child"), backup("parent", status=status, instance_id=owner)], STATUSES)

    assert verdicts["child"] == verdict


def test_a_parent_newer_than_its_child() -> None:
    """Times make no difference: a chain is what `parent_id` says."""
    late = backup("parent", created_at=NOON + timedelta(days=1))

    assert assess([on("parent", "child"), late], STATUSES) == {"parent": 1, "child": 2}


def test_the_statuses_are_the_configured_ones() -> None:
    """The configuration says which statuses are usable and which are running."""
    statuses = Statuses(usable=frozenset({"OK"}), running=frozenset({"COMPLETED"}))
    verdicts = assess(chain("OK", "OK", "COMPLETED", "OK"), statuses)
    building = assess([backup("parent", status="BUILDING"), on("parent", "child", "OK")], statuses)

    assert verdicts == {"0": 1, "1": 2, "3": BrokenLink.PARENT_RUNNING}
    assert building == {"child": BrokenLink.PARENT_FAILED}


@pytest.mark.parametrize("step", [1, -1])
def test_a_chain_of_100_000(step: int) -> None:
    """A chain has no maximum length, in any order."""
    verdicts = assess(chain(*["COMPLETED"] * 100_000)[::step], STATUSES)

    assert verdicts == {str(place): place + 1 for place in range(100_000)}


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize(
    ("end", "reason"),
    [("gone", BrokenLink.PARENT_MISSING), ("99999", BrokenLink.CYCLE), ("failed", BrokenLink.PARENT_FAILED)],
)
def test_a_broken_chain_of_100_000(end: str, reason: BrokenLink, step: int) -> None:
    """The last backup has the broken link of the first."""
    backups = [on(end, 0), *chain(*["COMPLETED"] * 100_000)[1:], backup("failed", status="FAILED")]
    verdicts = assess(backups[::step], STATUSES)

    assert verdicts == dict.fromkeys(map(str, range(100_000)), reason)
