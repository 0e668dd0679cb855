"""Generates docs/configuration.md from the configuration's schema and its docstrings."""

import re
from collections.abc import Iterator, Mapping, Sequence
from inspect import getdoc
from pathlib import Path
from typing import Final

from msgspec import Struct, inspect

from exporter.config import (
    Duration,
    Exclusion,
    ExpectedInstance,
    Match,
    MaxDuration,
    Objective,
    Statuses,
    Target,
    TlsConfig,
)
from exporter.config.variables import OBJECTIVE_VARIABLES, TARGET_VARIABLES, Variable
from exporter.durations import UNITS
from exporter.violations import describe_allowed

HEAD: Final = (Path(__file__).parent / "configuration_head.md").read_text(encoding="utf-8")
OBJECTIVES: Final = """\
The first entry that matches a database applies to it, so the general ones come last. An entry requires only
what it names. Without `objectives`, one applies to all databases: `max_age: 30h`, a day and the
time that a backup may take, and `max_duration: 6h`; the environment variables change that one. Replicas, and
databases that are no longer listed or configured, have no objective, but keep their labels.
"""
EXCLUDE: Final = """\
Each entry needs at least one pattern, and all of its patterns must match. With `backup_name`, it excludes the
backups that match; without it, whole databases. An excluded backup still counts in the chains of others.
"""
STATUSES: Final = """\
The vendor documents no list. The defaults extend that of OpenStack Trove, whose API it resembles.
"""
BLOCKS: Final[Mapping[str, tuple[type[Struct], str]]] = {
    "Each entry of `targets`": (Target, ""),
    "`tls_config`": (TlsConfig, ""),
    "Each entry of `expected_instances`": (ExpectedInstance, ""),
    "Each entry of `exclude`": (Exclusion, EXCLUDE),
    "`statuses`": (Statuses, STATUSES),
    "Each entry of `objectives`": (Objective, OBJECTIVES),
    "`match`": (Match, "All of the patterns must match.\n"),
}
VARIABLES_OF: Final[Mapping[type[Struct], Mapping[str, Variable]]] = {
    Target: TARGET_VARIABLES,
    TlsConfig: TARGET_VARIABLES,
    Objective: OBJECTIVE_VARIABLES,
}
"""The blocks whose keys have environment variables."""
PARAMETER: Final = re.compile(r"^:param (\w+): (.*(?:\n {4,}.*)*)", re.MULTILINE)


def configuration_page() -> str:
    """Return docs/configuration.md."""
    return HEAD + "".join(_section(title, *block) for title, block in BLOCKS.items())


def _section(title: str, block: type[Struct], words: str) -> str:
    has_variables = block in VARIABLES_OF
    columns = ("key", "default", "allowed", *(["environment variable"] if has_variables else []), "meaning")
    head = f"{_row(columns)}{_row(['---'] * len(columns))}"
    introduction = f"{words}\n" if words else ""
    return f"\n## {title}\n\n{introduction}{head}{''.join(map(_row, _rows(block)))}"


def _rows(block: type[Struct]) -> Iterator[Sequence[str]]:
    structure, meanings = inspect.type_info(block), meanings_of(block)
    assert isinstance(structure, inspect.StructType)  # noqa: S101 - a block is a struct
    for field in structure.fields:
        key = field.encode_name
        variable = [_variable(block, key)] if block in VARIABLES_OF else []
        yield f"`{key}`", _default(field), _allowed(field.type), *variable, meanings[key]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def meanings_of(block: type[Struct]) -> dict[str, str]:
    """Return what the docstring of a block says about each of its keys."""
    return {key: " ".join(text.split()) for key, text in PARAMETER.findall(getdoc(block) or "")}


def _variable(block: type[Struct], key: str) -> str:
    names = [name for name, variable in VARIABLES_OF[block].items() if variable.path[-1] == key]
    return f"`{names[0]}`" if names else "none"


def _allowed(wanted: inspect.Type) -> str:
    if isinstance(wanted, inspect.StructType):
        return "a block: see below"
    return describe_allowed(wanted).replace("|", "\\|").replace("...", "…")


def _default(field: inspect.Field) -> str:
    if field.required:
        return "required"
    text = _shown(field.default)
    return f"`{text}`" if text else "none"


def _shown(value: object) -> str:
    match value:
        case None | () | Struct():
            return ""
        case MaxDuration():
            return "never" if value.seconds is None else _duration(value.seconds)
        case Duration():
            return _duration(value)
        case bool():
            return str(value).lower()
        case frozenset():
            return ", ".join(sorted(map(str, value)))
    return str(value)


def _duration(seconds: float) -> str:
    """Write seconds as the largest unit up to hours that divides them."""
    if not seconds:
        return "0s"
    unit = next(unit for unit in ("h", "m", "s") if not seconds % UNITS[unit])
    return f"{seconds / UNITS[unit]:g}{unit}"
