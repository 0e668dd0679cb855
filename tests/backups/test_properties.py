"""What always holds of a snapshot: it equals what slow functions find in the same list."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Literal

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.backups import Inventory, Rules, assess, explain
from exporter.backups.explained_chains import MOST_LINKS, MOST_WHOLE_LINKS
from exporter.config import Exclusion, ExpectedInstance, Objective, PositiveDuration
from exporter.records import Backup
from exporter.results import DatabaseAssessment, Outcome, Snapshot, WalkResult
from tests.support.builders import NOON, backup
from tests.support.oracles import STATUSES, Verdict, distances, usable, verdict

Mode = Literal["auto", "follow", "ignore"]
MODES = st.sampled_from(["auto", "follow", "ignore"])
EXPECTED = tuple(ExpectedInstance(name, f"{name}-db") for name in ("one", "two", "idle"))
NAMES = (None, "nightly", "Replication snapshot for two", "Replication snapshot")
LOCATIONS = (None, None, "cinder://volume", "cinder://", "swift://container/object", "CINDER://volume")
OBJECT_LOCATIONS = (None, "", "cinder://", "cinder:/volume", "https://cinder://volume", "cinder")
NOW = NOON.timestamp() + 3600


SORTS = ("COMPLETED", "COMPLETED", "COMPLETED", "COMPLETED", "RESTORED", "FAILED", "BUILDING", "ODD")


@st.composite
def histories(draw: st.DrawFn, locations: Sequence[str | None] = LOCATIONS) -> list[Backup]:
    """Draw a list with missing and failed parents, cycles, equal times, several databases and orphans."""
    size = draw(st.integers(0, 10))
    return [draw(drawn(number, size, locations)) for number in range(size)]


def drawn(number: int, size: int, locations: Sequence[str | None]) -> st.SearchStrategy[Backup]:
    """Draw a backup whose parent is near, most often the one before it, and sometimes missing."""
    near = st.integers(-4, 4).map(lambda step: str((number + step) % (size + 1)))
    return st.builds(
        Backup,
        id=st.just(str(number)),
        status=st.sampled_from(SORTS),
        created_at=(st.just(number) | st.integers(0, 12)).map(after_noon),
        updated_at=st.none() | st.integers(0, 30).map(after_noon),
        instance_id=st.sampled_from(["one", "one", "one", "two", None]),
        parent_id=st.just(str(number - 1)) | near | st.sampled_from([None, ""]),
        name=st.sampled_from(NAMES),
        location_ref=st.sampled_from(locations),
    )


def after_noon(minutes: int) -> datetime:
    """Return the time some minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def snapshot_of(
    backups: Sequence[Backup],
    mode: Mode = "auto",
    *exclude: Exclusion,
    retention: float | None = None,
    completed_at: float = NOW,
) -> Snapshot:
    """Assess a list of backups."""
    walked = WalkResult(
        records=by_id(backups), duplicates=0, malformed=0, first_malformed=None, reported=None, limit=100
    )
    objective = Objective(min_retention=None if retention is None else PositiveDuration(retention))
    rules = Rules(STATUSES, [objective], chains=mode, exclude=exclude)
    return assess(walked, Inventory.of(EXPECTED, None), rules, completed_at)


def by_id(backups: Sequence[Backup]) -> Mapping[str, Backup]:
    """Return backups by their id."""
    return {one.id: one for one in backups}


def of(database: DatabaseAssessment, backups: Sequence[Backup]) -> list[Backup]:
    """Return the backups of a database."""
    return [one for one in backups if one.instance_id == database.instance_id]


def verdicts(backups: Sequence[Backup], mode: Mode) -> Mapping[str, Verdict]:
    """Return the verdict on each usable backup by its id."""
    return {one.id: verdict(one, by_id(backups), mode) for one in usable(backups)}


def restore_points(database: DatabaseAssessment, backups: Sequence[Backup], mode: Mode) -> list[float]:
    """Return when each restorable backup of a database was created, the oldest first."""
    found = verdicts(backups, mode)
    return [
        one.created_at.timestamp() for one in usable(of(database, backups)) if found[one.id].reason is None
    ]


