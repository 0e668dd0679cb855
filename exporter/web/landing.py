"""The page for people: how each target is doing, and which databases are at risk, the worst first."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from enum import IntEnum
from hashlib import sha256
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct

from exporter import __version__
from exporter.backups.risk import Risk, describe, describe_age, risks, severity
from exporter.durations import format_age
from exporter.results import DataWarning, ScrapeResult
from exporter.target import Scraper

SHOWN: Final = 100  # databases; `check --output=json` and the metrics have all of them

_environment = Environment(
    loader=PackageLoader("exporter.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {"ago": format_age, "restorable": describe_age, "what_is_wrong": describe}
_STYLE: Final = _environment.get_template("style.css").render()
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Allows the page's one style sheet and nothing else: https://www.w3.org/TR/CSP3/."""

HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",  # it names databases
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What the page is to be sent with."""


class Level(IntEnum):
    """How a target is doing, the worst first; the page has a colour for each name."""

    FAILING = 0
    WAITING = 1
    UP = 2


class TargetView(Struct, frozen=True):
    """What is known of one target. `age` is the seconds since its last complete walk."""

    name: str
    answer: ScrapeResult
    risks: Sequence[Risk]
    age: float | None

    @property
    def level(self) -> Level:
        """How it is doing."""
        if self.answer.last_walk is None:
            return Level.WAITING
        return Level.UP if self.answer.up else Level.FAILING

    @property
    def data_warnings(self) -> Sequence[DataWarning]:
        """What looks wrong about its snapshot."""
        return self.answer.snapshot.data_warnings if self.answer.snapshot else ()

    @property
    def known(self) -> int | None:
        """How many instances are known; `None` where there is no snapshot that may be served."""
        return len(self.answer.snapshot.assessments) if self.answer.snapshot else None


class RiskView(Struct, frozen=True):
    """One instance at risk, and the target it belongs to."""

    target: str
    risk: Risk


class Overview(Struct, frozen=True):
    """Everything that the page says, of however many targets."""

    targets: Sequence[TargetView]

    @property
    def at_risk(self) -> list[RiskView]:
        """The instances at risk of all targets, the worst first."""
        found = [RiskView(target.name, risk) for target in self.targets for risk in target.risks]
        return sorted(found, key=lambda view: severity(view.risk))

    @property
    def data_warnings(self) -> list[tuple[str, DataWarning]]:
        """The data_warnings of all targets, each with its target's name."""
        return [(target.name, doubt) for target in self.targets for doubt in target.data_warnings]

    @property
    def known(self) -> int:
        """How many instances are known."""
        return sum(target.known or 0 for target in self.targets)

    @property
    def unknown_targets(self) -> int:
        """How many targets nothing can be said of."""
        return sum(target.known is None for target in self.targets)


def landing_page(scrapers: Iterable[Scraper], metrics_path: str, now: float) -> str:
    """Render the page as HTML from what is known at `now` (Unix seconds): looking at it walks nothing."""
    views = [_view(scraper.target.name, scraper.last_result(), now) for scraper in scrapers]
    overview = Overview(sorted(views, key=lambda view: view.level))
    return _environment.get_template("index.html").render(
        version=__version__,
        metrics_path=metrics_path,
        overview=overview,
        shown=SHOWN,
    )


def _view(name: str, answer: ScrapeResult, now: float) -> TargetView:
    found = risks(answer.snapshot.assessments, now) if answer.snapshot else []
    age = None if answer.last_success is None else max(0.0, now - answer.last_success)
    return TargetView(name, answer, found, age)
