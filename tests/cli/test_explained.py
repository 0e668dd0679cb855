"""Explanations of databases for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.cli.explained import lines_of, overview
from exporter.results import (
    AppliedObjective,
    Attempt,
    BrokenChain,
    ChainLink,
    Gaps,
    NewestChain,
    Outcome,
    TimeLine,
)
from tests.support.explained import BROKEN, CULPRIT, DAY, FREE, HEALTHY, NOW, match

RUNBOOKS = "https://github.com/bycloud-backup-exporter/bycloud-backup-exporter/blob/main/docs/runbooks"


def test_a_broken_database() -> None:
    """It has the objective, the restore points, the broken chain, the attempts and what to do."""
    assert list(lines_of(match(BROKEN), coloured=False)) == [
        "orders-db: at risk",
        "  target     prod",
        "  id         550e8400",
        "  datastore  postgresql 15.4",
        "  labels     team=payments, tier=gold",
        "",
        "objective",
        "  FAIL  newest restore point 3d 4h ago, allowed: 1d 6h",
        "  note  reaches back 8d of 30d",
        "  FAIL  broken chain",
        "  FAIL  last attempt failed",
        "",
        "restore points: 12",
        "  newest       2025-12-28T20:00:00Z (3d 4h ago)",
        "  oldest       2025-12-24T00:00:00Z (8d ago)",
        "  largest gap  4d, from 2025-12-24T00:00:00Z to 2025-12-28T00:00:00Z",
        "",
        "chain of the newest usable backup, from it to the broken one: 8 backups",
        "  id   name           status     created",
        "  b-3                 COMPLETED  2025-12-31T23:00:00Z (1h ago)",
        "  b-2                 COMPLETED  2025-12-31T00:00:00Z (1d ago)",
        "  b-1  orders-monday  FAILED     2025-12-30T00:00:00Z (2d ago)  broken: it failed",
        "  5 more backups before the broken one, not shown",
        "  2 backups cannot be restored because of b-1",
        "",
        "attempts of the last 7d: 1 full, 2 unrestorable, 1 failed",
        "",
        "what to do",
        "  Start a full backup, and check whether the schedule still runs and how its last attempts ended.",
        f"    {RUNBOOKS}/ByCloudBackupTooOld.md",
        "  Start a full backup: no backup that builds on the broken one can be restored.",
        f"    {RUNBOOKS}/ByCloudBackupChainBroken.md",
        "  Look up why the last attempt failed, fix the cause, and start a backup.",
        f"    {RUNBOOKS}/ByCloudBackupFailed.md",
    ]


def test_a_database_without_an_objective() -> None:
    """Nothing is required of it, and there is nothing to do; what is unknown is omitted."""
    free = replace(
        FREE,
        replica_of="550e8400",
        restorable_newest_timestamp=None,
        restorable_oldest_timestamp=None,
        restorable_backups=0,
    )
    lines = list(lines_of(match(replace(free, chain=None, gaps=Gaps())), coloured=False))

    assert lines == [
        "770e8400: not at risk",
        "  target      prod",
        "  id          770e8400",
        "  datastore   postgresql 15.4",
        "  replica of  550e8400",
        "",
        "objective",
        "  none: a replica needs no backups of its own",
        "",
        "restore points: 0",
        "",
        "attempts of the last 7d: 1 full, 2 unrestorable, 1 failed",
    ]


def test_an_assumption_is_a_note() -> None:
    """What was assumed about the backups of this database is said, with their number."""
    assumed = lines_of(match(replace(BROKEN, self_contained=3)), coloured=False)
    others = lines_of(match(BROKEN), coloured=False)

    assert any(line.startswith("  note  3 Cinder snapshots with a parent counted") for line in assumed)
    assert not any("Cinder" in line for line in others)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("parent_missing", "broken: the list has no backup of this id"),
        ("parent_running", "broken: it is still running"),
        ("cycle", "broken: the chain leads back to it"),
        ("another", "broken: another"),
    ],
)
def test_a_broken_link_says_why(reason: str, words: str) -> None:
    """The culprit may be one of the links that are kept; a missing one has neither status nor time."""
    culprit = ChainLink("b-1")
    chain = NewestChain(
        (ChainLink("b-2", None, "COMPLETED", NOW), culprit), 0, BrokenChain(reason, culprit, 1)
    )
    lines = list(lines_of(match(replace(BROKEN, chain=chain)), coloured=False))
    (line,) = [line for line in lines if line.startswith("  b-1 ")]

    assert line.endswith(words)
    assert "  1 backup cannot be restored because of b-1" in lines
    assert not any("not shown" in line for line in lines)


def test_the_end_of_a_long_chain_is_counted() -> None:
    """The full backup of a whole chain is not among the links that are kept."""
    chain = NewestChain((ChainLink("b-2", None, "COMPLETED", NOW),), 19_999)
    lines = list(lines_of(match(replace(BROKEN, chain=chain)), coloured=False))

    assert "chain of the newest usable backup, from it to its full backup: 20,000 backups" in lines
    assert "  19,999 more backups after these, not shown" in lines


def test_failures_in_a_row_are_counted() -> None:
    """With the time of the first: that is when the cause began."""
    attempts = TimeLine.of([Attempt(NOW - 2 * DAY, Outcome.FAILED), Attempt(NOW - DAY, Outcome.FAILED)])
    failing = lines_of(match(replace(BROKEN, timeline=attempts)), coloured=False)

    assert "  failed since the last completed one: 2 attempts, from 2025-12-30T00:00:00Z (2d ago)" in failing


def test_colour_is_only_in_the_words() -> None:
    """A terminal gets the same text."""
    coloured = "\n".join(lines_of(match(BROKEN), coloured=True))
    plain = "\n".join(lines_of(match(BROKEN), coloured=False))

    assert "\x1b[31mFAIL\x1b[0m  broken chain" in coloured
    assert coloured.replace("\x1b[31m", "").replace("\x1b[0m", "") == plain


def test_several_databases_are_a_line_each() -> None:
    """The state, the database, its owner and what is wrong."""
    broken = replace(BROKEN, objective=AppliedObjective(age=9 * DAY), last_attempt_failed=False)

    retired = replace(FREE, instance_id="880e8400", is_retired=True)

    assert overview([match(broken), match(HEALTHY), match(FREE, "staging"), match(retired, "staging")]) == [
        "      target   database   team      datastore   restorable  what is wrong",
        "FAIL  prod     orders-db  payments  postgresql  3d 4h ago   broken chain",
        "ok    prod     carts-db             postgresql  1h ago      nothing",
        "ok    staging  770e8400             postgresql  1h ago      no objective",
        "ok    staging  880e8400             postgresql  1h ago      deleted, no objective",
    ]


def test_databases_of_the_same_name_show_their_ids() -> None:
    """Two databases of one target may have the same name; an id tells which one is which."""
    twin = replace(HEALTHY, instance_id="880e8400")

    assert overview([match(HEALTHY), match(twin), match(BROKEN)])[1:3] == [
        "ok    prod    carts-db   660e8400            postgresql  1h ago      nothing",
        "ok    prod    carts-db   880e8400            postgresql  1h ago      nothing",
    ]


@given(st.text(max_size=300).map("<{}>".format))
def test_no_text_of_the_api_ever_forges_a_line_or_controls_the_terminal(text: str) -> None:
    """Names, ids, statuses and labels stay on their lines, and every line can be printed."""
    culprit = replace(CULPRIT, id=text, name=text, status=text)
    hostile = replace(
        BROKEN,
        instance_id=text,
        instance_name=text,
        datastore_type=text,
        datastore_version=text,
        replica_of=text,
        labels=(("team", text),),
        chain=NewestChain((culprit,), 0, BrokenChain("parent_failed", culprit, 1)),
    )
    lines = list(lines_of(match(hostile), coloured=False))

    assert all(line.isprintable() for line in lines)
    assert len(lines) == len(list(lines_of(match(BROKEN), coloured=False))) - 2  # other links, one more fact
    assert len(overview([match(hostile), match(hostile)])) == 3
