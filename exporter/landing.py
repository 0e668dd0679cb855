"""The landing page: what this is, where the metrics are, and how each target is doing."""

from collections.abc import Iterable

from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct

from exporter import __version__
from exporter.durations import format_age
from exporter.model import Answer
from exporter.scrape import Scraper

_environment = Environment(loader=PackageLoader("exporter"), autoescape=True, undefined=StrictUndefined)


class _Row(Struct, frozen=True):
    name: str
    state: str
    backups: int | None
    age: str


def landing_page(scrapers: Iterable[Scraper], metrics_path: str, now: float) -> str:
    """Render the page as HTML from what is known at `now` (Unix seconds): looking at it walks nothing."""
    rows = [_row(scraper.target.name, scraper.peek(), now) for scraper in scrapers]
    template = _environment.get_template("index.html")
    return template.render(version=__version__, metrics_path=metrics_path, targets=rows)


def _row(name: str, answer: Answer, now: float) -> _Row:
    return _Row(
        name=name,
        state=_state(answer),
        backups=answer.snapshot.summary.backups if answer.snapshot else None,
        age=f"{format_age(now - answer.last_success)} ago" if answer.last_success is not None else "none yet",
    )


def _state(answer: Answer) -> str:
    if answer.last_walk is None:
        return "not walked yet: the first scrape does it"
    return "up" if answer.up else f"walks fail: {answer.failure}"
