"""What is wrong with a value that a user configured, in one line: where, what was found, what is allowed."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import inspect

from exporter.printable import printable_line

_PATH: Final = re.compile(r" - at `\$([^`]*)`\Z")
"""Where msgspec says the problem is; a value that it quotes earlier may hold the same words."""
_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_UNKNOWN: Final = "Object contains unknown field `"
_MISSING: Final = re.compile(r"Object missing required field `([^`]*)`")
_USER: Final = re.compile(r"((?:[A-Za-z]+://)?).*@", re.DOTALL)
_QUERY: Final = re.compile(r"(//[^?#]*[?#]).+", re.DOTALL)
_LONGEST_VALUE: Final = 60  # characters of a value that a explain_violation shows
_LONGEST: Final = 1000  # characters of a explain_violation; the longest list of allowed keys has half as many


class NotAllowedError(ValueError):
    """Raised by a type whose `ALLOWED` says everything: the message adds what was found."""


def explain_violation(error: msgspec.ValidationError, document: object, expected: Any) -> str:  # noqa: ANN401 - any type form
    """Put msgspec's `error` on converting `document` to the type `expected` into a user's words."""
    return printable_line(_complaint(error, document, inspect.type_info(expected)), _LONGEST)


def _complaint(error: msgspec.ValidationError, document: object, wanted: inspect.Type) -> str:
    message, cause = str(error), error.__cause__
    if message.startswith(_UNKNOWN):
        return next(_unknown_keys("", document, wanted))
    place, found = "", document
    for step in _steps(message):
        place += f"[{step}]" if step.isdigit() else f".{step}"
        wanted, found = _inner(wanted, step), _item(found, step)
    named = place.lstrip(".") or "the top level"
    if missing := _MISSING.match(message):
        return f"{named}: the key {missing[1]} is missing"
    if cause is not None and not isinstance(cause, NotAllowedError):
        return f"{named}: {cause}" if place else str(cause)
    return f"{named}: found {_show(found, wanted)}, allowed: {allowed(wanted)}"


def allowed(wanted: inspect.Type) -> str:
    """Say what a type takes."""
    return " or ".join(dict.fromkeys(_allowed(wanted)))


def _allowed(wanted: inspect.Type) -> Iterator[str]:
    match wanted:
        case inspect.Metadata(extra_json_schema={"description": str(text)}):
            yield text
        case inspect.UnionType():
            for option in wanted.types:
                yield from _allowed(option) if not isinstance(option, inspect.NoneType) else ()
        case inspect.LiteralType():
            yield ", ".join(map(str, wanted.values))
        case inspect.StructType():
            yield "the keys " + ", ".join(field.encode_name for field in wanted.fields)
        case inspect.CustomType():
            yield getattr(wanted.cls, "ALLOWED", wanted.cls.__name__)
        case inspect.BoolType():
            yield "true or false"
        case inspect.StrType():
            yield "text"
        case _:
            yield "a list"


def _steps(message: str) -> list[str]:
    """Return the path to the problem, from the top: msgspec has it in its message alone."""
    match = _PATH.search(message)
    return [name or index for name, index in _STEP.findall(match[1])] if match else []


def _unknown_keys(place: str, found: object, wanted: inspect.Type) -> Iterator[str]:
    """Find unknown keys in msgspec's order: its own message quotes the key, which may hold any words."""
    match wanted, found:
        case inspect.UnionType(), _:
            for option in wanted.types:
                yield from _unknown_keys(place, found, option)
        case inspect.StructType(), dict():
            inner = {field.encode_name: field.type for field in wanted.fields}
            for key, value in found.items():
                if key in inner:
                    yield from _unknown_keys(f"{place}.{key}", value, inner[key])
                else:
                    named = place.lstrip(".") or "the top level"
                    yield f"{named}: unknown key {_quote(key)}, allowed: {allowed(wanted)}"
        case inspect.VarTupleType(), list():
            for index, item in enumerate(found):
                yield from _unknown_keys(f"{place}[{index}]", item, wanted.item_type)


def _inner(wanted: inspect.Type, step: str) -> inspect.Type:
    match wanted:
        case inspect.UnionType():
            return _inner(next(t for t in wanted.types if not isinstance(t, inspect.NoneType)), step)
        case inspect.StructType():
            return next(field.type for field in wanted.fields if field.encode_name == step)
    assert isinstance(wanted, inspect.VarTupleType | inspect.FrozenSetType)  # noqa: S101 - nothing else has parts
    return wanted.item_type


def _item(found: Any, step: str) -> object:  # noqa: ANN401 - whatever YAML gave
    return found[int(step) if isinstance(found, list) else step]


def _show(found: object, wanted: inspect.Type) -> str:
    match found:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
    return _quote(found) if _is_open(wanted) else "a value of another type"


def _is_open(wanted: inspect.Type) -> bool:
    """Say whether what stands there may be shown: where a secret or a block belongs, it may not."""
    if isinstance(wanted, inspect.UnionType):
        return all(map(_is_open, wanted.types))
    if isinstance(wanted, inspect.CustomType):
        return not getattr(wanted.cls, "SECRET", False)
    return not isinstance(wanted, inspect.StructType | inspect.VarTupleType | inspect.FrozenSetType)


def _quote(found: object) -> str:
    """Write a value as YAML would, without what may be a secret of an address: its user and its query."""
    if isinstance(found, bool):
        return str(found).lower()
    text = repr(_QUERY.sub(r"\1…", _USER.sub(r"\1…@", found)) if isinstance(found, str) else found)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"
