"""Which backups can be restored, and why the others cannot."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache

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

from exporter.backups.chains import AssessedGroup, BrokenBy, BrokenLink, Chain, Chains
from exporter.backups.grouping import group_backups
from exporter.config import ChainMode, Statuses
from exporter.records import Backup
from tests.support.builders import NOON, backup

STATUSES = Statuses()
Verdict = int | BrokenBy
PREDICATES: tuple[Callable[[AssessedGroup], Callable[[int], bool]], ...] = (
    lambda group: group.is_restorable,
    lambda group: group.is_full,
    lambda group: group.is_usable,
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


@cache
def long_chain() -> tuple[Backup, ...]:
    """Make a chain of 100,000 completed backups, once: they are immutable."""
    return tuple(chain(*["COMPLETED"] * 100_000))


def assess(backups: Sequence[Backup], statuses: Statuses = STATUSES) -> dict[str, Verdict]:
    """Assess the usable ones of these backups; return the verdicts by id."""
    return {name: verdict_on(chain) for name, chain in chains_of(backups, statuses).items()}


def chains_of(
    backups: Sequence[Backup], statuses: Statuses = STATUSES, mode: ChainMode = "follow"
) -> dict[str, Chain]:
    """Return the chain of each usable backup by its id."""
    return {
        backup.id: Chain(group.lengths[index], group.broken.get(index))
        for group in assess_each(backups, statuses, mode)
        for index, backup in enumerate(group.backups)
    }


def verdict_on(chain: Chain) -> Verdict:
    """Return the chain's length, or why it is broken."""
    return chain.broken.reason if chain.broken else chain.length


def assess_each(
    backups: Sequence[Backup], statuses: Statuses = STATUSES, mode: ChainMode = "follow"
) -> list[AssessedGroup]:
    """Assess the usable groups of these backups."""
    chains = Chains({record.id: record for record in backups}, statuses, mode)
    return [chains.assess(group) for group in group_backups(backups) if group.status in statuses.usable]


def naive(backups: Sequence[Backup]) -> dict[str, Verdict]:
    """Assess each backup for itself, by following its parents one by one."""
    by_id = {record.id: record for record in backups}
    return {
        record.id: verdict_on(follow(record, by_id)) for record in backups if record.status in STATUSES.usable
    }


def follow(record: Backup, by_id: dict[str, Backup]) -> Chain:
    """Go from a backup to its full one or to the first broken link."""
    passed = [record.id]
    while record.parent_id and record.parent_id != record.id:
        if record.parent_id not in by_id:
            return Chain(len(passed), BrokenLink(BrokenBy.PARENT_MISSING, record.parent_id))
        record = by_id[record.parent_id]
        if record.status not in STATUSES.usable:
            is_running = record.status in STATUSES.running
            reason = BrokenBy.PARENT_RUNNING if is_running else BrokenBy.PARENT_FAILED
            return Chain(len(passed), BrokenLink(reason, record.id))
        if record.id in passed:
            return Chain(len(passed), BrokenLink(BrokenBy.CYCLE, record.id))
        passed.append(record.id)
    return Chain(len(passed))


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


def ancestors(record: Backup, by_id: dict[str, Backup]) -> set[str]:
    """Return the ids of a backup and of all that it builds on."""
    passed: set[str] = set()
    while record.id not in passed:
        passed.add(record.id)
        record = by_id[record.parent_id or ""]
    return passed


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
def test_the_culprit_is_the_first_broken_ancestor(backups: list[Backup]) -> None:
    """It is the one at which a naive walk ends; in a cycle, any member that the walk meets."""
    by_id = {record.id: record for record in backups}
    for name, chain in chains_of(backups).items():
        expected = follow(by_id[name], by_id)
        if expected.broken and expected.broken.reason is BrokenBy.CYCLE:
            assert chain.broken
            assert chain.broken.culprit_id in ancestors(by_id[name], by_id)
        else:
            assert chain == expected


@given(forests())
def test_the_links_lead_from_a_backup_to_its_full_one_or_to_the_culprit(backups: list[Backup]) -> None:
    """Each link is the parent of the one before it, and no more are returned than requested."""
    by_id = {record.id: record for record in backups}
    chains = Chains(by_id, STATUSES)
    for name, chain in chains_of(backups).items():
        links = chains.links(by_id[name], chain, 100)
        last = links[-1]

        assert [link.id for link in links[1:]] == [link.parent_id for link in links[:-1]]
        assert len(links) == chain.length
        assert last.parent_id == chain.broken.culprit_id if chain.broken else not last.has_parent
        assert chains.links(by_id[name], chain, 2) == links[:2]


@given(forests())
def test_the_dependants_of_a_broken_link_are_the_backups_that_it_breaks(backups: list[Backup]) -> None:
    """Every backup with a broken chain hangs on one culprit."""
    chains = Chains({record.id: record for record in backups}, STATUSES)
    broken = [
        link
        for group in group_backups(backups)
        if group.status in STATUSES.usable
        for link in chains.assess(group).broken.values()
    ]

    assert chains.dependants == Counter(broken)


