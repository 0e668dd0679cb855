"""The API's types: what one page of a list holds.

`Backup` and `Instance` use the API's own field names, so msgspec decodes them straight from the bytes.
Everything else about the API's format is known to `api.decode` only.
"""

import sys
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct

Identifier = Annotated[str, Meta(min_length=1)]
Instant = Annotated[datetime, Meta(tz=True)]
"""An aware moment. Its offset is kept: year 1 at +05:00 has no UTC form, yet compares and subtracts well."""

Size = Annotated[float, Meta(ge=0, le=sys.float_info.max)]


class Datastore(Struct, frozen=True, gc=False):
    """What a database runs on: `type` as in `postgresql`, `version` as in `15.4`."""

    type: str | None = None
    version: str | None = None


class Backup(Struct, frozen=True, gc=False):
    """One backup. `size` is in the unit that the configuration says; the vendor documents none."""

    id: Identifier
    status: Identifier
    created_at: Instant
    updated_at: Instant | None = None
    instance_id: str | None = None
    parent_id: str | None = None
    size: Size | None = None
    datastore: Datastore | None = None


class Reference(Struct, frozen=True, gc=False):
    """A pointer to another resource of the API."""

    id: str | None = None


class Instance(Struct, frozen=True, gc=False):
    """One database instance. An empty text means the same as none; its `status` is of no interest."""

    id: Identifier
    name: str | None = None
    datastore: Datastore | None = None
    replica_of: Reference | None = None
    updated_at: Instant | None = None


Record = TypeVar("Record", bound=Backup | Instance)


class Malformed(Struct, frozen=True):
    """A record that cannot be counted: its place in the page, from 1, and what was wrong."""

    position: int
    problem: str


class Page(Struct, Generic[Record], frozen=True, kw_only=True):
    """One answer of a list endpoint. `None` is what the API did not say.

    `length` counts the malformed records too. `markers` are the ids to go on from, the best one first.
    """

    records: tuple[Record, ...]
    length: int
    malformed: tuple[Malformed, ...] = ()
    markers: tuple[str, ...] = ()
    more: bool | None = None
    limit: int | None = None
    total: int | None = None

    def claims_more(self, requested: int) -> bool:
        """Whether the API says that more records follow this page.

        :param requested: the `limit` of the request. A shorter page is the last one where nothing else is
            said.
        """
        if self.more is not None:
            return self.more
        return self.length >= (self.limit or requested)
