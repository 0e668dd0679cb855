"""The types of the metrics table."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final, Generic, TypeVar

from msgspec import Struct

from exporter.results import ScrapeResult

Row = TypeVar("Row")
Labels = tuple[str, ...]
SNAPSHOT_NOTE: Final = "May be from an earlier walk, at the time of bycloud_last_success_timestamp_seconds."


class Gauge(Struct, Generic[Row], frozen=True):
    """One metric.

    `value` returns the sample's value for a row; `None` means no sample. If `is_age` is set, it returns a
    Unix timestamp, and the sample is the time since then, computed when it is served.
    """

    name: str
    help: str
    value: Callable[[Row], float | None]
    is_age: bool = False

    def value_at(self, now: float) -> Callable[[Row], float | None]:
        """Return the function from a row to its value at `now` (Unix seconds). Ages are never negative."""
        return partial(self._age, now) if self.is_age else self.value

    def _age(self, now: float, row: Row) -> float | None:
        timestamp = self.value(row)
        return None if timestamp is None else max(0.0, now - timestamp)


class Section(Struct, Generic[Row], frozen=True):
    """The metrics that have the same labels.

    `rows` returns the label values of each sample, and the row that its values come from. `from_snapshot`
    means that the values may come from an earlier walk than the last one.
    """

    title: str
    labels: Labels
    rows: Callable[[ScrapeResult], Iterable[tuple[Labels, Row]]]
    gauges: Sequence[Gauge[Row]]
    from_snapshot: bool = False

    def documentation(self, gauge: Gauge[Row]) -> str:
        """Return the HELP text of one of the gauges."""
        return f"{gauge.help} {SNAPSHOT_NOTE}" if self.from_snapshot else gauge.help
