"""What is doubtful about a complete walk. `check`, the log and the page for people all draw from this list.

To add a doubt, write one more function of the evidence and put it into `_RULES`. A doubt's `kind` stays the
same from walk to walk, so that the log tells when it appears and disappears; its text may hold numbers that
change.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from exporter.backups.summary import sizes_look_like_gib
from exporter.config import Objective, Target
from exporter.errors import ApiError
from exporter.records import Instance
from exporter.results import DataWarning, Snapshot


class Evidence(Struct, frozen=True, kw_only=True):
    """A complete walk and what was known beside it.

    :param listed: the list of instances in use, by id; `None` where no good list is at hand.
    :param listing_error: why the last walk of that list failed; `None` where it succeeded or is off.
    :param first_malformed: the position of the first malformed record and what is wrong with it.
    """

    snapshot: Snapshot
    target: Target
    objectives: Sequence[Objective] = ()
    listed: Mapping[str, Instance] | None = None
    listing_error: ApiError | None = None
    first_malformed: str | None = None


MOST_STATUSES: Final = 10
"""Unknown statuses that are named one by one."""
Rule = Callable[[Evidence], Iterator[DataWarning]]


def data_warnings(evidence: Evidence) -> tuple[DataWarning, ...]:
    """Return every doubt, in a fixed order."""
    return tuple(doubt for rule in _RULES for doubt in rule(evidence))


def count(number: int, noun: str) -> str:
    """Write a number with its noun: `1 backup`, `1,234 backups`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _instances(evidence: Evidence) -> Iterator[DataWarning]:
    if error := evidence.listing_error:
        known = ": the last good list stays in use" if evidence.listed is not None else ""
        yield DataWarning("instances", f"instances cannot be listed: {error.reason}: {error}{known}")


def _names(evidence: Evidence) -> Iterator[DataWarning]:
    by_name = any(objective.match.instance_name for objective in evidence.objectives)
    configured = any(instance.name for instance in evidence.target.expected_instances)
    if by_name and not configured and evidence.listed is None:
        yield DataWarning("names", "objectives by instance_name match nothing: no names are known")


def _size_unit(evidence: Evidence) -> Iterator[DataWarning]:
    summary = evidence.snapshot.summary
    if evidence.target.size_unit == "bytes" and sizes_look_like_gib(summary):
        yield DataWarning(
            "size_unit",
            f"sizes look like GiB, not bytes (the largest is {summary.largest_size}): set size_unit: GiB?",
        )


def _statuses(evidence: Evidence) -> Iterator[DataWarning]:
    unknown = evidence.snapshot.summary.unknown_statuses
    if len(unknown) > MOST_STATUSES:  # of one kind, however they change: the log tells it once
        backups = count(sum(number for _, number in unknown), "backup")
        yield DataWarning(
            "statuses", f"{backups} of {len(unknown):,} statuses that no class of `statuses` names"
        )
        return
    for status, number in unknown:
        yield DataWarning(
            f"status {status!r}",
            f"{count(number, 'backup')} of status {status!r}, which no class of `statuses` names",
        )


def _malformed(evidence: Evidence) -> Iterator[DataWarning]:
    if number := evidence.snapshot.malformed:
        first = f"; the first: {evidence.first_malformed}" if evidence.first_malformed else ""
        yield DataWarning("malformed", f"{count(number, 'malformed record')}, not counted{first}")


def _future(evidence: Evidence) -> Iterator[DataWarning]:
    if number := evidence.snapshot.future:
        found = f"{count(number, 'backup')} created in the future by this machine's clock"
        yield DataWarning("future", f"{found}: no alert finds them too old")


def _reported(evidence: Evidence) -> Iterator[DataWarning]:
    snapshot = evidence.snapshot
    read = snapshot.summary.backups
    if snapshot.reported is not None and snapshot.reported > read + snapshot.malformed:
        yield DataWarning(
            "reported", f"the API reports {count(snapshot.reported, 'backup')} but lists {read:,}"
        )


_RULES: Final[tuple[Rule, ...]] = (_instances, _names, _size_unit, _statuses, _malformed, _future, _reported)
