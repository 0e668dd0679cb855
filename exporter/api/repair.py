"""Converts the fields of a record to their documented types, if that loses nothing."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Final


def repair_record(item: object) -> object:
    """Return a record with the known fields only, repaired; of anything else, only text is repaired."""
    if not isinstance(item, dict):
        return repair_text(item)
    return {key: repair(item[key]) for key, repair in _REPAIRS.items() if item.get(key) is not None}


def valid_text(text: str) -> str:
    """Return text without lone surrogates, which neither a label value nor a query can carry."""
    return text.encode(errors="replace").decode()


def repair_text(value: object) -> object:
    """Return valid text; anything else is returned as it is."""
    return valid_text(value) if isinstance(value, str) else value


def _identifier(value: object) -> object:
    """Replace an id of a wrong type by one that no record has: a lost parent must not read as no parent."""
    return valid_text(value) if isinstance(value, str) else f"<{type(value).__name__}>"


def _optional_text(value: object) -> str | None:
    return valid_text(value) if isinstance(value, str) else None


def _time(value: object) -> object:
    """Parse a timestamp; without a zone it is UTC."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value.strip().upper())
    except ValueError:
        return valid_text(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _optional_time(value: object) -> datetime | None:
    moment = _time(value)
    return moment if isinstance(moment, datetime) else None


def _size(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        size = float(value)
    except ValueError:
        return None
    return size if size >= 0 and isfinite(size) else None


def _object_of_texts(*names: str) -> Callable[[object], object]:
    def repair(value: object) -> object:
        if not isinstance(value, dict):
            return None
        return {name: _optional_text(value.get(name)) for name in names}

    return repair


_REPAIRS: Final[Mapping[str, Callable[[object], object]]] = {
    "id": repair_text,
    "status": repair_text,
    "created_at": _time,
    "updated_at": _optional_time,
    "instance_id": _identifier,
    "parent_id": _identifier,
    "size": _size,
    "name": _optional_text,
    "datastore": _object_of_texts("type", "version"),
    "location_ref": _optional_text,
    "replica_of": _object_of_texts("id"),
}
