"""Decodes a page that is not as documented, record by record: a bad record never costs the others.

It uses the standard library's JSON parser, which accepts more than msgspec's.
"""

import json
from typing import Any, Final, NoReturn

import msgspec

from exporter.api.envelope import Envelope, Links, ListEndpoint, Meta
from exporter.api.repair import repair_record, repair_text
from exporter.errors import ApiError, Reason
from exporter.records import Malformed, Page, Record

LONGEST_INTEGER: Final = 18  # digits
LARGEST_BODY: Final = 16 * 1024 * 1024
"""Bytes of a body: its text may take four times as much memory."""
MOST_VALUES: Final = 1_000_000
"""JSON values in a body: Python's take up to 200 bytes of memory for 6 of JSON."""
MOST_MALFORMED: Final = 10_000
"""Malformed records in a page: each is kept with its position and problem."""
_ENVELOPE_FIELDS: Final = {"meta": Meta.__struct_fields__, "links": Links.__struct_fields__}


def decode_leniently(endpoint: ListEndpoint[Record], body: bytes) -> Page[Record]:
    """Decode one page of `endpoint`.

    :raises ApiError: with the reason `bad_response` if it is no list of records or too large.
    """
    _check_size(body)
    document = _parse(body)
    envelope = _convert_envelope(document)
    listed = document.get(endpoint.key)
    if listed is None:
        envelope.require_empty(endpoint.key)
    elif not isinstance(listed, list):
        _refuse(f"`{endpoint.key}` is not a list")
    items = listed or []
    records, malformed = _convert_records(endpoint, items)
    return envelope.page(
        tuple(records),
        last_id=_id_of(items[-1]) if items else None,
        length=len(items),
        malformed=tuple(malformed),
    )


def _check_size(body: bytes) -> None:
    """Refuse what would take too much memory: every JSON value follows one of these characters."""
    if len(body) > LARGEST_BODY or sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
        _refuse("the page is not as documented, and too large to decode record by record")


def _parse(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body.decode(errors="replace"), parse_int=_integer)
    except RecursionError:
        _refuse("the body is JSON nested too deeply")
    except ValueError as error:
        _refuse(f"the body is not JSON: {error}")
    return document if isinstance(document, dict) else _refuse("the body is JSON, but not an object")


def _integer(digits: str) -> int | float:
    """Parse a number; one longer than any counter becomes a float, as Python refuses the longest."""
    return int(digits) if len(digits) <= LONGEST_INTEGER else float(digits)


def _convert_envelope(document: dict[str, Any]) -> Envelope:
    known = {name: _known(document.get(name), fields) for name, fields in _ENVELOPE_FIELDS.items()}
    try:
        return msgspec.convert(known, Envelope)
    except msgspec.ValidationError as error:
        _refuse(f"the page cannot be used: {error}")


def _known(part: object, fields: tuple[str, ...]) -> object:
    if not isinstance(part, dict):
        return repair_text(part)
    return {name: repair_text(part[name]) for name in fields if name in part}


def _convert_records(
    endpoint: ListEndpoint[Record], items: list[object]
) -> tuple[list[Record], list[Malformed]]:
    records, malformed = [], []
    for position, item in enumerate(items, start=1):
        try:
            records.append(msgspec.convert(repair_record(item), endpoint.record))
        except msgspec.ValidationError as error:
            record_id = _id_of(item)
            identity = None if record_id is None else hash(record_id)
            malformed.append(Malformed(position, str(error), identity))
            if len(malformed) > MOST_MALFORMED:
                _refuse(f"more than {MOST_MALFORMED} records of the page are malformed: {error}")
    return records, malformed


def _id_of(item: object) -> str | None:
    record = repair_record(item)
    record_id = record.get("id") if isinstance(record, dict) else None
    return record_id if isinstance(record_id, str) and record_id else None


def _refuse(problem: str) -> NoReturn:
    raise ApiError(Reason.BAD_RESPONSE, problem)
