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
    return _page(document, document.records or ())


def records_part(body: bytes) -> memoryview:
    """Return the part of a body that holds its records: everything up to its last `]`."""
    return memoryview(body)[: body.rfind(b"]") + 1]


def ends_with_records(endpoint: ListEndpoint[Record], body: bytes, page: Page[Record]) -> bool:
    """Whether the `records_part` of a body ends where its list of records does, with none malformed.

    If so, that is true of every body with the same part. A rest without another `]` cannot be JSON both there
    and elsewhere, such as within a text or a nested object.

    :param page: the page of that body.
    """
    return decode_around(endpoint, body, page.records) == page


def decode_around(
    endpoint: ListEndpoint[Record], body: bytes, records: tuple[Record, ...]
) -> Page[Record] | None:
    """Decode what follows the records of a page of `endpoint`, such as its `meta`.

    :param records: those of a body with the same `records_part`, of which `ends_with_records` is true.
    :return: `None` if that is not as documented, so that the page must be decoded as a whole.
    """
    rest = body[len(records_part(body)) :]
    try:
        document = _DECODERS[endpoint.key].decode(b'{"%b":[]%b' % (endpoint.key.encode(), rest))
    except (ValueError, RecursionError):
        return None
    return _page(document, records) if document.records == () else None


def _page(envelope: Envelope, records: tuple[Record, ...]) -> Page[Record]:
    return envelope.page(records, last_id=records[-1].id if records else None, length=len(records))
