"""Text from outside: one line, printable, no longer than asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.printable import escape_unprintable, printable_line, printable_words

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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("two\r\nlines\tand  blanks ", "two lines and blanks"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07rest", "rest"),
        ("\x1b]8;;http://x\x1b\\link", "link"),
        ("\x1b]0;title without an end", ""),
        ("\x1bcreset", "reset"),
        ("\x9b31mred", "31mred"),
        ("right\u202eleft\ud800 nul\x00", "rightleft nul"),
        ("Zürich 😀", "Zürich 😀"),
    ],
)
def test_control_characters_and_escape_sequences_are_removed(text: str, shown: str) -> None:
    """What a terminal would obey, and what reverses the order of letters."""
    assert printable_words(text) == shown


def test_line_breaks_can_be_kept() -> None:
    """A log format that escapes them itself must not get them escaped twice."""
    assert escape_unprintable("a\nb\x1b", keep="\n") == "a\nb\\x1b"
