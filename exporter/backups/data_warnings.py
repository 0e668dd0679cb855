"""Warnings about the data of a complete walk. `check`, the log and the landing page show them.

To add a warning, write one more rule and add it to `_RULES`. The `kind` of a warning is the same in every
walk, so that the log reports once when it appears and once when it is gone. Its text may hold numbers that
change. A text begins with the finding and ends with what the API sent, because long texts are cut.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from exporter.backups.explanation import self_contained_words
from exporter.backups.size_unit import SMALLEST_DATABASE, sizes_look_like_gib
from exporter.config import Objective, Target
from exporter.errors import ApiError, Reason
from exporter.records import Instance
from exporter.results import DataWarning, Snapshot
from exporter.wording import count


class Evidence(Struct, frozen=True, kw_only=True):
    """A complete walk and what else was known at that time.

    :param listed: the API's list of instances, by id; `None` without a complete list.
    :param listing_error: why the last walk of that list failed; `None` if it succeeded or if the list is off.
    :param first_malformed: the position of the first malformed record and what is wrong with it.
    """

    snapshot: Snapshot
    target: Target
    objectives: Sequence[Objective] = ()
    listed: Mapping[str, Instance] | None = None
    listing_error: ApiError | None = None
    first_malformed: str | None = None


MOST_STATUSES: Final = 10
"""How many unknown statuses get a warning each. More of them share one."""
Rule = Callable[[Evidence], Iterator[DataWarning]]


def data_warnings(evidence: Evidence) -> tuple[DataWarning, ...]:
    """Return every warning, in a fixed order."""
    return tuple(warning for rule in _RULES for warning in rule(evidence))


def _instances(evidence: Evidence) -> Iterator[DataWarning]:
    error = evidence.listing_error
    if error is None:
        return
    meaning = "databases without backups are unknown, and deleted ones keep their objective"
    if evidence.listed is not None:
        meaning = "the last complete list is still used"
    advice = ""
    if error.reason is Reason.FORBIDDEN:
        advice = "; allow the credential to list them, or set `instances: off`"
    text = f"cannot list database instances, so {meaning}{advice}: {error.reason}: {error}"
    yield DataWarning("instances", text)


def _names(evidence: Evidence) -> Iterator[DataWarning]:
    configured = any(instance.name for instance in evidence.target.expected_instances)
    if configured or evidence.listed is not None:
        return
    fact = f"match by instance_name, but no names are known {_why_unnamed(evidence)}"
    if any(objective.match.instance_name for objective in evidence.objectives):
        meaning = "databases get the first objective that matches without a name"
        yield DataWarning("names", f"objectives {fact}: {meaning}")
    if any(exclusion.instance_name for exclusion in evidence.target.exclude):
        yield DataWarning("excluded names", f"entries of `exclude` {fact}: they leave nothing out")


def _why_unnamed(evidence: Evidence) -> str:
    if evidence.target.instances == "off":
        return "because `instances` is off and no entry of `expected_instances` has one"
    return "because the instances cannot be listed" if evidence.listing_error else "yet"


def _size_unit(evidence: Evidence) -> Iterator[DataWarning]:
    summary = evidence.snapshot.summary
    if evidence.target.size_unit == "bytes" and sizes_look_like_gib(summary):
        is_small = (summary.largest_size or 0) < SMALLEST_DATABASE
        sign = f"the largest is {summary.largest_size}" if is_small else "some have fractions"
        fact = f"sizes look like GiB, not bytes ({sign})"
        yield DataWarning("size_unit", f"{fact}: if so, every size is shown too small; set `size_unit: GiB`")


def _undecided_size_unit(evidence: Evidence) -> Iterator[DataWarning]:
    summary = evidence.snapshot.summary
    if evidence.snapshot.bytes_per_unit is None and summary.largest_size is not None:
        fact = f"`size_unit: auto` cannot tell the unit of the sizes (the largest is {summary.largest_size})"
        yield DataWarning("size_unit", f"{fact}: no sizes are shown; set `size_unit`")


def _snapshots(evidence: Evidence) -> Iterator[DataWarning]:
    if number := evidence.snapshot.self_contained:
        yield DataWarning("chains", self_contained_words(number))


def _statuses(evidence: Evidence) -> Iterator[DataWarning]:
    unknown = evidence.snapshot.summary.unknown_statuses
    meaning = "cannot be restored and breaks chains"
    if len(unknown) > MOST_STATUSES:  # one kind, however the statuses change: the log reports it once
        backups = count(sum(number for _, number in unknown), "backup")
        yield DataWarning(
            "statuses",
            f"{backups} of {len(unknown):,} statuses that are in no class of `statuses`: "
            f"each {meaning}; add the statuses to a class",
        )
        return
    for status, number in unknown:
        yield DataWarning(
            f"status {status!r}",
            f"{count(number, 'backup')} of a status that is in no class of `statuses`: "
            f"each {meaning}; add the status to a class: {status!r}",
        )


def _malformed(evidence: Evidence) -> Iterator[DataWarning]:
    if number := evidence.snapshot.malformed:
        first = f"; the first: {evidence.first_malformed}" if evidence.first_malformed else ""
        yield DataWarning("malformed", f"{count(number, 'malformed record')} left out of all metrics{first}")


def _future(evidence: Evidence) -> Iterator[DataWarning]:
    if number := evidence.snapshot.future:
        fact = f"{count(number, 'backup')} created in the future by this machine's clock"
        yield DataWarning("future", f"{fact}: their age is 0, so no alert fires on it; compare both clocks")


def _reported(evidence: Evidence) -> Iterator[DataWarning]:
    snapshot = evidence.snapshot
    listed = snapshot.backups
    if snapshot.reported is not None and snapshot.reported > listed + snapshot.malformed:
        fact = f"the API reports {count(snapshot.reported, 'backup')} but lists {listed:,}"
        yield DataWarning("reported", f"{fact}: the others are missing from all metrics")


_RULES: Final[tuple[Rule, ...]] = (
    _instances,
    _names,
    _size_unit,
    _undecided_size_unit,
    _snapshots,
    _statuses,
    _malformed,
    _future,
    _reported,
)
