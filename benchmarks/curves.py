"""Curves as SVG: lines over a logarithmic scale."""

from collections.abc import Iterator, Mapping, Sequence
from math import log10

Curve = Sequence[tuple[float, float]]
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 420, 64, 24, 190, 48
FLOOR = ", floor"
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#8c564b", "#7f7f7f")


def draw(curves: Mapping[str, Curve], *, across: str, up: str) -> str:
    """Draw each named curve of (x, y), both above 0; "NAME, floor" is dashed, in the colour of NAME."""
    points = [point for curve in curves.values() for point in curve]
    places = sorted({x for x, _ in points})
    scale = _Scale(places, [y for _, y in points])
    body = [*_axes(scale, places, across, up)]
    named = list(dict.fromkeys(name.removesuffix(FLOOR) for name in curves))
    for number, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[named.index(name.removesuffix(FLOOR)) % len(COLOURS)]
        body.extend(_line(scale, name, curve, number, colour))
    view = f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {view}>'
    return "\n".join([head, f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>', *body, "</svg>\n"])


class _Scale:
    def __init__(self, places: Sequence[float], values: Sequence[float]) -> None:
        self._places = places
        self._low, self._high = log10(min(values)) - 0.05, log10(max(values)) + 0.05

    def x(self, place: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * self._places.index(place) / max(1, len(self._places) - 1)

    def y(self, value: float) -> float:
        share = (log10(value) - self._low) / (self._high - self._low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    def marks(self) -> Iterator[float]:
        """Return 1, 2 and 5 times each power of ten within the range."""
        for power in range(-4, 6):
            yield from (
                mark
                for mark in (10**power, 2 * 10**power, 5 * 10**power)
                if self._low <= log10(mark) <= self._high
            )


def _axes(scale: _Scale, places: Sequence[float], across: str, up: str) -> Iterator[str]:
    for mark in scale.marks():
        y = scale.y(mark)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{mark:g}</text>'
    for place in places:
        yield f'<text x="{scale.x(place):.1f}" y="{HEIGHT - 28}" text-anchor="middle">{place:g}</text>'
    yield f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{across}</text>'
    yield f'<text x="{LEFT}" y="14" text-anchor="middle">{up}</text>'


def _line(scale: _Scale, name: str, curve: Curve, number: int, colour: str) -> Iterator[str]:
    path = " ".join(f"{scale.x(x):.1f},{scale.y(y):.1f}" for x, y in curve)
    dashes = ' stroke-dasharray="5 4"' if name.endswith(FLOOR) else ""
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'
    y = TOP + 18 * number
    yield (
        f'<line x1="{WIDTH - RIGHT + 14}" x2="{WIDTH - RIGHT + 40}" y1="{y}" y2="{y}" stroke="{colour}"'
        f' stroke-width="2"{dashes}/>'
    )
    yield f'<text x="{WIDTH - RIGHT + 46}" y="{y + 4}">{name}</text>'
