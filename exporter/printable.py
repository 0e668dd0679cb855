"""Text from outside the exporter, made safe for a terminal, a log line and an error message."""

from typing import Final

CUT: Final = "…"


def printable(text: str, longest: int | None = None) -> str:
    r"""Return `text` as one line of printable characters, of at most `longest` of them.

    Control characters, line breaks, lone surrogates and marks that change the direction of text become
    escapes such as `\x1b` or `\u202e`, so that no text forges a line or controls a terminal. A text that is
    cut ends in `…`.

    >>> printable("orders\n\x1b[2Jdb")
    'orders\\n\\x1b[2Jdb'
    """
    if longest is not None:
        text = text[: longest + 1]  # no escape is shorter than its character: the rest cannot matter
    line = text if text.isprintable() else "".join(map(_escaped, text))
    return line if longest is None or len(line) <= longest else line[: longest - 1] + CUT


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
