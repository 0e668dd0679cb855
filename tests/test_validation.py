"""Settings from plain data."""

from pathlib import Path
from typing import ClassVar, Self

import pytest
from msgspec import Struct

from exporter.errors import ConfigError
from exporter.validation import FilePath, NotAllowedError, Text, convert, quote_name


class Files(Struct):
    """A block with paths."""

    first: FilePath
    second: FilePath | None = None
    name: Text = "a"


class Even(int):
    """An even number, as a type of our own."""

    ALLOWED: ClassVar = "an even number"

    @classmethod
    def parse(cls, found: object) -> Self:
        """Accept an even number."""
        if not isinstance(found, int) or found % 2:
            raise NotAllowedError
        return cls(found)


class Numbers(Struct):
    """A block with a type of our own."""

    even: Even


def test_relative_paths_start_at_the_folder() -> None:
    """Absolute paths and other texts stay as they are."""
    files = convert({"first": "a.pem", "second": "/b.pem", "name": "c"}, Files, folder=Path("/etc"))

    assert files == Files(Path("/etc/a.pem"), Path("/b.pem"), "c")


@pytest.mark.parametrize("found", ["", None, 5])
def test_a_path_is_text(found: object) -> None:
    """An empty text would be the folder itself."""
    with pytest.raises(ConfigError, match=r"^first: found .*, allowed: the path of a file$"):
        convert({"first": found}, Files)


def test_a_type_of_our_own_parses_its_values() -> None:
    """What it refuses is an error that says what it allows."""
    with pytest.raises(ConfigError) as raised:
        convert({"even": 3}, Numbers, source="environment")

    assert convert({"even": 4}, Numbers) == Numbers(Even(4))
    assert str(raised.value) == "environment: even: found 3, allowed: an even number"


@pytest.mark.parametrize(
    ("name", "shown"), [("orders", "'orders'"), ("a\nb", r"'a\nb'"), ("x" * 99, f"'{'x' * 58}…")]
)
def test_a_name_is_quoted_in_one_short_line(name: str, shown: str) -> None:
    """It may come from a file that somebody else wrote."""
    assert quote_name(name) == shown
