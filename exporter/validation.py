"""Documents converted to typed settings; what cannot be converted is a `ConfigError` in a user's words."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, inspect

from exporter.errors import ConfigError
from exporter.printable import printable_line

Text = Annotated[str, Meta(min_length=1, extra_json_schema={"description": "text, not empty"})]
FilePath = Annotated[Path, Meta(extra_json_schema={"description": "the path of a file"})]
"""A path; a relative one is relative to the file that names it, as in Prometheus's configuration."""
Settings = TypeVar("Settings")

_PATH: Final = re.compile(r" - at `\$([^`]*)`\Z")
"""Where msgspec reports the problem; a value that it quotes earlier may hold the same words."""
_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_UNKNOWN: Final = "Object contains unknown field `"
_MISSING: Final = re.compile(r"Object missing required field `([^`]*)`")
_USER: Final = re.compile(r"((?:[A-Za-z]+://)?).*@", re.DOTALL)
_QUERY: Final = re.compile(r"(//[^?#]*[?#]).+", re.DOTALL)
_LONGEST_VALUE: Final = 60  # characters of a value that an error shows


class NotAllowedError(ValueError):
    """Raised by a type whose `ALLOWED` says what is wrong: the message adds what was found."""


def convert(
    document: object, expected: type[Settings], *, source: str | None = None, folder: Path = Path()
) -> Settings:
    """Convert plain data to `expected`, a frozen struct of settings.

    A type that msgspec does not know is made by its class method `parse`, which raises `NotAllowedError` or
    `ConfigError`. Its `ALLOWED` says what it accepts; `SECRET` keeps its values out of errors.

    :param source: what the data comes from: a file's path or `environment`.
    :param folder: where relative paths start.
    :raises ConfigError: that names source, key, what was found and what is allowed.
    """
    try:
        return msgspec.convert(document, expected, dec_hook=partial(_parse, folder))
    except msgspec.ValidationError as error:
        raise explain_violation(error, document, expected).within(source=source) from None


def explain_violation(error: msgspec.ValidationError, document: object, expected: type) -> ConfigError:
    """Put msgspec's `error` on converting `document` to `expected` into a user's words."""
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
    return ConfigError(key=key, found=_show(found, wanted), allowed=allowed(wanted))


def allowed(wanted: inspect.Type) -> str:
    """Say what a type accepts."""
    return " or ".join(dict.fromkeys(_allowed(wanted)))


def quote(found: object) -> str:
    """Write a value as YAML would, without the user and the query of a URL, which may be secrets."""
    if isinstance(found, bool):
        return str(found).lower()
    text = repr(_QUERY.sub(r"\1…", _USER.sub(r"\1…@", found)) if isinstance(found, str) else found)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"


def quote_name(name: str) -> str:
    """Write a name as Python would, in one short line."""
    return printable_line(repr(name), _LONGEST_VALUE)


def _parse(folder: Path, wanted: Any, found: object) -> object:  # noqa: ANN401 - one of our own types
    if wanted is not Path:
        return wanted.parse(found)
    if not isinstance(found, str) or not found:
        raise NotAllowedError
    return folder / found


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
    """Return the path to the problem, from the top; msgspec gives it only in its message."""
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
                    yield ConfigError(f"unknown key {shown}", key=key, found=shown, allowed=allowed(wanted))
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
