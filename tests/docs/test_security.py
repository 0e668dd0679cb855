"""The table of bounds in docs/security.md shows those of the code."""

import re
from pathlib import Path
from typing import Final

import pytest

from exporter.api import decode, envelope, error_body, headers, lenient, transport
from exporter.config import Target
from exporter.redaction import LONGEST_TEXT
from exporter.walk import endless
from tests.support import memory_bounds

PAGE: Final = (Path(__file__).parents[2] / "docs/security.md").read_text(encoding="utf-8")
ROWS: Final = dict(re.findall(r"^\| (.+) \| (.+) \|$", PAGE.partition("| what | bound |")[2], re.MULTILINE))
BOUND: Final = re.compile(r"\d+(?:,\d{3})*[⁰¹²³⁴⁵⁶⁷⁸⁹]*(?: [KM]iB)?|\bten\b|gzip|deflate|`[a-z_]+`")
SUPERSCRIPTS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: int) -> str:
    """Write a whole number as the table does."""
    return {10: "ten"}.get(value, f"{value:,}")


def size(count: int) -> str:
    """Write a number of bytes in the largest unit that divides it."""
    unit, name = (2**20, "MiB") if count % 2**20 == 0 else (2**10, "KiB")
    assert count % unit == 0
    return f"{count // unit} {name}"


def power_of_ten(value: int) -> str:
    """Write a power of ten with its exponent."""
    exponent = len(str(value)) - 1
    assert value == 10**exponent
    return "10" + str(exponent).translate(SUPERSCRIPTS)


BOUNDS: Final = {
    "a page": [size(transport.LARGEST_BODY), number(decode.MOST_OBJECTS)],
    "a page that differs from the documentation, so that Python's JSON parser reads it": [
        size(lenient.LARGEST_BODY),
        number(lenient.MOST_VALUES),
        size(memory_bounds.PAGE),
    ],
    "content encodings": sorted(transport.ENCODINGS - {"", "identity", "x-gzip"}, reverse=True),
    "a request": [f"`{name}`" for name in Target.__struct_fields__ if name == "request_timeout"],
    "malformed records of a page": [number(lenient.MOST_MALFORMED), number(memory_bounds.MALFORMED_RECORD)],
    "a walk": [
        number(endless.ALWAYS_RECORDS),
        number(endless.ALWAYS_PAGES),
        number(endless.TIMES_REPORTED),
        number(endless.TIMES_REPORTED * endless.LARGEST_LIST),
        "`pagination`",
    ],
    "an error's body": [size(error_body.LARGEST_ERROR_BODY)],
    "an id or a marker that a request carries": [number(envelope.LONGEST_MARKER)],
    "numbers and dates in headers": [power_of_ten(headers.LARGEST)],
    "text in errors and logs": [number(LONGEST_TEXT)],
}


def test_every_bound_has_its_constant() -> None:
    """The table has a row for each bound that is compared, and no other."""
    assert set(ROWS) - {"---"} == set(BOUNDS)


@pytest.mark.parametrize("what", BOUNDS)
def test_a_bound_is_that_of_the_code(what: str) -> None:
    """Each number in a row is the constant's."""
    assert BOUND.findall(ROWS[what]) == BOUNDS[what]


def test_the_text_has_the_bound_of_the_table() -> None:
    """The section about the credential says how long a text may be."""
    assert f"cuts the text at {LONGEST_TEXT} characters" in PAGE
