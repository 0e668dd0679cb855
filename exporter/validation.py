"""Plain data, converted to typed settings."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from exporter.printable import printable_line
from exporter.violations import explain_violation

Text = Annotated[str, Meta(min_length=1, extra_json_schema={"description": "text, not empty"})]
FilePath = Annotated[Path, Meta(extra_json_schema={"description": "the path of a file"})]
"""A path; a relative one is relative to the file that names it, as in Prometheus's configuration."""
Settings = TypeVar("Settings")
LONGEST_NAME: Final = 60  # characters of a name that an error shows


class NotAllowedError(ValueError):
    """Raised by a type's `parse`. The user's error shows the value and the type's `ALLOWED`."""


def convert(
    document: object, expected: type[Settings], *, source: str | None = None, folder: Path = Path()
) -> Settings:
    """Convert plain data to a frozen struct of settings.

    A type that msgspec does not know needs a class method `parse`, which returns an instance or raises
    `NotAllowedError` or `ConfigError`. Its `ALLOWED` describes the accepted values; `SECRET` keeps
    them out of errors.

    :param document: mappings, lists and scalars, as YAML has them.
    :param expected: the struct.
    :param source: what the data comes from: a file's path or `environment`.
    :param folder: where relative paths start.
    :raises ConfigError: that names source, key, what was found and what is allowed.
    """
    try:
        return msgspec.convert(document, expected, dec_hook=partial(_parse, folder))
    except msgspec.ValidationError as error:
        raise explain_violation(error, document, expected).within(source=source) from None


def quote_name(name: str) -> str:
    """Write a name as Python would, in one short line."""
    return printable_line(repr(name), LONGEST_NAME)


def _parse(folder: Path, wanted: Any, found: object) -> object:  # noqa: ANN401 - one of our own types
    if wanted is not Path:
        return wanted.parse(found)
    if not isinstance(found, str) or not found:
        raise NotAllowedError
    return folder / found
