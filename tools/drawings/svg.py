"""Boxes, words and arrows as SVG."""

from collections.abc import Iterable
from html import escape
from typing import Final

INK: Final = "#1f2937"
LINE: Final = "#64748b"
GOOD: Final = "#dcfce7"
BAD: Final = "#fee2e2"
BROKEN: Final = "#fef3c7"
PLAIN: Final = "#e0e7ff"
PALE: Final = "#f1f5f9"
FONT: Final = "system-ui, sans-serif"
MARKER: Final = 'viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"'
HEAD: Final = f'<defs><marker id="head" {MARKER}><path d="M0 0 10 5 0 10z" fill="{LINE}"/></marker></defs>'
STYLES: Final = {"": "", "bold": ' font-weight="bold"', "small": ' font-size="12"'}


def drawing(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    """Return a drawing on a white ground, so that it can be read in dark mode too."""
    ground = f'<rect width="{width}" height="{height}" rx="8" fill="#fff"/>'
    lines = "\n".join((f"<title>{escape(title)}</title>", HEAD, ground, *parts))
    attributes = f'viewBox="0 0 {width} {height}" font-family="{FONT}" font-size="14"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>\n{lines}\n</svg>\n'


def words(x: float, y: float, text: str, style: str = "", anchor: str = "start") -> str:
    """Return one line of text.

    :param x: of its `anchor`: start, middle or end.
    :param y: of its base line.
    :param style: bold, small or none.
    """
    attributes = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}"{STYLES[style]} fill="{INK}"'
    return f"<text {attributes}>{escape(text)}</text>"


def box(
    corner: tuple[float, float], size: tuple[float, float], lines: Iterable[str], colour: str = PLAIN
) -> str:
    """Return a box with centred lines, the first one bold."""
    (x, y), (width, height), texts = corner, size, list(lines)
    top = y + height / 2 - 9 * (len(texts) - 1) + 5
    frame = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" fill="{colour}"'
    inner = (
        words(x + width / 2, top + 18 * number, text, "small" if number else "bold", "middle")
        for number, text in enumerate(texts)
    )
    return f'<rect {frame} stroke="{LINE}"/>{"".join(inner)}'


def arrow(x1: float, y1: float, x2: float, y2: float, *, dashed: bool = False) -> str:
    """Return an arrow from one point to another."""
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    points = f'x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"'
    return f'<line {points} stroke="{LINE}" stroke-width="1.5"{dash} marker-end="url(#head)"/>'
