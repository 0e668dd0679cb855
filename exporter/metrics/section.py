"""The types of the metrics table."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import ClassVar, Final, Generic, TypeVar

from msgspec import Struct

from exporter.results import ScrapeResult

Row = TypeVar("Row")
Labels = tuple[str, ...]
SNAPSHOT_NOTE: Final = "May be from an earlier walk, at the time of bycloud_last_success_timestamp_seconds."


class Gauge(Struct, Generic[Row], frozen=True):
    """One metric.

    :param value: returns the sample's value for a row; `None`: no sample.
    """

    is_live: ClassVar = False
    """Whether the value depends on the time at which it is served."""

    name: str
    help: str
    value: Callable[[Row], float | None]

    def value_at(self, _now: float) -> Callable[[Row], float | None]:
        """Return the function from a row to its value, which is the same at any time."""
        return self.value


class LiveGauge(Struct, Generic[Row], frozen=True):
    """One metric whose value grows between walks, such as an age. In a file it would freeze.

    :param value: returns the sample's value for a row at a time in Unix seconds; `None`: no sample.
    """

    is_live: ClassVar = True

    name: str
    help: str
    value: Callable[[Row, float], float | None]

    def value_at(self, now: float) -> Callable[[Row], float | None]:
        """Return the function from a row to its value at `now` (Unix seconds)."""
        return partial(self._value, now)

    def _value(self, now: float, row: Row) -> float | None:
        return self.value(row, now)


class UserLabels(Struct, frozen=True):
    """Labels whose names the user chooses.

    :param placeholder: stands for their names in the documentation.
    :param names: returns the names of the labels that a result has.
    """

    placeholder: str
    names: Callable[[ScrapeResult], Labels]


class Section(Struct, Generic[Row], frozen=True):
    """The metrics that have the same labels.

    :param rows: returns the label values of each sample, and the row that its values come from.
    :param from_snapshot: whether the values may come from an earlier walk than the last one.
    :param user_labels: follow the other labels; `None`: there are none.
    """

    title: str
    labels: Labels
    rows: Callable[[ScrapeResult], Iterable[tuple[Labels, Row]]]
    gauges: Sequence[Gauge[Row] | LiveGauge[Row]]
    from_snapshot: bool = False
    user_labels: UserLabels | None = None

    def documentation(self, gauge: Gauge[Row] | LiveGauge[Row]) -> str:
        """Return the HELP text of one of the gauges."""
        return f"{gauge.help} {SNAPSHOT_NOTE}" if self.from_snapshot else gauge.help

    def label_names(self, result: ScrapeResult) -> Labels:
        """Return the names of all labels that the samples of a result have."""
        return self.labels + (self.user_labels.names(result) if self.user_labels else ())

    @property
    def documented_labels(self) -> Labels:
        """The names of all labels, as the documentation lists them."""
        return self.labels + ((self.user_labels.placeholder,) if self.user_labels else ())
