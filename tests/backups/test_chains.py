"""Which backups can be restored, and why the others cannot."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from operator import eq
from typing import Any

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

from exporter.backups.chains import Broken, Chains, Judged, Verdict
from exporter.backups.grouping import cohorts
from exporter.config import Statuses
from exporter.records import Backup
from tests.support.builders import NOON, backup

STATUSES = Statuses()
SORTS = ("COMPLETED", "RESTORED", "FAILED", "BUILDING", "DELETED", "PAUSED")


def on(parent: str | int | None, name: str | int, status: str = "COMPLETED", **fields: Any) -> Backup:
    """Make a backup whose parent is `parent`."""
    return backup(name, parent_id=None if parent is None else str(parent), status=status, **fields)


def chain(*statuses: str) -> list[Backup]:
    """Make backups named 0, 1, …, each on the one before it; the first is full."""
    links = [on(place - 1, place, status) for place, status in enumerate(statuses)]
    return [backup(0, status=statuses[0]), *links[1:]]


def judge(backups: Sequence[Backup], statuses: Statuses) -> dict[str, Verdict]:
    """Judge the usable ones of these backups, cohort by cohort."""
    return {
        record.id: verdict
        for judged in judge_each(backups, statuses)
        for record, verdict in zip(judged.backups, judged.verdicts, strict=True)
    }


def judge_each(backups: Sequence[Backup], statuses: Statuses = STATUSES) -> list[Judged]:
    """Judge the usable cohorts of these backups."""
    chains = Chains({record.id: record for record in backups}, statuses)
    return [chains.judge(cohort) for cohort in cohorts(backups) if cohort.status in statuses.usable]


def naive(backups: Sequence[Backup]) -> dict[str, Verdict]:
    """Judge each backup for itself, by following its parents one by one."""
    by_id = {record.id: record for record in backups}
    return {record.id: follow(record, by_id) for record in backups if record.status in STATUSES.usable}


def follow(record: Backup, by_id: dict[str, Backup]) -> Verdict:
    """Go from a backup to its full one or to the first broken link."""
    passed = [record.id]
    while record.parent_id not in {None, "", record.id}:
        if record.parent_id not in by_id:
            return Broken.PARENT_MISSING
        record = by_id[record.parent_id]
        if record.status in STATUSES.running:
            return Broken.PARENT_RUNNING
        if record.status not in STATUSES.usable:
            return Broken.PARENT_FAILED
        if record.id in passed:
            return Broken.CYCLE
        passed.append(record.id)
    return len(passed)


@composite
def forests(draw: DrawFn) -> list[Backup]:
    """Draw backups of which most are usable, in any order, with gaps, cycles and parents of their own.

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
    """Of any list the usable backups, and they alone, get the verdict that a naive walk comes to."""
    assert judge(backups, STATUSES) == naive(backups)


@given(forests().flatmap(lambda backups: lists(permutations(backups), min_size=2, max_size=2)))
def test_the_order_makes_no_difference(orders: list[list[Backup]]) -> None:
    """A list gets the same verdicts in any order."""
    first, second = (judge(order, STATUSES) for order in orders)

    assert first == second


@given(forests(), lists(integers(0, 2), min_size=14, max_size=14))
def test_the_cohorts_make_no_difference(backups: list[Backup], instances: list[int]) -> None:
    """However the chains run between them, each gets its verdict."""
    moved = [
        replace(record, instance_id=f"{instance}")
        for record, instance in zip(backups, instances, strict=False)
    ]

    assert judge(moved, STATUSES) == naive(moved)


@given(forests())
def test_what_is_said_of_a_cohort(backups: list[Backup]) -> None:
    """How many are broken for each reason, and the newest of any verdict: of several the greatest id's."""
    for judged in judge_each(backups):
        pairs = list(zip(judged.backups, judged.verdicts, strict=True))
        assert judged.broken == Counter(why for _, why in pairs if isinstance(why, Broken))
        for wanted in {*judged.verdicts, "none"}:
            found = [pair for pair in pairs if pair[1] == wanted]
            naively = max(found, key=lambda pair: (pair[0].created_at, pair[0].id), default=None)
            assert judged.newest(partial(eq, wanted)) == naively


def test_no_backups() -> None:
    """An empty list has no verdicts."""
    assert judge([], STATUSES) == {}


def test_reasons_are_the_label_values_of_the_metric() -> None:
    """A reason reads as the documented label."""
    assert [f"{reason}" for reason in Broken] == [
        "parent_missing",
        "parent_failed",
        "parent_running",
        "cycle",
    ]


