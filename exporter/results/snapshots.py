"""The result of a complete walk."""

from msgspec import Struct

from exporter.results.databases import DatabaseAssessment
from exporter.results.summaries import Summary


class DataWarning(Struct, frozen=True):
    """Something in the data of a complete walk that is probably wrong.

    :param kind: a stable name for it.
    :param text: one printable line for people.
    """

    kind: str
    text: str


class Snapshot(Struct, frozen=True, kw_only=True):
    """The result of a complete walk.

    :param assessments: one for each known database.
    :param duplicates: how many records were repeated.
    :param malformed: how many records were skipped because they cannot be decoded.
    :param future: how many backups were created after `completed_at`.
    :param reported: the API's own count of backups; `None` if it reports none.
    :param completed_at: when the walk ended.
    :param excluded: how many backups the setting `exclude` leaves out.
    :param self_contained: how many backups have a parent that their restore does not read.
    :param bytes_per_unit: bytes per unit of the API's sizes; `None`: undecided, so there are no sizes.
    """

    summary: Summary
    assessments: tuple[DatabaseAssessment, ...] = ()
    duplicates: int
    malformed: int
    future: int = 0
    reported: int | None
    completed_at: float
    excluded: int = 0
    self_contained: int = 0
    bytes_per_unit: float | None = 1
    data_warnings: tuple[DataWarning, ...] = ()

    @property
    def backups(self) -> int:
        """How many distinct backups were walked, excluded ones too."""
        return self.summary.backups + self.excluded

    @property
    def stored(self) -> int:
        """How many count towards the account's quota: the API may have some that it does not list."""
        return max(self.reported or 0, self.backups + self.malformed)
