"""Texts with placeholders as expressions of Jsonnet."""

import json
import re
from typing import Any

from msgspec.structs import asdict

from alerts.source.settings import Settings
from alerts.source.symbols import PLACEHOLDER, Symbol, placeholder


def symbols() -> Settings:
    """Return settings that have symbols for values."""
    values: dict[str, Any] = {name: _symbol(name, value) for name, value in asdict(Settings()).items()}
    return Settings(**values)


def _symbol(name: str, value: object) -> object:
    if isinstance(value, tuple):
        return (placeholder(f"config.{name}"),)
    return placeholder(f"config.{name}") if isinstance(value, str) else Symbol(f"config.{name}")


def expression(text: str) -> str:
    """Return a Jsonnet expression of a text with placeholders; one placeholder alone may be a number."""
    parts: list[str] = []
    end = 0
    for match in PLACEHOLDER.finditer(text):
        parts.extend([_quoted(text[end : match.start()]), _value(match)])
        end = match.end()
    return " + ".join(filter(None, [*parts, _quoted(text[end:])]))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if text else ""


def _value(match: re.Match[str]) -> str:
    return f"std.format('%{match['kind']}', {match['formula']})" if match["kind"] else match["formula"]
