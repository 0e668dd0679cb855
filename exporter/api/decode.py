"""Bytes of a response to a `Page`. Nothing downstream sees JSON.

A page whose records are all as documented is decoded at once, else record by record (`lenient`).
"""

from typing import Any, Final

import msgspec

from exporter.api.envelope import BACKUPS, INSTANCES, Envelope, ListEndpoint
from exporter.api.lenient import decode_leniently
from exporter.errors import ApiError, Reason
from exporter.records import Backup, Instance, Page, Record

MOST_OBJECTS: Final = 1_000_000
"""JSON objects in a page: the shortest valid record takes 130 bytes of memory for 11 of JSON."""


class _Backups(Envelope):
    records: tuple[Backup, ...] | None = msgspec.field(default=None, name=BACKUPS.key)


class _Instances(Envelope):
    records: tuple[Instance, ...] | None = msgspec.field(default=None, name=INSTANCES.key)


_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    BACKUPS.key: msgspec.json.Decoder(_Backups),
    INSTANCES.key: msgspec.json.Decoder(_Instances),
}


def decode_page(endpoint: ListEndpoint[Record], body: bytes) -> Page[Record]:
    """Decode one page of `endpoint`.

    :param body: the JSON of the page, uncompressed.
    :raises ApiError: with the reason `bad_response` if it is not a list of records.
    """
    if len(body) > MOST_OBJECTS and body.count(b"{") > MOST_OBJECTS:
        raise ApiError(Reason.BAD_RESPONSE, f"the page holds more than {MOST_OBJECTS} JSON objects")
    try:
        document = _DECODERS[endpoint.key].decode(body)
    except (ValueError, RecursionError):
        return decode_leniently(endpoint, body)
    if document.records is None:
        document.require_empty(endpoint.key)
    records: tuple[Record, ...] = document.records or ()
    page: Page[Record] = document.page(
        records, last_id=records[-1].id if records else None, length=len(records)
    )
    return page
