"""Bytes of a response to a `Page`. Nothing downstream sees JSON.

A page whose records are all as documented is decoded at once, else record by record (`lenient`). Where most
pages are known, it is decoded in two parts: its records, unless they are known, and the rest.
"""

import re
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
_LISTS: dict[str, msgspec.json.Decoder[Any]] = {
    BACKUPS.key: msgspec.json.Decoder(tuple[Backup, ...]),
    INSTANCES.key: msgspec.json.Decoder(tuple[Instance, ...]),
}
_BEGINNINGS: dict[str, re.Pattern[bytes]] = {
    endpoint.key: re.compile(rb'[ \t\n\r]*{[ \t\n\r]*"%b"[ \t\n\r]*:' % endpoint.key.encode())
    for endpoint in (BACKUPS, INSTANCES)
}


def decode_page(endpoint: ListEndpoint[Record], body: bytes) -> Page[Record]:
    """Decode one page of `endpoint`.

    :param body: the JSON of the page, uncompressed.
    :raises ApiError: with the reason `bad_response` if it is not a list of records.
    """
    if _has_too_many_objects(body):
        raise ApiError(Reason.BAD_RESPONSE, f"the page holds more than {MOST_OBJECTS} JSON objects")
    try:
        document = _DECODERS[endpoint.key].decode(body)
    except (ValueError, RecursionError):
        return decode_leniently(endpoint, body)
    if document.records is None:
        document.require_empty(endpoint.key)
    return _page(document, document.records or ())


class PageParts(msgspec.Struct, frozen=True):
    """The JSON of a page in two parts.

    :param records: the list of records, if it is one: from behind the key to the last `]`.
    :param rest: what follows it, such as `meta`.
    """

    records: memoryview
    rest: bytes


def split_page(endpoint: ListEndpoint[Any], body: bytes) -> PageParts | None:
    """Split a page of `endpoint`, without decoding it.

    :return: `None` if its first key is not the list's, or it holds too many objects: decode it as a whole.
    """
    start = _BEGINNINGS[endpoint.key].match(body)
    if start is None or _has_too_many_objects(body):
        return None
    end = body.rfind(b"]") + 1
    return PageParts(memoryview(body)[start.end() : end], body[end:])


def decode_records(endpoint: ListEndpoint[Record], part: memoryview) -> tuple[Record, ...] | None:
    """Decode the records of a page that was split.

    :return: `None` if they are not all as documented, so that the page must be decoded as a whole.
    """
    try:
        records: tuple[Record, ...] = _LISTS[endpoint.key].decode(part)
    except (ValueError, RecursionError):
        return None
    return records


def decode_rest(
    endpoint: ListEndpoint[Record], rest: bytes, records: tuple[Record, ...]
) -> Page[Record] | None:
    """Decode the rest of a page that was split.

    :param records: those of its other part.
    :return: `None` if the rest is not as documented, so that the page must be decoded as a whole.
    """
    try:
        document = _DECODERS[endpoint.key].decode(b'{"%b":[]%b' % (endpoint.key.encode(), rest))
    except (ValueError, RecursionError):
        return None
    return _page(document, records) if document.records == () else None


def _has_too_many_objects(body: bytes) -> bool:
    return len(body) > MOST_OBJECTS and body.count(b"{") > MOST_OBJECTS


def _page(envelope: Envelope, records: tuple[Record, ...]) -> Page[Record]:
    return envelope.page(records, last_id=records[-1].id if records else None, length=len(records))
