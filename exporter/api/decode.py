"""Bytes of an API answer to a `Page`; the only file that knows the API's paths and keys.

A page is decoded at once where every record is as documented. Where one is not, the page is read anew by
the standard library's more forgiving JSON parser, record by record: one bad record never costs the others.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Generic, NoReturn
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Struct

from exporter.errors import ApiError, Reason
from exporter.records import Backup, Instance, Malformed, Page, Record

LONGEST_INTEGER: Final = 18  # digits
LONGEST_MARKER: Final = 4096  # characters of an id or a marker that a request can carry
LARGEST_ERROR: Final = 64 * 1024  # bytes of an error body that are worth reading
MOST_OBJECTS: Final = 1_000_000
"""JSON objects in a page: the shortest record that is valid takes 130 bytes of memory for 11 of JSON."""
LARGEST_LENIENT_BODY: Final = 16 * 1024 * 1024
"""Bytes of a page that is read leniently: its text may take four times as much."""
MOST_LENIENT_VALUES: Final = 1_000_000
"""JSON values in such a page: Python's take up to 200 bytes of memory for 6 of JSON."""
MOST_MALFORMED: Final = 10_000
"""Malformed records in a page, each remembered with its place and problem."""


class Resource(Struct, Generic[Record], frozen=True):
    """One list endpoint: its `path`, the `key` of its list, the type of its records."""

    path: str
    key: str
    record: type[Record]


BACKUPS = Resource("/v1/database-backups", "database_backups", Backup)
INSTANCES = Resource("/v1/database-instances", "database_instances", Instance)


class _Meta(Struct):
    total: int | None = None
    limit: int | None = None
    marker: str | None = None
    has_more: bool | None = None


class _Links(Struct):
    next: str | None = None


class _Answer(Struct):
    meta: _Meta | None = None
    links: _Links | None = None


class _Backups(_Answer):
    records: tuple[Backup, ...] | None = msgspec.field(default=None, name=BACKUPS.key)


class _Instances(_Answer):
    records: tuple[Instance, ...] | None = msgspec.field(default=None, name=INSTANCES.key)


_ENVELOPE: Final = {"meta": _Meta.__struct_fields__, "links": _Links.__struct_fields__}
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    BACKUPS.key: msgspec.json.Decoder(_Backups),
    INSTANCES.key: msgspec.json.Decoder(_Instances),
}


def decode_page(resource: Resource[Record], body: bytes) -> Page[Record]:
    """Decode one answer of `resource`; raise `ApiError` (`bad_response`) where it is no list of records."""
    if len(body) > MOST_OBJECTS and body.count(b"{") > MOST_OBJECTS:
        _refuse(f"the page holds more than {MOST_OBJECTS} JSON objects")
    try:
        answer = _DECODERS[resource.key].decode(body)
    except (ValueError, RecursionError):
        return _decode_leniently(resource, body)
    if answer.records is None:
        _require_empty(resource, answer)
    records = answer.records or ()
    return _page(answer, records, (), len(records), records[-1].id if records else None)


def decode_error(body: bytes) -> tuple[str | None, str | None]:
    """Take `message` (with `details`) and `request_id` from an error body, as far as it has them."""
    if len(body) > LARGEST_ERROR:
        return None, None
    try:
        error = json.loads(body.decode(errors="replace")).get("error", {})
        message, details, request_id = (_text(error.get(key)) for key in ("message", "details", "request_id"))
    except (ValueError, RecursionError, AttributeError):
        return None, None
    said = [part for part in (message, details) if isinstance(part, str) and part]
    return ": ".join(said) or None, request_id if isinstance(request_id, str) else None


def _decode_leniently(resource: Resource[Record], body: bytes) -> Page[Record]:
    _refuse_too_large(body)
    document = _parse(body)
    answer = _convert_envelope(document)
    listed = document.get(resource.key)
    if listed is None:
        _require_empty(resource, answer)
    elif not isinstance(listed, list):
        _refuse(f"`{resource.key}` is not a list")
    raw = listed or []
    records, malformed = _sort_out(resource, raw)
    return _page(answer, tuple(records), tuple(malformed), len(raw), _usable_id(raw))


def _refuse_too_large(body: bytes) -> None:
    """Refuse what would take too much memory: every JSON value follows one of these characters."""
    if len(body) > LARGEST_LENIENT_BODY or sum(map(body.count, (b",", b"[", b"{"))) > MOST_LENIENT_VALUES:
        _refuse("the page is not as documented, and too large to be read leniently")


def _parse(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body.decode(errors="replace"), parse_int=_integer)
    except RecursionError:
        _refuse("the body is JSON nested too deeply")
    except ValueError as error:
        _refuse(f"the body is not JSON: {error}")
    return document if isinstance(document, dict) else _refuse("the body is JSON, but not an object")


