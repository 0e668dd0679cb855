"""Text from outside the exporter, made safe for a terminal, a log line, a page and an error message."""

import re
from typing import Final

ELLIPSIS: Final = "…"
_ESCAPE_SEQUENCE: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colors, cursor
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC and similar: titles, links
    r"|\x1b[ -/]*[0-~]",
    re.DOTALL,
)


def printable_line(text: str, longest: int | None = None) -> str:
    r"""Escape `text` so that it is one printable line that still shows every character.

    Control characters, line breaks, lone surrogates and marks that change the direction of text become
    escapes such as `\x1b` or `\u202e`.

    :param longest: the most characters to return; a longer text is cut and ends in `…`.

    >>> printable_line("orders\n\x1b[2Jdb")
    'orders\\n\\x1b[2Jdb'
    """
    if longest is None:
        return escape_unprintable(text)
    return cut(escape_unprintable(text[: longest + 1]), longest)  # no escape is shorter than its character


def printable_words(text: str) -> str:
    r"""Return the words of `text` as one printable line, without what a terminal would interpret.

    Escape sequences and unprintable characters are removed; blanks and line breaks become single spaces.

    >>> printable_words("\x1b[1mtwo\x1b[0m\r\nwords")
    'two words'
    """
    words = " ".join(_ESCAPE_SEQUENCE.sub("", text).split())
    return words if words.isprintable() else "".join(filter(str.isprintable, words))


def escape_unprintable(text: str, keep: str = "") -> str:
    r"""Replace each unprintable character by its escape, such as `\x1b`.

    :param keep: characters that stay as they are.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else _escape(c) for c in text)


def cut(text: str, longest: int) -> str:
    """Return `text` with `longest` characters at most; an ellipsis marks the cut."""
    return text if len(text) <= longest else text[: longest - 1] + ELLIPSIS


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()
