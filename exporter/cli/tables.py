"""Tables as lines of text: they fit the width of a terminal, and are never wrapped or cut in a pipe."""

import io
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from exporter.printable import printable_line

GAP: Final = 2  # blanks between two columns
LEAST_WIDTH: Final = 12  # of the last column, if it alone is wrapped


def table_lines(rows: Iterable[Sequence[str]], width: int | None) -> list[str]:
    """Return the lines of a table, with the texts of its cells made printable.

    :param rows: the first one has the headings. A column that is empty below its heading is omitted.
    :param width: the columns of the terminal; the last column is wrapped to fit, on a narrow terminal all
        are. `None`: no limit.
    """
    head, *body = rows = list(rows)
    kept = [index for index in range(len(head)) if any(row[index] for row in body)]
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style=None)
    widths = [max(cell_len(printable_line(row[index])) for row in rows) for index in kept]
    is_narrow = width is not None and sum(widths[:-1]) + GAP * len(widths) + LEAST_WIDTH > width
    for index in kept:
        table.add_column(_cell(head[index]), overflow="fold", no_wrap=index != kept[-1] and not is_narrow)
    for row in body:
        table.add_row(*(_cell(row[index]) for index in kept))
    return _printed(table, sys.maxsize if width is None else width)


def terminal_width() -> int | None:
    """Return the width of standard output in columns; `None` if it is no terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _cell(text: str) -> Text:
    return Text(printable_line(text))  # not `str`: rich would interpret its brackets


def _printed(table: Table, width: int) -> list[str]:
    """Return the lines without the blanks that pad the last column."""
    output = io.StringIO()
    Console(file=output, width=width, color_system=None, force_terminal=False, emoji=False).print(table)
    return [line.rstrip() for line in output.getvalue().splitlines()]
