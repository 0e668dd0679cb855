"""Text from outside becomes printable and short."""

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
def test_characters_that_a_terminal_interprets_are_escaped(text: str, line: str) -> None:
    """Letters of every script stay; line breaks, controls and marks of direction do not."""
    assert printable_line(text) == line


@pytest.mark.parametrize(
    ("text", "longest", "line"),
    [("abcde", 5, "abcde"), ("abcdef", 5, "abcd…"), ("ab\x1bc", 5, "ab\\x…"), ("x" * 10**6, 3, "xx…")],
)
def test_a_long_text_is_cut_and_ends_in_an_ellipsis(text: str, longest: int, line: str) -> None:
    """The escapes count as characters."""
    assert printable_line(text, longest) == line


@given(ANY_TEXT, st.none() | st.integers(1, 40))
def test_every_text_becomes_one_printable_line(text: str, longest: int | None) -> None:
    """The line can be encoded as UTF-8, is not too long, and does not change if it is escaped again."""
    line = printable_line(text, longest)

    assert line.isprintable()
    assert line.encode().decode() == line
    assert longest is None or len(line) <= longest
    assert printable_line(line, longest) == line


@given(st.text(st.characters(exclude_categories=["C", "Z"])))
def test_printable_text_does_not_change(text: str) -> None:
    """Only unprintable characters are escaped."""
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
    """The words remain."""
    assert printable_words(text) == shown


def test_line_breaks_can_be_kept() -> None:
    """A log format that escapes them itself must not get them escaped twice."""
    assert escape_unprintable("a\nb\x1b", keep="\n") == "a\nb\\x1b"
