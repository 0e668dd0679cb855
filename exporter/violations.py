"""The errors of msgspec, in a user's words."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import inspect

from exporter.errors import ConfigError

_PATH: Final = re.compile(r" - at `\$([^`]*)`\Z")
"""Where msgspec reports the problem; a value that it quotes earlier may hold the same words."""
_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_UNKNOWN: Final = "Object contains unknown field `"
_MISSING: Final = re.compile(r"Object missing required field `([^`]*)`")
_USER: Final = re.compile(r"((?:[A-Za-z]+://)?).*@", re.DOTALL)
_QUERY: Final = re.compile(r"(//[^?#]*[?#]).+", re.DOTALL)
_LONGEST_VALUE: Final = 60  # characters of a value that an error shows


def explain_violation(error: msgspec.ValidationError, document: object, expected: type) -> ConfigError:
    """Return the error to show to the user, with its key, what was found and what is allowed.

    :param error: what msgspec raised on converting `document` to `expected`.
    """
    message, wanted, found, key = str(error), inspect.type_info(expected), document, ""
    if message.startswith(_UNKNOWN):
        return next(_unknown_keys("", document, wanted))
    for step in _steps(message):
        key = _joined(key, step)
        wanted, found = _inner(wanted, step), _item(found, step)
    if isinstance(error.__cause__, ConfigError):
        return error.__cause__.within(key=key)
    if missing := _MISSING.match(message):
        return ConfigError(f"the key {missing[1]} is missing", key=key)
    return ConfigError(key=key, found=_show(found, wanted), allowed=describe_allowed(wanted))


def describe_allowed(wanted: inspect.Type) -> str:
    """Return which values a type accepts, in words."""
    return " or ".join(dict.fromkeys(_each_allowed(wanted)))


def _each_allowed(wanted: inspect.Type) -> Iterator[str]:
    match wanted:
        case inspect.Metadata(extra_json_schema={"description": str(text)}):
            yield text
        case inspect.UnionType():
            for option in wanted.types:
                yield from _each_allowed(option) if not isinstance(option, inspect.NoneType) else ()
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
    """Return the path to the problem from the top. msgspec reports it only in its message."""
    match = _PATH.search(message)
    return [name or index for name, index in _STEP.findall(match[1])] if match else []


def _joined(key: str, step: str) -> str:
    return f"{key}[{step}]" if step.isdigit() else f"{key}.{step}".lstrip(".")


def _unknown_keys(key: str, found: object, wanted: inspect.Type) -> Iterator[ConfigError]:
    """Find unknown keys in msgspec's order: its own message quotes the key, which may hold any words."""
    match wanted, found:
        case inspect.UnionType(), _:
            for option in wanted.types:
                yield from _unknown_keys(key, found, option)
        case inspect.StructType(), dict():
            inner = {field.encode_name: field.type for field in wanted.fields}
            for name, value in found.items():
                if name in inner:
                    yield from _unknown_keys(_joined(key, name), value, inner[name])
                else:
                    shown = quote(name)
                    yield ConfigError(
                        f"unknown key {shown}", key=key, found=shown, allowed=describe_allowed(wanted)
                    )
        case inspect.VarTupleType(), list():
            for index, item in enumerate(found):
                yield from _unknown_keys(f"{key}[{index}]", item, wanted.item_type)


def _inner(wanted: inspect.Type, step: str) -> inspect.Type:
    match wanted:
        case inspect.UnionType():
            return _inner(next(t for t in wanted.types if not isinstance(t, inspect.NoneType)), step)
        case inspect.StructType():
            return next(field.type for field in wanted.fields if field.encode_name == step)
    assert isinstance(wanted, inspect.VarTupleType | inspect.FrozenSetType)  # noqa: S101 - nothing else has parts
    return wanted.item_type


def _item(found: Any, step: str) -> object:  # noqa: ANN401 - any YAML value
    return found[int(step) if isinstance(found, list) else step]


def _show(found: object, wanted: inspect.Type) -> str:
    match found:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
    return quote(found) if _may_show(wanted) else "a value of another type"


def _may_show(wanted: inspect.Type) -> bool:
    """Whether a value may be shown: not where a secret or a block belongs."""
    if isinstance(wanted, inspect.UnionType):
        return all(map(_may_show, wanted.types))
    if isinstance(wanted, inspect.CustomType):
        return not getattr(wanted.cls, "SECRET", False)
    return not isinstance(wanted, inspect.StructType | inspect.VarTupleType | inspect.FrozenSetType)


def quote(found: object) -> str:
    """Write a value as YAML would, without the user and the query of a URL, which may be secrets."""
    if isinstance(found, bool):
        return str(found).lower()
    text = repr(_QUERY.sub(r"\1…", _USER.sub(r"\1…@", found)) if isinstance(found, str) else found)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"