@given(histories(), MODES)
def test_the_recovery_window(backups: list[Backup], mode: Mode) -> None:
    """Its ends are the oldest and the newest restorable backup, and their number is that of the gauge."""
    for database in snapshot_of(backups, mode).assessments:
        times = restore_points(database, backups, mode)
        assert database.restorable_backups == len(times)
        assert database.restorable_oldest_timestamp == min(times, default=None)
        assert database.restorable_newest_timestamp == max(times, default=None)


@given(histories(), MODES)
def test_the_newest_usable_backup_counts_whether_it_can_be_restored_or_not(
    backups: list[Backup], mode: Mode
) -> None:
    """Its chain makes no difference."""
    for database in snapshot_of(backups, mode).assessments:
        times = [one.created_at.timestamp() for one in usable(of(database, backups))]
        assert database.usable_newest_timestamp == max(times, default=None)


@given(
    histories(),
    st.none() | st.integers(0, 4000).map(float) | st.integers(40, 65).map(lambda minutes: 60.0 * minutes),
    st.just(0) | st.integers(0, 4000),
)
def test_the_largest_gap(backups: list[Backup], retention: float | None, later: float) -> None:
    """It is the largest of all gaps that matter, when the walk ends and at any time after that."""
    now = NOW + later
    for database in snapshot_of(backups, retention=retention).assessments:
        possible = list(distances(restore_points(database, backups, "auto"), now, retention))
        gap = database.largest_gap(now)
        assert (gap is None) == (not possible)
        if gap is not None:
            assert (gap.begins, gap.ends) in possible
            assert gap.seconds == max(ends - begins for begins, ends in possible)


@given(histories(), MODES)
def test_the_reasons_why_backups_cannot_be_restored(backups: list[Backup], mode: Mode) -> None:
    """Each usable backup is either a restore point or counted by its reason."""
    found = verdicts(backups, mode)
    for database in snapshot_of(backups, mode).assessments:
        reasons = Counter(found[one.id].reason for one in usable(of(database, backups)))
        del reasons[None]
        assert dict(database.unrestorable_by_reason) == reasons


@given(histories(), MODES)
@example([backup(0, parent_id="1"), backup(1, parent_id="0")], "auto")
def test_the_chain_of_the_newest_backup(backups: list[Backup], mode: Mode) -> None:
    """It leads from the newest usable backup to its full one or to the culprit, its first broken ancestor."""
    found = verdicts(backups, mode)
    for database in snapshot_of(backups, mode).assessments:
        newest = usable(of(database, backups))[-1:]
        assert (database.chain is None) == (not newest)
        if database.chain is None:
            continue
        path, reason, culprits = found[newest[0].id]
        links, broken = [link.id for link in database.chain.links], database.chain.broken
        assert (broken and broken.reason) == reason
        assert database.chain.omitted == 0
        assert links == list(path)[: len(links)]
        if broken is None or reason != "cycle":
            assert links == list(path)
        if broken is not None:
            assert broken.culprit.id in culprits
            assert broken.culprit.id == by_id(backups)[links[-1]].parent_id


@given(histories())
def test_the_links_and_the_culprit_are_shown_as_the_list_has_them(backups: list[Backup]) -> None:
    """A parent that is not in the list has an id only."""
    records = by_id(backups)
    for database in snapshot_of(backups).assessments:
        if database.chain is None:
            continue
        links = list(database.chain.links)
        if database.chain.broken is not None:
            links.append(database.chain.broken.culprit)
        for link in links:
            one = records.get(link.id)
            assert link.status == (one.status if one else None)
            assert link.created_at == (one.created_at.timestamp() if one else None)
            assert link.name == (one.name if one else None)


@given(histories(), MODES)
def test_all_that_hang_on_the_culprit_are_counted(backups: list[Backup], mode: Mode) -> None:
    """They are the usable backups of all databases whose first broken ancestor it is."""
    found = verdicts(backups, mode)
    hanging = Counter(
        culprit for one in usable(backups) if one.instance_id for culprit in found[one.id].culprits
    )
    for database in snapshot_of(backups, mode).assessments:
        if database.chain is not None and database.chain.broken is not None:
            assert database.chain.broken.dependants == hanging[database.chain.broken.culprit.id]


