"""The landing page: the health of each target, and the databases at risk, worst first."""

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

MAX_ROWS: Final = 100  # databases; `check --output=json` and the metrics have all of them

_environment = Environment(
    loader=PackageLoader("exporter.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {"duration": format_age, "restorable_to": describe_age, "problems": describe}
_STYLE: Final = _environment.get_template("style.css").render()
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Allows the page's own style sheet and nothing else: https://www.w3.org/TR/CSP3/."""

HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",  # the page names databases
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The headers of the page's response."""


class TargetHealth(IntEnum):
    """The health of a target, worst first. The style sheet has a color for each name."""

    FAILING = 0
    PENDING = 1
    OK = 2


class TargetView(Struct, frozen=True):
    """What the page shows of one target.

    `snapshot_age` is the time since the last complete walk, in seconds; `None`: there was none.
    """

    name: str
    result: ScrapeResult
    risks: Sequence[Risk]
    snapshot_age: float | None

    @property
    def health(self) -> TargetHealth:
        """Whether the last walk was complete."""
        if self.result.last_walk is None:
            return TargetHealth.PENDING
        return TargetHealth.OK if self.result.up else TargetHealth.FAILING

    @property
    def data_warnings(self) -> Sequence[DataWarning]:
        """What looks wrong in the snapshot."""
        return self.result.snapshot.data_warnings if self.result.snapshot else ()

    @property
    def backups(self) -> int | None:
        """The number of backups; `None` without a snapshot."""
        return self.result.snapshot.backups if self.result.snapshot else None

    @property
    def databases(self) -> int | None:
        """The number of known databases; `None` without a snapshot."""
        return len(self.result.snapshot.assessments) if self.result.snapshot else None

    @property
    def databases_at_risk(self) -> int | None:
        """The number of databases at risk; `None` without a snapshot."""
        return len(self.risks) if self.result.snapshot else None


class RiskView(Struct, frozen=True):
    """A database at risk, and the name of its target."""

    target: str
    risk: Risk


class Overview(Struct, frozen=True):
    """What the page shows of all targets."""

    targets: Sequence[TargetView]

    @property
    def at_risk(self) -> list[RiskView]:
        """The databases at risk, worst first."""
        views = [RiskView(target.name, risk) for target in self.targets for risk in target.risks]
        return sorted(views, key=lambda view: severity(view.risk))

    @property
    def data_warnings(self) -> list[tuple[str, DataWarning]]:
        """The warnings, each with the name of its target."""
        return [(target.name, warning) for target in self.targets for warning in target.data_warnings]

    @property
    def databases(self) -> int:
        """The number of known databases."""
        return sum(target.databases or 0 for target in self.targets)

    @property
    def targets_without_data(self) -> int:
        """The number of targets without a snapshot."""
        return sum(target.result.snapshot is None for target in self.targets)


def landing_page(scrapers: Iterable[Scraper], telemetry_path: str, now: float) -> str:
    """Return the page as HTML, from the last results of the scrapes: it starts no walk.

    :param telemetry_path: the path of the metrics, to link to.
    :param now: Unix seconds.
    """
    targets = [_target_view(scraper.target.name, scraper.last_result(), now) for scraper in scrapers]
    return _environment.get_template("index.html").render(
        version=__version__,
        telemetry_path=telemetry_path,
        overview=Overview(sorted(targets, key=lambda target: target.health)),
        max_rows=MAX_ROWS,
    )


def _target_view(name: str, result: ScrapeResult, now: float) -> TargetView:
    found = risks(result.snapshot.assessments, now) if result.snapshot else []
    age = None if result.last_success is None else max(0.0, now - result.last_success)
    return TargetView(name, result, found, age)
