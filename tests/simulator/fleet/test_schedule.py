"""A chain of backups runs through its stages."""

from datetime import timedelta
from itertools import pairwise

from exporter.records import Backup
from exporter.simulator.fleet.databases import DATABASES
from exporter.simulator.fleet.schedule import Attempt, chain, midnight

DAY = midnight(740_000)
MEMBER = DATABASES[0]


def first() -> Attempt:
    """Return the full backup of a day."""
    return chain(1, MEMBER, DAY.toordinal())[0]


def at(seconds: float) -> Backup:
    """Return the full backup some seconds after its start."""
    return first().at(first().start + timedelta(seconds=seconds))


def test_the_statuses_of_a_backup_in_order() -> None:
    """A backup is NEW for seconds, BUILDING for minutes, then SAVING, and COMPLETED within an hour."""
    statuses = [at(seconds).status for seconds in range(0, 3601, 5)]

    assert list(dict.fromkeys(statuses)) == ["NEW", "BUILDING", "SAVING", "COMPLETED"]
    assert statuses.count("NEW") * 5 <= 20


def test_size_is_unknown_while_running() -> None:
    """A backup has a size once it completes, with two decimals."""
    size = at(3600).size

    assert at(0).size is at(60).size is None
    assert size is not None
    assert size == round(size, 2)
    assert MEMBER.gib < size < 2 * MEMBER.gib


def test_updated_at_is_the_last_transition() -> None:
    """`updated_at` is the time of the last change of status, never in the future."""
    backup, later = at(60), at(61)

    assert backup.updated_at is not None
    assert timedelta() < backup.updated_at - backup.created_at < timedelta(seconds=60)
    assert backup == later


def test_incrementals_depend_on_the_last_completed_backup() -> None:
    """Some attempts fail, never two in a row, and none depends on a failed one."""
    chains = [chain(1, MEMBER, DAY.toordinal() + day) for day in range(60)]
    attempts = [attempt for attempts in chains for attempt in attempts]
    failed = {attempt.stages[0].id for attempt in attempts if not attempt.completes}

    assert failed
    assert all(attempts[0].full and attempts[0].completes for attempts in chains)
    assert not failed & {attempt.stages[0].parent_id for attempt in attempts}
    assert not any(not one.completes and not two.completes for one, two in pairwise(attempts))


def test_sizes_do_not_shrink_before_growth_began() -> None:
    """A time before the growth began has a size, too."""
    backup = chain(1, MEMBER, 1000)[0].stages[-1]

    assert backup.size is not None
    assert backup.size > 0
