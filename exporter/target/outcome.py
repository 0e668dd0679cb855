"""How a walk ended."""

from msgspec import Struct

from exporter.errors import ApiError
from exporter.results import Snapshot, WalkStats


class WalkOutcome(Struct, frozen=True):
    """How a walk ended: with a snapshot or with an error.

    :param page_size: the page size that the API granted; `None` if the walk failed.
    :param instances_ok: whether the list of instances is up to date; `None` if it is not requested.
    """

    stats: WalkStats
    result: Snapshot | ApiError
    page_size: int | None = None
    instances_ok: bool | None = None

    @property
    def snapshot(self) -> Snapshot | None:
        """The snapshot of a complete walk."""
        return self.result if isinstance(self.result, Snapshot) else None

    @property
    def error(self) -> ApiError | None:
        """The error of a failed walk."""
        return self.result if isinstance(self.result, ApiError) else None