def test_a_chain_counts_from_its_full_backup() -> None:
    """A full backup is one long, an incremental one more than its parent; any usable status will do."""
    verdicts = judge(chain("COMPLETED", "RESTORED", "COMPLETED"), STATUSES)

    assert verdicts == {"0": 1, "1": 2, "2": 3}


@pytest.mark.parametrize(("full", "verdict"), [("COMPLETED", 2), ("FAILED", Broken.PARENT_FAILED)])
def test_all_may_build_on_the_full_backup(full: str, verdict: Verdict) -> None:
    """A differential backup reads the full one and itself, however many came between."""
    verdicts = judge([backup(0, status=full), *(on(0, place) for place in (1, 2, 3))], STATUSES)

    assert [verdicts[name] for name in "123"] == [verdict] * 3


def test_incrementals_may_share_a_parent() -> None:
    """Two branches on one backup are each as long as their own way to the full one."""
    branches = [on("0", "left"), on("0", "right"), on("right", "tip")]
    verdicts = judge([*chain("COMPLETED"), *branches], STATUSES)

    assert verdicts == {"0": 1, "left": 2, "right": 2, "tip": 3}


@pytest.mark.parametrize("parent", [None, "", "self"])
def test_no_parent_makes_a_full_backup(parent: str | None) -> None:
    """A backup without a parent, with an empty one or on itself is full, and others can build on it."""
    verdicts = judge([on("self", "child"), on(parent, "self")], STATUSES)

    assert verdicts == {"self": 1, "child": 2}


@pytest.mark.parametrize("status", ["FAILED", "BUILDING", "DELETED", "PAUSED"])
def test_an_unusable_backup_has_no_verdict(status: str) -> None:
    """Neither a full backup nor an incremental of another status is judged."""
    verdicts = judge([*chain("COMPLETED", status), backup("alone", status=status)], STATUSES)

    assert verdicts == {"0": 1}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("FAILED", Broken.PARENT_FAILED),
        ("DELETED", Broken.PARENT_FAILED),
        ("DELETE_FAILED", Broken.PARENT_FAILED),
        ("PAUSED", Broken.PARENT_FAILED),
        ("completed", Broken.PARENT_FAILED),
        ("NEW", Broken.PARENT_RUNNING),
        ("BUILDING", Broken.PARENT_RUNNING),
        ("SAVING", Broken.PARENT_RUNNING),
    ],
)
def test_an_unusable_parent_breaks_all_that_builds_on_it(status: str, reason: Broken) -> None:
    """Its children and their children suffer from it, its own parent does not."""
    verdicts = judge(chain("COMPLETED", status, "COMPLETED", "COMPLETED"), STATUSES)

    assert verdicts == {"0": 1, "2": reason, "3": reason}


@pytest.mark.parametrize("parent", ["gone", "<int>", " ", "0 ", "None"])
def test_a_parent_that_is_not_in_the_list(parent: str) -> None:
    """A parent that was deleted, or whose id is none, is missing to all that builds on it."""
    verdicts = judge([backup("0"), on(parent, "orphan"), on("orphan", "child")], STATUSES)

    assert verdicts == {"0": 1, "orphan": Broken.PARENT_MISSING, "child": Broken.PARENT_MISSING}


@pytest.mark.parametrize(
    ("far", "further", "near", "nearest"),
    [
        ("FAILED", Broken.PARENT_FAILED, "BUILDING", Broken.PARENT_RUNNING),
        ("BUILDING", Broken.PARENT_RUNNING, "FAILED", Broken.PARENT_FAILED),
        ("BUILDING", Broken.PARENT_RUNNING, "PAUSED", Broken.PARENT_FAILED),
    ],
)
def test_the_nearest_broken_link_counts(far: str, further: Broken, near: str, nearest: Broken) -> None:
    """Of two broken links each backup names the one that it meets first."""
    verdicts = judge(chain("COMPLETED", far, "COMPLETED", near, "COMPLETED", "COMPLETED"), STATUSES)

    assert verdicts == {"0": 1, "2": further, "4": nearest, "5": nearest}


def test_a_broken_link_hides_the_gap_and_the_cycle_behind_it() -> None:
    """What lies behind an unusable parent is not looked at."""
    gap = [on("gone", "a", "FAILED"), on("a", "b")]
    cycle = [on("d", "c"), on("c", "d"), on("d", "e", "BUILDING"), on("e", "f")]
    verdicts = judge(gap + cycle, STATUSES)

    assert verdicts == {
        "b": Broken.PARENT_FAILED,
        "c": Broken.CYCLE,
        "d": Broken.CYCLE,
        "f": Broken.PARENT_RUNNING,
    }