def _integer(digits: str) -> int | float:
    """Read a number; one that no counter needs becomes a float, since Python refuses to read the longest."""
    return int(digits) if len(digits) <= LONGEST_INTEGER else float(digits)


def _convert_envelope(document: dict[str, Any]) -> _Answer:
    known = {name: _known(document.get(name), fields) for name, fields in _ENVELOPE.items()}
    try:
        return msgspec.convert(known, _Answer)
    except msgspec.ValidationError as error:
        _refuse(f"the page cannot be used: {error}")


def _known(part: object, fields: tuple[str, ...]) -> object:
    if not isinstance(part, dict):
        return _text(part)
    return {name: _text(part[name]) for name in fields if name in part}


def _require_empty(resource: Resource[Record], answer: _Answer) -> None:
    if answer.meta is None or answer.meta.total != 0:
        _refuse(f"the body has no `{resource.key}`")


def _sort_out(resource: Resource[Record], raw: list[object]) -> tuple[list[Record], list[Malformed]]:
    records, malformed = [], []
    for position, item in enumerate(raw, start=1):
        try:
            records.append(msgspec.convert(_mend(item), resource.record))
        except msgspec.ValidationError as error:
            malformed.append(Malformed(position, str(error)))
            if len(malformed) > MOST_MALFORMED:
                _refuse(f"more than {MOST_MALFORMED} records of the page are malformed: {error}")
    return records, malformed


def _page(
    answer: _Answer,
    records: tuple[Record, ...],
    malformed: tuple[Malformed, ...],
    length: int,
    last_id: str | None,
) -> Page[Record]:
    meta = answer.meta or _Meta()
    return Page(
        records=records,
        length=length,
        malformed=malformed,
        markers=(last_id,) if last_id and _can_be_sent(last_id) else _fallback_markers(meta, answer.links),
        more=_more(meta, answer.links),
        limit=max(meta.limit, length) if meta.limit and meta.limit > 0 else None,
        total=meta.total if meta.total is not None and meta.total >= 0 else None,
    )


def _more(meta: _Meta, links: _Links | None) -> bool | None:
    if meta.has_more is not None:
        return meta.has_more
    return None if links is None else bool(links.next)


def _fallback_markers(meta: _Meta, links: _Links | None) -> tuple[str, ...]:
    linked = _marker_in(links.next) if links and links.next else None
    return tuple(_valid(marker) for marker in (meta.marker, linked) if marker and _can_be_sent(marker))


def _can_be_sent(marker: str) -> bool:
    return len(marker) <= LONGEST_MARKER


def _marker_in(url: str) -> str | None:
    """Take the `marker` parameter; the rest of a link is never used: the vendor's own points elsewhere."""
    try:
        return parse_qs(urlsplit(url).query).get("marker", [None])[0]
    except ValueError:
        return None


def _usable_id(raw: list[Any]) -> str | None:
    last = _mend(raw[-1]) if raw else None
    found = last.get("id") if isinstance(last, dict) else None
    return found if isinstance(found, str) and found else None


def _mend(item: object) -> object:
    """Bring a record's fields into the documented types, as far as that loses nothing."""
    if not isinstance(item, dict):
        return item
    return {key: mend(item[key]) for key, mend in _MENDS.items() if item.get(key) is not None}


def _text(value: object) -> object:
    return _valid(value) if isinstance(value, str) else value


def _valid(text: str) -> str:
    """Replace lone surrogates, which neither a label value nor a query can carry."""
    return text.encode(errors="replace").decode()


def _identifier(value: object) -> object:
    """Keep an id of a wrong type as one that no record has: a lost parent must not read as no parent."""
    return _text(value) if isinstance(value, str) else f"<{type(value).__name__}>"


def _optional(value: object) -> object:
    return _text(value) if isinstance(value, str) else None


def _instant(value: object) -> object:
    """Read a time stamp; one without a zone is UTC."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value.strip().upper())
    except ValueError:
        return _text(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _optional_instant(value: object) -> object:
    moment = _instant(value)
    return moment if isinstance(moment, datetime) else None


def _size(value: object) -> object:
    try:
        size = -1.0 if isinstance(value, bool | list | dict) else float(value)  # type: ignore[arg-type] # JSON has no other
    except ValueError:
        return None
    return size if 0 <= size < float("inf") else None


def _fields(*names: str) -> Callable[[object], object]:
    def mend(value: object) -> object:
        if not isinstance(value, dict):
            return None
        return {name: _optional(value.get(name)) for name in names}

    return mend


_MENDS: dict[str, Callable[[object], object]] = {
    "id": _text,
    "status": _text,
    "created_at": _instant,
    "updated_at": _optional_instant,
    "instance_id": _identifier,
    "parent_id": _identifier,
    "size": _size,
    "name": _optional,
    "datastore": _fields("type", "version"),
    "replica_of": _fields("id"),
}


def _refuse(problem: str) -> NoReturn:
    raise ApiError(Reason.BAD_RESPONSE, problem)
