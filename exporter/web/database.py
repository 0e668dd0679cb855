"""The page of one database: its restore points, its objective and what to do next."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from exporter.backups.advice import RUNBOOKS_URL
from exporter.backups.explanation import Explanation, explain
from exporter.backups.risk import risks
from exporter.results import Attempt, ChainLink, DatabaseAssessment, NewestChain, Outcome, TargetStatus
from exporter.web.database_rows import ProblemView, problem_views
from exporter.web.templating import render
from exporter.web.timeline import Chart, chart

MOST_ATTEMPTS: Final = 30  # in the table; the time line shows all
LANE_HEIGHT: Final = 34  # pixels
OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.FULL: "full",
    Outcome.INCREMENTAL: "incremental",
    Outcome.UNRESTORABLE: "not restorable",
    Outcome.FAILED: "failed",
    Outcome.RUNNING: "running",
    Outcome.OTHER: "other status",
}
"""Each outcome in words."""


class LinkView(Struct, frozen=True):
    """One backup of a chain, and whether the chain is broken there."""

    link: ChainLink
    is_broken: bool


class DatabaseView(Struct, frozen=True):
    """What the page shows.

    :param status: of the database's target.
    :param now: Unix seconds; of the last complete walk if that is outdated.
    """

    target: str
    explanation: Explanation
    status: TargetStatus
    now: float

    @property
    def database(self) -> DatabaseAssessment:
        """The database."""
        return self.explanation.database

    @property
    def name(self) -> str:
        """Its name, or its id if no name is known."""
        return self.database.name

    @property
    def is_outdated(self) -> bool:
        """Whether the last complete walk is too old for metrics."""
        return self.status.is_outdated

    @property
    def problems(self) -> list[ProblemView]:
        """What is wrong with it, the worst first."""
        return [problem for risk in risks([self.database], self.now) for problem in problem_views(risk)]

    @property
    def chart(self) -> Chart:
        """Its time line."""
        return chart(self.database, self.explanation.largest_gap, self.now)

    @property
    def is_gap_long(self) -> bool:
        """Whether to mark its largest gap: longer than the objective's `max_gap`, or else its `max_age`.

        `max_age` forbids no gap that has ended, so only with `max_gap` a marked gap is a problem too.
        """
        gap, objective = self.explanation.largest_gap, self.database.objective
        allowed = objective.age if objective.gap is None else objective.gap
        return gap is not None and allowed is not None and gap.seconds > allowed

    @property
    def attempts(self) -> Sequence[Attempt]:
        """The last attempts, the newest first."""
        return self.database.timeline.last(MOST_ATTEMPTS)[::-1]

    @property
    def links(self) -> list[LinkView]:
        """The links of its newest chain that are known. The broken one is always among them."""
        return chain_links(self.database.chain) if self.database.chain else []


def chain_links(chain: NewestChain) -> list[LinkView]:
    """Return the links of a chain, from the newest backup on; the broken one is the last."""
    culprit = chain.broken.culprit if chain.broken else None
    links = [LinkView(link, is_broken=False) for link in chain.links if not culprit or link.id != culprit.id]
    return [*links, LinkView(culprit, is_broken=True)] if culprit else links


def database_page(target: str, database: DatabaseAssessment, status: TargetStatus, now: float) -> str:
    """Return the page as HTML.

    :param status: of the target, with the snapshot that holds the database.
    :param now: Unix seconds.
    """
    now = status.as_of(now)
    return render(
        "database.html",
        view=DatabaseView(target, explain(database, now), status, now),
        outcomes=OUTCOMES,
        lane_height=LANE_HEIGHT,
        runbooks_url=RUNBOOKS_URL,
    )