@given(forests())
def test_of_several_backups_created_at_once_the_greatest_id_is_the_newest(backups: list[Backup]) -> None:
    """It is the newest of those that qualify."""
    for group in assess_each(backups):
        for predicate_of in PREDICATES:
            predicate = predicate_of(group)
            matches = [backup for index, backup in enumerate(group.backups) if predicate(index)]
            newest = group.newest(predicate)

            assert (newest and newest.backup) == max(
                matches, key=lambda one: (one.created_at, one.id), default=None
            )


@given(forests())
def test_a_backup_is_restorable_unless_its_chain_is_broken(backups: list[Backup]) -> None:
    """A full backup is a restorable one whose chain has the length 1."""
    verdicts = assess(backups)
    for group in assess_each(backups):
        for index, record in enumerate(group.backups):
            assert group.is_restorable(index) == isinstance(verdicts[record.id], int)
            assert group.is_full(index) == (verdicts[record.id] == 1)


LOCATIONS = sampled_from(
    [None, "", "cinder://", "cinder", "CINDER://x", "https://swift/cinder://x", "swift://a"]
)


@given(forests(), lists(LOCATIONS, min_size=14, max_size=14))
def test_without_cinder_snapshots_auto_follows_every_parent(
    backups: list[Backup], locations: list[str | None]
) -> None:
    """Only the prefix with something after it makes a difference."""
    stored = [
        replace(record, location_ref=location) for record, location in zip(backups, locations, strict=False)
    ]

    assert chains_of(stored, mode="auto") == chains_of(stored, mode="follow")


@given(forests(), lists(sampled_from([None, "cinder://x"]), min_size=14, max_size=14))
def test_a_cinder_snapshot_needs_no_parent(backups: list[Backup], locations: list[str | None]) -> None:
    """With `auto`, a list is assessed as if its snapshots had no parent; the others still need theirs."""
    stored = [
        replace(record, location_ref=location) for record, location in zip(backups, locations, strict=False)
    ]
    orphaned = [replace(record, parent_id=None) if record.location_ref else record for record in stored]
    auto = {name: verdict_on(chain) for name, chain in chains_of(stored, mode="auto").items()}

    assert auto == naive(orphaned)


@given(forests())
def test_ignore_needs_no_parent_at_all(backups: list[Backup]) -> None:
    """Every usable backup is full."""
    chains = chains_of(backups, mode="ignore")

    assert set(chains.values()) <= {Chain(1)}


def test_self_contained_backups_are_counted() -> None:
    """Those of a usable status with a parent that `auto` ignores."""
    snapshots = [
        replace(record, location_ref="cinder://x")
        for record in (on("0", 1), on("1", 2), on("2", 3, "FAILED"), backup(4), on("5", 5))
    ]
    chains = Chains({record.id: record for record in snapshots}, STATUSES, "auto")
    groups = [group for group in group_backups(snapshots) if group.status in STATUSES.usable]

    assert sum(chains.assess(group).self_contained for group in groups) == 2


def test_chains_show_their_size() -> None:
    """The representation says how many backups there are, not which."""
    assert repr(Chains({"0": backup(0)}, STATUSES)) == "<Chains of 1 backups, 0 followed>"


def test_no_backups() -> None:
    """An empty list has no verdicts."""
    assert assess([], STATUSES) == {}


def test_reasons_are_the_label_values_of_the_metric() -> None:
    """A reason reads as the documented label."""
    assert [f"{reason}" for reason in BrokenBy] == [
        "parent_missing",
        "parent_failed",
        "parent_running",
        "cycle",
    ]


def test_a_chain_counts_from_its_full_backup() -> None:
    """A full backup has length 1, an incremental one more than its parent; any usable status counts."""
    verdicts = assess(chain("COMPLETED", "RESTORED", "COMPLETED"), STATUSES)

    assert verdicts == {"0": 1, "1": 2, "2": 3}


@pytest.mark.parametrize(("full", "verdict"), [("COMPLETED", 2), ("FAILED", BrokenBy.PARENT_FAILED)])
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
        ("FAILED", BrokenBy.PARENT_FAILED),
        ("DELETED", BrokenBy.PARENT_FAILED),
        ("DELETE_FAILED", BrokenBy.PARENT_FAILED),
        ("PAUSED", BrokenBy.PARENT_FAILED),
        ("completed", BrokenBy.PARENT_FAILED),
        ("NEW", BrokenBy.PARENT_RUNNING),
        ("BUILDING", BrokenBy.PARENT_RUNNING),
        ("SAVING", BrokenBy.PARENT_RUNNING),
    ],
)
def test_an_unusable_parent_breaks_all_that_builds_on_it(status: str, reason: BrokenBy) -> None:
    """It breaks the chains of its children and of their children, but not that of its parent."""
    verdicts = assess(chain("COMPLETED", status, "COMPLETED", "COMPLETED"), STATUSES)

    assert verdicts == {"0": 1, "2": reason, "3": reason}


