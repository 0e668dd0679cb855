"""What is wrong with a value that a user configured, in one line: where, what was found, what is allowed."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import inspect

_PATH: Final = re.compile(r" - at `\$(.*)`$")
_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`")
_MISSING: Final = re.compile(r"Object missing required field `(.*)`")
_USER: Final = re.compile(r"//[^/]*@")
_LONGEST: Final = 60


def complaint(error: msgspec.ValidationError, document: object, expected: Any) -> str:  # noqa: ANN401 - any type form
    """Put msgspec's `error` on converting `document` to the type `expected` into a user's words."""
    problem, _, _ = str(error).partition(" - at `")
    match = _PATH.search(str(error))
    steps = [name or index for name, index in _STEP.findall(match[1])] if match else []
    place, wanted, found = "", inspect.type_info(expected), document
    for step in steps:
        place += f"[{step}]" if step.isdigit() else f".{step}"
        wanted, found = _inner(wanted, step), _item(found, step)
    place = place.lstrip(".") or "the top level"
    if missing := _MISSING.match(problem):
        return f"{place}: the key {missing[1]} is missing"
    if unknown := _UNKNOWN.match(problem):
        return f"{place}: unknown key {unknown[1]!r}, allowed: {allowed(wanted)}"
    if _is_own_words(problem):
        return f"{place}: {problem}" if steps else problem
    return f"{place}: found {_show(found, wanted)}, allowed: {allowed(wanted)}"


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


def _is_own_words(problem: str) -> bool:
    """Tell a message of ours, from a type's own check, by what msgspec's begin with."""
    return not problem.startswith(("Expected", "Invalid"))


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
    """Write a value as YAML would; a password in an address, where none is allowed, is not shown."""
    text = str(found).lower() if isinstance(found, bool) else _USER.sub("//…@", repr(found))
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
