"""Text from outside: one line, printable, no longer than asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.printable import printable_line

ANY_TEXT = st.text(st.characters(codec=None))  # with lone surrogates


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("orders-db", "orders-db"),
        ("Bestände 数据库 🐘", "Bestände 数据库 🐘"),
        ("a\nb\r\nc\td", r"a\nb\r\nc\td"),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("\x9b31m\x7f\x00", r"\x9b31m\x7f\x00"),
        ("pay\u202esdrow\u2028next", r"pay\u202esdrow\u2028next"),
        ("\ud800 alone", r"\ud800 alone"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(text: str, line: str) -> None:
    """Letters of every script stay; what forges lines, moves the cursor or turns the direction does not."""
    assert printable_line(text) == line


@pytest.mark.parametrize(
    ("text", "longest", "line"),
    [("abcde", 5, "abcde"), ("abcdef", 5, "abcd…"), ("ab\x1bc", 5, "ab\\x…"), ("x" * 10**6, 3, "xx…")],
)
def test_long_text_is_cut_and_says_so(text: str, longest: int, line: str) -> None:
    """The escapes count too."""
    assert printable_line(text, longest) == line


@given(ANY_TEXT, st.none() | st.integers(1, 40))
def test_every_text_becomes_one_printable_line(text: str, longest: int | None) -> None:
    """It can be written as UTF-8, is no longer than allowed, and is stable."""
    line = printable_line(text, longest)

    assert line.isprintable()
    assert line.encode().decode() == line
    assert longest is None or len(line) <= longest
    assert printable_line(line, longest) == line


@given(st.text(st.characters(exclude_categories=["C", "Z"])))
def test_printable_text_is_left_as_it_is(text: str) -> None:
    """Nothing is escaped without need."""
    assert printable_line(text) == text
