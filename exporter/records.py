"""The API's types: the records of a list, and a page of them.

`Backup` and `Instance` use the API's own field names, so msgspec decodes them straight from the bytes.
`api.decode` hides everything else about the API's format.
"""

import sys
from datetime import datetime
from typing import Annotated, Final, Generic, TypeVar

from msgspec import Meta, Struct

Identifier = Annotated[str, Meta(min_length=1)]
Instant = Annotated[datetime, Meta(tz=True)]
"""A time with its original offset: year 1 at +05:00 has no UTC form, but can be compared and subtracted."""

_CINDER: Final = "cinder://"
Size = Annotated[float, Meta(ge=0, le=sys.float_info.max)]


class Datastore(Struct, frozen=True, gc=False):
    """The software of a database: `type` such as `postgresql`, `version` such as `15.4`."""

    type: str | None = None
    version: str | None = None


class Backup(Struct, frozen=True, gc=False):
    """One backup. `size` is in the configured unit: the vendor documents none."""

    id: Identifier
    status: Identifier
    created_at: Instant
    updated_at: Instant | None = None
    instance_id: str | None = None
    parent_id: str | None = None
    size: Size | None = None
    datastore: Datastore | None = None
    name: str | None = None
    location_ref: str | None = None

    @property
    def has_parent(self) -> bool:
        """Whether it builds on another backup. A `parent_id` equal to its own id means none."""
        return bool(self.parent_id) and self.parent_id != self.id

    @property
    def is_cinder_snapshot(self) -> bool:
        """Whether it is stored as a Cinder snapshot."""
        return self.location_ref is not None and is_cinder_snapshot(self.location_ref)


def is_cinder_snapshot(location_ref: str) -> bool:
    """Return whether a location is that of a Cinder snapshot, not of an object: `cinder://` and more."""
    return location_ref.startswith(_CINDER) and len(location_ref) > len(_CINDER)


class Reference(Struct, frozen=True, gc=False):
    """A pointer to another resource of the API."""

    id: str | None = None


class Instance(Struct, frozen=True, gc=False):
    """One database instance. An empty text means the same as `None`."""

    id: Identifier
    name: str | None = None
    datastore: Datastore | None = None
    replica_of: Reference | None = None
    updated_at: Instant | None = None


Record = TypeVar("Record", bound=Backup | Instance)


class Malformed(Struct, frozen=True):
    """A record that cannot be decoded: its position in the page, from 1, and what is wrong with it.

    :param identity: the hash of its id; `None` without one.
    """

    position: int
    problem: str
    identity: int | None = None


class Page(Struct, Generic[Record], frozen=True, kw_only=True):
    """One page of a list. `None` is what the API did not say.

    :param length: number of records, malformed ones included.
    :param markers: where the next page may start, the best marker first.
    :param more: whether the API reports that more records follow.
    :param limit: the page size that the API reports.
    :param total: the number of records in the whole list, as the API reports it. `Prefetcher` replaces it
        by the highest one so far.
    """

    records: tuple[Record, ...]
    length: int
    malformed: tuple[Malformed, ...] = ()
    markers: tuple[str, ...] = ()
    more: bool | None = None
    limit: int | None = None
    total: int | None = None

    def claims_more(self, requested: int) -> bool:
        """Whether the API reports that more records follow this page.

        :param requested: the `limit` of the request. Unless the API says otherwise, a shorter page is the
            last one.
        """
        if self.more is not None:
            return self.more
        return self.length >= (self.limit or requested)
