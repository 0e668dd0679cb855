"""The way of a scrape through the packages."""

from collections.abc import Iterator
from typing import Final

from tools.drawings.svg import GOOD, PALE, arrow, box, drawing, words

THERE: Final = (
    ("Prometheus", "GET /metrics", ""),
    ("server", "TLS, users,", "limits"),
    ("web", "deadline of", "the scrape"),
    ("target", "one walk at a time,", "budget, snapshot"),
    ("walk", "page after page,", "ahead if possible"),
    ("api", "credential, retries,", "rate limits"),
    ("ByCloud API", "one page for", "each request"),
)
BACK: Final = (
    ("Prometheus", "stores samples", ""),
    ("server", "sends in parts,", "as the client reads"),
    ("metrics", "families and", "bytes"),
    ("target", "ScrapeResult, with", "the last snapshot"),
    ("backups", "chains, sums,", "objectives"),
    ("api", "decodes pages", "into records"),
)
OUTSIDE: Final = frozenset({"Prometheus", "ByCloud API"})
STEP: Final = 158
WIDTH: Final = 132


def scrape() -> str:
    """Return the drawing."""
    return drawing(STEP * len(THERE) + 14, 300, "The way of a scrape", _parts())


def _parts() -> Iterator[str]:
    yield words(20, 28, "the request", "bold")
    yield words(20, 288, "the response", "bold")
    for number, (name, *lines) in enumerate(THERE):
        x = 20 + STEP * number
        yield box((x, 44), (WIDTH, 76), (name, *lines), GOOD if name in OUTSIDE else PALE)
        if number:
            yield arrow(x - STEP + WIDTH, 82, x, 82)
    for number, (name, *lines) in enumerate(BACK):
        x = 20 + STEP * number
        yield box((x, 188), (WIDTH, 76), (name, *lines), GOOD if name in OUTSIDE else PALE)
        yield arrow(x + STEP, 226, x + WIDTH, 226)
    last = 20 + STEP * len(BACK)
    yield f'<path d="M{last + WIDTH / 2} 120V226H{last}" fill="none" stroke="#64748b" stroke-width="1.5"/>'
    target = 20 + STEP * 3 + WIDTH / 2
    yield arrow(target, 120, target, 188, dashed=True)
    yield words(target + 8, 158, "if no walk fits: the last snapshot", "small")