@pytest.mark.parametrize("length", [2, 3, 10])
def test_a_cycle_breaks_its_members_and_all_that_leads_into_it(length: int) -> None:
    """None of them has a full backup to begin with."""
    members = [on((place + 1) % length, place) for place in range(length)]
    verdicts = judge([on("near", "far"), on("0", "near"), *members], STATUSES)

    assert verdicts == dict.fromkeys([*map(str, range(length)), "near", "far"], Broken.CYCLE)


def test_an_unusable_member_opens_a_cycle() -> None:
    """The way round ends at the failed backup, before it has closed."""
    verdicts = judge([on("b", "a"), on("c", "b"), on("a", "c", "FAILED")], STATUSES)

    assert verdicts == {"a": Broken.PARENT_FAILED, "b": Broken.PARENT_FAILED}


@pytest.mark.parametrize(
    ("status", "reason"), [("FAILED", Broken.PARENT_FAILED), ("BUILDING", Broken.PARENT_RUNNING)]
)
def test_a_parent_on_itself_may_be_unusable(status: str, reason: Broken) -> None:
    """A full backup that names itself breaks its children by its status, never as a cycle."""
    verdicts = judge([on("self", "self", status), on("self", "child")], STATUSES)

    assert verdicts == {"child": reason}


@pytest.mark.parametrize(
    ("parents", "reason"),
    [
        ([backup("p", status="FAILED")], Broken.PARENT_FAILED),
        ([backup("p", status="NEW")], Broken.PARENT_RUNNING),
        ([], Broken.PARENT_MISSING),
        ([on("q", "p"), on("p", "q")], Broken.CYCLE),
    ],
)
def test_two_children_of_one_broken_parent(parents: list[Backup], reason: Broken) -> None:
    """Both name the same reason, and so does what builds on them."""
    children = [on("p", "one"), on("p", "two"), on("two", "grandchild")]
    verdicts = judge([*children, *parents], STATUSES)

    assert [verdicts[child.id] for child in children] == [reason, reason, reason]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [("COMPLETED", 2), ("FAILED", Broken.PARENT_FAILED), ("BUILDING", Broken.PARENT_RUNNING)],
)
@pytest.mark.parametrize("owner", ["other", None])
def test_a_parent_of_another_instance(status: str, verdict: Verdict, owner: str | None) -> None:
    """It counts as its own state says, whichever instance it belongs to."""
    verdicts = judge([on("parent", "child"), backup("parent", status=status, instance_id=owner)], STATUSES)

    assert verdicts["child"] == verdict


def test_a_parent_newer_than_its_child() -> None:
    """Times make no difference: a chain is what `parent_id` says."""
    late = backup("parent", created_at=NOON + timedelta(days=1))

    assert judge([on("parent", "child"), late], STATUSES) == {"parent": 1, "child": 2}


def test_the_statuses_are_the_configured_ones() -> None:
    """What is usable or running is as configured; a status taken out of its class is neither."""
    statuses = Statuses(usable=frozenset({"OK"}), running=frozenset({"COMPLETED"}))
    verdicts = judge(chain("OK", "OK", "COMPLETED", "OK"), statuses)
    building = judge([backup("parent", status="BUILDING"), on("parent", "child", "OK")], statuses)

    assert verdicts == {"0": 1, "1": 2, "3": Broken.PARENT_RUNNING}
    assert building == {"child": Broken.PARENT_FAILED}


@pytest.mark.parametrize("step", [1, -1])
def test_a_chain_of_100_000(step: int) -> None:
    """No length is too long, from either end."""
    verdicts = judge(chain(*["COMPLETED"] * 100_000)[::step], STATUSES)

    assert verdicts == {str(place): place + 1 for place in range(100_000)}


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize(
    ("end", "reason"),
    [("gone", Broken.PARENT_MISSING), ("99999", Broken.CYCLE), ("failed", Broken.PARENT_FAILED)],
)
def test_a_broken_chain_of_100_000(end: str, reason: Broken, step: int) -> None:
    """The last of them names what is wrong with the first."""
    backups = [on(end, 0), *chain(*["COMPLETED"] * 100_000)[1:], backup("failed", status="FAILED")]
    verdicts = judge(backups[::step], STATUSES)

    assert verdicts == dict.fromkeys(map(str, range(100_000)), reason)
