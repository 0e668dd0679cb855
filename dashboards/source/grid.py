"""The position of each panel on the dashboard's grid."""

from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard

from dashboards.source.panels import Panel

WIDTH: Final = 24


class Grid:
    """Places panels row by row, and gives each the next id."""

    def __init__(self, made: builders.Dashboard) -> None:
        self.made = made
        self._next = 1
        self._y = 0

    def __repr__(self) -> str:
        return f"Grid(y={self._y})"

    def row(self, title: str) -> None:
        """Begin a row with its own heading, expanded."""
        self.made.with_row(
            builders.Row(title).id(self._id()).grid_pos(dashboard.GridPos(1, WIDTH, 0, self._y))
        )
        self._y += 1

    def place(self, height: int, *panels: Panel, widths: Sequence[int] | None = None) -> None:
        """Place panels side by side, of equal width unless `widths` are given."""
        x = 0
        for panel, width in zip(panels, widths or [WIDTH // len(panels)] * len(panels), strict=True):
            self.made.with_panel(panel.id(self._id()).grid_pos(dashboard.GridPos(height, width, x, self._y)))
            x += width
        self._y += height

    def _id(self) -> int:
        self._next += 1
        return self._next - 1