@given(histories(), MODES)
def test_the_time_line_has_every_backup_in_order(backups: list[Backup], mode: Mode) -> None:
    """Each has its time, its outcome and, once it has finished, its duration."""
    found = verdicts(backups, mode)
    for database in snapshot_of(backups, mode).assessments:
        attempts = [(one.created_at, one.outcome, one.duration) for one in database.timeline]
        expected = [
            (one.created_at.timestamp(), outcome(one, found), duration(one)) for one in of(database, backups)
        ]
        assert [created_at for created_at, _, _ in attempts] == sorted(
            created_at for created_at, _, _ in attempts
        )
        assert Counter(attempts) == Counter(expected)
        assert len(database.timeline) == len(expected)
        assert list(database.timeline.last(3)) == list(database.timeline)[-3:]


def outcome(one: Backup, found: Mapping[str, Verdict]) -> Outcome:
    """Return the outcome of a backup."""
    if one.id in found:
        path, reason, _ = found[one.id]
        if reason is not None:
            return Outcome.UNRESTORABLE
        return Outcome.FULL if len(path) == 1 else Outcome.INCREMENTAL
    if one.status in STATUSES.failed:
        return Outcome.FAILED
    return Outcome.RUNNING if one.status in STATUSES.running else Outcome.OTHER


def duration(one: Backup) -> float | None:
    """Return how long a finished backup took."""
    if one.status not in STATUSES.finished or one.updated_at is None or one.updated_at < one.created_at:
        return None
    return (one.updated_at - one.created_at).total_seconds()


@given(histories(OBJECT_LOCATIONS))
def test_without_cinder_snapshots_auto_equals_follow(backups: list[Backup]) -> None:
    """Only `cinder://` and something after it makes a backup self-contained."""
    assert snapshot_of(backups, "auto") == snapshot_of(backups, "follow")
    assert snapshot_of(backups, "auto").self_contained == 0


@given(histories())
def test_auto_equals_follow_without_the_parents_of_snapshots(backups: list[Backup]) -> None:
    """A self-contained backup is one whose parent makes no difference; each of those with one is counted."""
    snapshots = [one for one in backups if (one.location_ref or "").startswith("cinder://v")]
    full = [replace(one, parent_id=None) if one in snapshots else one for one in backups]
    auto = snapshot_of(backups, "auto")

    applied = [
        one for one in usable(snapshots) if one.parent_id not in {None, "", one.id} and one.instance_id
    ]
    counted = [database.self_contained for database in auto.assessments]
    uncounted = tuple(replace(database, self_contained=0) for database in auto.assessments)
    assert uncounted == snapshot_of(full, "follow").assessments
    assert auto.self_contained == sum(counted) == len(applied)


@given(histories(), MODES)
def test_nothing_gets_worse_where_fewer_parents_are_needed(backups: list[Backup], mode: Mode) -> None:
    """`follow` never reports more restore points than another mode."""
    strict, other = snapshot_of(backups, "follow"), snapshot_of(backups, mode)

    for one, same in zip(strict.assessments, other.assessments, strict=True):
        assert one.restorable_backups <= same.restorable_backups


EXCLUSIONS = st.builds(
    Exclusion,
    instance_id=st.sampled_from([None, "one", "t*"]),
    instance_name=st.sampled_from([None, "*-db", "two-*", "idle-db"]),
    backup_name=st.sampled_from(["Replication snapshot*", "nightly", "*"]),
) | st.sampled_from(
    [Exclusion(instance_id="two"), Exclusion(instance_name="on*"), Exclusion(instance_id="i*")]
)


def is_hidden(one: Backup, exclusions: Sequence[Exclusion]) -> bool:
    """Whether all patterns of any entry match a backup and its database."""
    known = {instance.id for instance in EXPECTED}
    facts = {
        "instance_id": one.instance_id,
        "instance_name": f"{one.instance_id}-db" if one.instance_id in known else None,
        "backup_name": one.name,
    }
    return any(
        all(
            value is not None and fnmatchcase(value, getattr(entry, field))
            for field, value in facts.items()
            if getattr(entry, field) is not None
        )
        for entry in exclusions
    )


