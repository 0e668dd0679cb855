"""The time line of a database: where its backups, its objective and its largest gap are drawn.

Positions are percentages of the width, so that marks and texts keep their size on every screen.
"""

import math
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from typing import Final

from msgspec import Struct

from exporter.durations import UNITS
from exporter.moments import format_moment
from exporter.results import Attempt, DatabaseAssessment, Gap, Outcome, TimeLine, Track

COLUMNS: Final = 240
"""Into how many columns the time is divided. A column shows whether it holds any backup, not how many."""
MARGIN: Final = 1.0  # percent of the width at each side
_COLUMN_WIDTH: Final = (100 - 2 * MARGIN) / COLUMNS
SHORTEST: Final = UNITS["d"]  # seconds that a time line shows at least
MOST_TICKS: Final = 4  # as many labels as fit on a phone
LAST_TICK: Final = 0.85  # of the width: what follows is left to the label `now`
_STEPS: Final = tuple(
    number * UNITS[unit]
    for unit, numbers in (
        ("h", (1, 3, 6, 12)),
        ("d", (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180)),
        ("y", (1, 2, 3, 5, 10, 20, 50, 100, 200, 500)),
    )
    for number in numbers
)
_LABELS: Final = ((30 * UNITS["d"], "%Y-%m-%d"), (UNITS["d"], "%b %d"), (0, "%b %d %H:%M"))


class Period(Struct, frozen=True):
    """A period of time, in Unix seconds."""

    begins: float
    ends: float

    def percent(self, time: float) -> float:
        """Return where a time is drawn; one outside of the period is drawn at its start or end."""
        part = (time - self.begins) / (self.ends - self.begins)
        return round(MARGIN + (100 - 2 * MARGIN) * min(max(part, 0.0), 1.0), 2)

    def bar(self, begins: float, ends: float) -> "Bar":
        """Return where a part of the period is drawn."""
        left = self.percent(begins)
        return Bar(left, round(self.percent(ends) - left, 2))


class Bar(Struct, frozen=True):
    """A horizontal bar, in percent of the width."""

    left: float
    width: float


class Lane(Struct, frozen=True):
    """All attempts of one outcome: their number, and a bar for each run of columns that hold any."""

    outcome: Outcome
    count: int
    bars: tuple[Bar, ...]


class Tick(Struct, frozen=True):
    """A labelled time of the axis."""

    left: float
    label: str


class Chart(Struct, frozen=True, kw_only=True):
    """What a time line draws.

    :param lanes: from full backups to other ones, without those that would be empty.
    :param now: where the present is, in percent.
    :param age: from when on the newest restore point is recent enough; `None` without an objective.
    :param retention: how far back the restore points must reach; `None` without an objective.
    :param gap: the largest gap between restore points; `None` without one.
    :param culprit: the broken link of the newest chain; `None` if there is none, or no time of it is known.
    """

    period: Period
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    now: float
    age: Bar | None = None
    retention: Bar | None = None
    gap: Bar | None = None
    culprit: float | None = None


def chart(database: DatabaseAssessment, gap: Gap | None, now: float) -> Chart:
    """Return the time line of a database.

    :param gap: its largest gap.
    :param now: Unix seconds.
    """
    period = _period(database, now)
    objective, culprit = database.objective, _culprit_time(database)
    return Chart(
        period=period,
        lanes=tuple(_lanes(database.timeline, period)),
        ticks=tuple(_ticks(period)),
        now=period.percent(now),
        age=period.bar(now - objective.age, now) if objective.age else None,
        retention=period.bar(now - objective.retention, now) if objective.retention else None,
        gap=period.bar(gap.begins, gap.ends) if gap else None,
        culprit=None if culprit is None else period.percent(culprit),
    )


def _period(database: DatabaseAssessment, now: float) -> Period:
    """Return the period that holds every attempt and the whole objective."""
    objective = database.objective
    required = [now - seconds for seconds in (objective.age, objective.retention) if seconds]
    times = [attempt.created_at for attempt in _ends(database.timeline)]
    return Period(min([now - SHORTEST, *required, *times]), max([now, *times]))


def _ends(timeline: TimeLine) -> Iterator[Attempt]:
    """Yield the oldest and the newest attempt of each track."""
    for track in filter(len, timeline.tracks):
        yield next(iter(track))
        yield next(track.since(-1))


def _culprit_time(database: DatabaseAssessment) -> float | None:
    broken = database.chain.broken if database.chain else None
    return broken.culprit.created_at if broken else None


def _lanes(timeline: TimeLine, period: Period) -> Iterator[Lane]:
    columns = _columns(timeline, period)
    for outcome in Outcome:
        if count := timeline.count(outcome):
            filled = [number for number, outcomes in enumerate(columns) if outcome in outcomes]
            yield Lane(outcome, count, tuple(_bars(filled)))


def _columns(timeline: TimeLine, period: Period) -> list[bytes]:
    """Return the outcomes in each column. Slices of bytes are searched 200 times faster than attempts."""
    width = (period.ends - period.begins) / COLUMNS
    begins = [period.begins + number * width for number in range(COLUMNS)]
    tracks = [_slices(track, begins) for track in timeline.tracks]
    return [b"".join(slices) for slices in zip(*tracks, strict=True)]


def _slices(track: Track, begins: Iterable[float]) -> Iterator[bytes]:
    """Yield the outcomes of a track between each time and the next one."""
    edges = [*map(track.index_at, begins), len(track)]
    return (track.outcomes[begin:end] for begin, end in pairwise(edges))


def _bars(columns: Iterable[int]) -> Iterator[Bar]:
    """Yield one bar for each run of neighbouring columns."""
    for _, run in groupby(enumerate(columns), lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in run]
        yield Bar(round(MARGIN + numbers[0] * _COLUMN_WIDTH, 2), round(len(numbers) * _COLUMN_WIDTH, 2))


def _ticks(period: Period) -> Iterator[Tick]:
    """Yield round times, few enough for a phone. None is close to the end, which is labelled `now`."""
    span = period.ends - period.begins
    step = next((step for step in _STEPS if step * MOST_TICKS >= span), _STEPS[-1])
    style = next(style for seconds, style in _LABELS if step >= seconds)
    first = math.ceil(period.begins / step) * step
    for number in range(MOST_TICKS):
        time = first + number * step
        if time <= period.begins + LAST_TICK * span:
            yield Tick(period.percent(time), format_moment(time, style))
