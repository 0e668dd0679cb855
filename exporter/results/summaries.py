"""Sums over the backups of a complete walk."""

from typing import NamedTuple

from msgspec import Struct


class GroupKey(NamedTuple):
    """The labels of the backup gauges, in their order."""

    status: str
    datastore_type: str
    instance_id: str


class GroupSummary(Struct, frozen=True):
    """The backups that share one `GroupKey`; there is at least one.

    :param count: number of backups.
    :param size_bytes: their total size; a backup without a size adds nothing. `None`: the unit is unknown, or
        the total fits no number.
    :param newest_timestamp: when the newest backup was created.
    :param oldest_timestamp: when the oldest backup was created.
    :param newest_size_bytes: of the newest backup; `None` if the API reports no size.
    :param newest_duration_seconds: how long the newest backup took; `None` if it has not finished.
    """

    key: GroupKey
    count: int
    size_bytes: float | None
    newest_timestamp: float
    oldest_timestamp: float
    newest_size_bytes: float | None
    newest_duration_seconds: float | None


class Summary(Struct, frozen=True):
    """All backups of one walk.

    :param groups: in the order of their keys.
    :param backups: number of distinct backups.
    :param unknown_statuses: each status that has no configured class, with its number of backups.
    :param largest_size: in the API's own unit, not in bytes; `None` if no backup has a size.
    :param has_fractional_sizes: whether any size, in the API's own unit, is not a whole number.
    """

    groups: tuple[GroupSummary, ...]
    backups: int
    unknown_statuses: tuple[tuple[str, int], ...]
    largest_size: float | None
    has_fractional_sizes: bool = False