@given(histories(), st.lists(EXCLUSIONS, max_size=3))
def test_shown_and_excluded_backups_are_those_that_were_walked(
    backups: list[Backup], exclusions: list[Exclusion]
) -> None:
    """Exactly those that match are hidden, and their number is known."""
    snapshot = snapshot_of(backups, "auto", *exclusions)

    shown = [one for one in backups if not is_hidden(one, exclusions)]
    assert snapshot.excluded == len(backups) - len(shown)
    assert snapshot.summary.backups + snapshot.excluded == snapshot.backups == len(backups)
    assert sum(len(database.timeline) for database in snapshot.assessments) == len(
        [one for one in shown if one.instance_id]
    )


@given(histories(), st.lists(EXCLUSIONS, max_size=3), MODES)
def test_an_excluded_parent_breaks_no_chain(
    backups: list[Backup], exclusions: list[Exclusion], mode: Mode
) -> None:
    """What is shown can be restored exactly if it could be with nothing excluded."""
    found = verdicts(backups, mode)
    for database in snapshot_of(backups, mode, *exclusions).assessments:
        own = [one for one in usable(of(database, backups)) if not is_hidden(one, exclusions)]
        restorable = [one.created_at.timestamp() for one in own if found[one.id].reason is None]
        assert database.restorable_backups == len(restorable)
        assert database.restorable_newest_timestamp == max(restorable, default=None)
        assert database.usable_newest_timestamp == (own[-1].created_at.timestamp() if own else None)


@given(st.sampled_from(["one", "two", "idle"]), histories())
def test_an_excluded_database_is_gone_with_all_of_its_backups(hidden: str, backups: list[Backup]) -> None:
    """It is not reported as one without backups, and the others stay as they are."""
    snapshot = snapshot_of(backups, "auto", Exclusion(instance_id=hidden))

    groups = snapshot.summary.groups
    assert hidden not in {group.key.instance_id for group in groups}
    everything = snapshot_of(backups).assessments
    assert [database.instance_id for database in snapshot.assessments] == [
        database.instance_id for database in everything if database.instance_id != hidden
    ]


@given(histories(), st.data(), MODES)
def test_the_order_of_the_list_makes_no_difference(
    backups: list[Backup], data: st.DataObject, mode: Mode
) -> None:
    """The same backups in another order give the same snapshot."""
    first, second = snapshot_of(backups, mode), snapshot_of(data.draw(st.permutations(backups)), mode)

    assert first.summary == second.summary
    for one, same in zip(first.assessments, second.assessments, strict=True):
        chain = same.chain if is_cycle(same) and is_cycle(one) else one.chain  # any member may be the culprit
        assert replace(one, timeline=same.timeline, chain=chain) == same


def is_cycle(database: DatabaseAssessment) -> bool:
    """Whether the chain of the newest backup is broken by a cycle."""
    broken = database.chain.broken if database.chain else None
    return broken is not None and broken.reason == "cycle"


@given(histories(), st.integers(0, 10_000))
def test_what_to_do_next_is_always_about_a_problem(backups: list[Backup], later: float) -> None:
    """There is one piece of advice for each problem, and none without one."""
    for database in snapshot_of(backups).assessments:
        explanation = explain(database, NOW + later)
        assert [advice.problem for advice in explanation.advice] == list(explanation.problems)


@given(st.integers(1, 3 * MOST_LINKS), st.booleans())
@example(length=MOST_LINKS, is_broken=False)
@example(length=MOST_LINKS + 1, is_broken=True)
def test_a_long_chain_is_cut(length: int, is_broken: bool) -> None:  # noqa: FBT001 - drawn
    """The links that are kept and those that are omitted are the whole chain."""
    root = "gone" if is_broken else None
    backups = [backup(number, parent_id=str(number - 1) if number else root) for number in range(length)]
    (database,) = [one for one in snapshot_of(backups).assessments if one.instance_id == "one"]

    chain = database.chain
    assert chain is not None
    assert len(chain.links) == min(length, MOST_LINKS if is_broken else MOST_WHOLE_LINKS)
    assert len(chain.links) + chain.omitted == length
    assert [link.id for link in chain.links] == [str(length - 1 - place) for place in range(len(chain.links))]
    assert (chain.broken.culprit.id if chain.broken else None) == root
    assert (chain.broken.dependants if chain.broken else 0) == (length if is_broken else 0)
