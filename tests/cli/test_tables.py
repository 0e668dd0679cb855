"""Tables as lines of text."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from exporter.cli.tables import table_lines, terminal_width
from exporter.printable import printable_line
from tests.support.terminal import Terminal

HEAD = ("name", "team", "state")


def test_columns_are_aligned() -> None:
    """Each column is as wide as its longest cell, and no line ends in blanks."""
    rows = [HEAD, ("orders", "payments", "ok"), ("s", "x", "")]

    assert table_lines(rows, None) == ["name    team      state", "orders  payments  ok", "s       x"]


def test_an_empty_column_is_omitted() -> None:
    """A column that has nothing but a heading says nothing."""
    assert table_lines([HEAD, ("orders", "", "ok"), ("s", "", "ok")], None) == [
        "name    state",
        "orders  ok",
        "s       ok",
    ]


@given(st.lists(st.text(min_size=1, max_size=400), min_size=1, max_size=5))
def test_without_a_terminal_no_cell_is_ever_wrapped_or_cut(names: list[str]) -> None:
    """Each row is one line that begins with the whole name, whatever the name contains."""
    lines = table_lines([HEAD, *((f"<{name}>", "x", "end") for name in names)], None)

    assert len(lines) == 1 + len(names)
    for name, line in zip(names, lines[1:], strict=True):
        assert line.startswith(printable_line(f"<{name}>"))
        assert line.endswith("  end")


@given(st.lists(st.text(max_size=100), min_size=1, max_size=5), st.integers(20, 120))
def test_on_a_terminal_no_line_is_ever_wider_than_it(names: list[str], width: int) -> None:
    """A long cell is wrapped; all of its characters are shown."""
    lines = table_lines([HEAD, *((name, "x", "end") for name in names)], width)

    assert all(cell_len(line) <= width for line in lines)


def test_the_last_column_is_wrapped_before_a_name_is() -> None:
    """A name in two lines cannot be copied; what is wrong can be read in two lines."""
    rows = [HEAD, ("analytics-warehouse", "data", "older than 1d 6h, broken chain, gap of 4d 6h")]

    assert table_lines(rows, 50) == [
        "name                 team  state",
        "analytics-warehouse  data  older than 1d 6h,",
        "                           broken chain, gap of 4d",
        "                           6h",
    ]
    assert table_lines(rows, 36)[1].startswith("analytics-w")


def test_brackets_are_no_markup() -> None:
    """A name from the API is shown as it is."""
    assert table_lines([("name",), ("[bold]orders[/bold] :smile:",)], None)[1] == (
        "[bold]orders[/bold] :smile:"
    )


def test_the_width_is_that_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe has none."""
    monkeypatch.setenv("COLUMNS", "72")
    piped = terminal_width()
    with Terminal() as terminal:
        monkeypatch.setattr(sys, "stdout", terminal.stream)
        on_terminal = terminal_width()

    assert (piped, on_terminal) == (None, 72)