@pytest.mark.parametrize("parent", ["gone", "<int>", " ", "0 ", "None"])
def test_a_parent_that_is_not_in_the_list(parent: str) -> None:
    """A parent that was deleted, or has an invalid id, is missing for all backups that depend on it."""
    verdicts = assess([backup("0"), on(parent, "orphan"), on("orphan", "child")], STATUSES)

    assert verdicts == {"0": 1, "orphan": BrokenBy.PARENT_MISSING, "child": BrokenBy.PARENT_MISSING}


@pytest.mark.parametrize(
    ("far", "further", "near", "nearest"),
    [
        ("FAILED", BrokenBy.PARENT_FAILED, "BUILDING", BrokenBy.PARENT_RUNNING),
        ("BUILDING", BrokenBy.PARENT_RUNNING, "FAILED", BrokenBy.PARENT_FAILED),
        ("BUILDING", BrokenBy.PARENT_RUNNING, "PAUSED", BrokenBy.PARENT_FAILED),
    ],
)
def test_the_nearest_broken_link_counts(far: str, further: BrokenBy, near: str, nearest: BrokenBy) -> None:
    """A backup with two broken links in its chain gets the first one."""
    verdicts = assess(chain("COMPLETED", far, "COMPLETED", near, "COMPLETED", "COMPLETED"), STATUSES)

    assert verdicts == {"0": 1, "2": further, "4": nearest, "5": nearest}


def test_a_broken_link_hides_the_gap_and_the_cycle_behind_it() -> None:
    """Ancestors behind an unusable parent make no difference."""
    gap = [on("gone", "a", "FAILED"), on("a", "b")]
    cycle = [on("d", "c"), on("c", "d"), on("d", "e", "BUILDING"), on("e", "f")]
    verdicts = assess(gap + cycle, STATUSES)

    assert verdicts == {
        "b": BrokenBy.PARENT_FAILED,
        "c": BrokenBy.CYCLE,
        "d": BrokenBy.CYCLE,
        "f": BrokenBy.PARENT_RUNNING,
    }


@pytest.mark.parametrize("length", [2, 3, 10])
def test_a_cycle_breaks_its_members_and_all_that_leads_into_it(length: int) -> None:
    """No backup of a cycle leads to a full one."""
    members = [on((place + 1) % length, place) for place in range(length)]
    verdicts = assess([on("near", "far"), on("0", "near"), *members], STATUSES)

    assert verdicts == dict.fromkeys([*map(str, range(length)), "near", "far"], BrokenBy.CYCLE)


def test_an_unusable_member_opens_a_cycle() -> None:
    """A cycle with a failed backup is broken by that backup."""
    verdicts = assess([on("b", "a"), on("c", "b"), on("a", "c", "FAILED")], STATUSES)

    assert verdicts == {"a": BrokenBy.PARENT_FAILED, "b": BrokenBy.PARENT_FAILED}


@pytest.mark.parametrize(
    ("status", "reason"), [("FAILED", BrokenBy.PARENT_FAILED), ("BUILDING", BrokenBy.PARENT_RUNNING)]
)
def test_a_parent_on_itself_may_be_unusable(status: str, reason: BrokenBy) -> None:
    """A full backup that names itself breaks its children by its status, never as a cycle."""
    verdicts = assess([on("self", "self", status), on("self", "child")], STATUSES)

    assert verdicts == {"child": reason}


@pytest.mark.parametrize(
    ("parents", "reason"),
    [
        ([backup("p", status="FAILED")], BrokenBy.PARENT_FAILED),
        ([backup("p", status="NEW")], BrokenBy.PARENT_RUNNING),
        ([], BrokenBy.PARENT_MISSING),
        ([on("q", "p"), on("p", "q")], BrokenBy.CYCLE),
    ],
)
def test_two_children_of_one_broken_parent(parents: list[Backup], reason: BrokenBy) -> None:
    """Both have the same reason, and so have their children."""
    children = [on("p", "one"), on("p", "two"), on("two", "grandchild")]
    verdicts = assess([*children, *parents], STATUSES)

    assert [verdicts[child.id] for child in children] == [reason, reason, reason]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [("COMPLETED", 2), ("FAILED", BrokenBy.PARENT_FAILED), ("BUILDING", BrokenBy.PARENT_RUNNING)],
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

    assert verdicts == {"0": 1, "1": 2, "3": BrokenBy.PARENT_RUNNING}
    assert building == {"child": BrokenBy.PARENT_FAILED}


@pytest.mark.parametrize("step", [1, -1])
def test_a_chain_of_100_000(step: int) -> None:
    """A chain has no maximum length, in any order."""
    verdicts = assess(long_chain()[::step], STATUSES)

    assert verdicts == {str(place): place + 1 for place in range(100_000)}


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize(
    ("end", "reason"),
    [("gone", BrokenBy.PARENT_MISSING), ("99999", BrokenBy.CYCLE), ("failed", BrokenBy.PARENT_FAILED)],
)
def test_a_broken_chain_of_100_000(end: str, reason: BrokenBy, step: int) -> None:
    """The last backup has the broken link of the first."""
    backups = [on(end, 0), *long_chain()[1:], backup("failed", status="FAILED")]
    verdicts = assess(backups[::step], STATUSES)

    assert verdicts == dict.fromkeys(map(str, range(100_000)), reason)
