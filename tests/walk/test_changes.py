"""Both walks of a list that changes while it is walked: what they may miss."""

import random
from collections.abc import Callable
from functools import partial
from math import inf
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.api.budget import Budget
from exporter.api.retry import Retrier
from exporter.clock import Clock
from exporter.errors import ApiError, Reason
from exporter.records import Backup, Page
from exporter.results import WalkResult
from exporter.walk import PageBoundaries, PageSize, walk, walk_concurrently
from tests.support.changing import ORDERS, ChangingList, LateAnswers, MissingRecord, lasting
from tests.support.client_rig import RecordingObserver
from tests.support.lists import result_or_reason, spoilt
from tests.support.pools import Choose

BUDGET: Final = Budget(clock=Clock())
SEEDS = st.integers(0, 2**32 - 1)
IN_EACH_ORDER = pytest.mark.parametrize(
    ("order", "descending"), [(order, descending) for order in ORDERS for descending in (False, True)]
)


class Scenario:
    """One walk of a list that changed since the last walk, and changes until its head is read again.

    Some requests get a 503 first, and are retried.
    """

    def __init__(  # noqa: PLR0913 - what may vary
        self,
        choose: Choose,
        order: str,
        *,
        descending: bool,
        total: bool,
        deletes: bool,
        malformed: bool = False,
    ) -> None:
        self._choose = choose
        self._changes = choose(7)
        self._failures = choose(5)
        self._heads = 0
        self.size = 1 + choose(4)
        self.list = ChangingList(choose, choose(18), order, descending=descending, total=total)
        self.list.deletes = deletes
        self.malformed = {record.id for record in self.list.records if malformed and not choose(6)}
        self._page = spoilt(self.list.page, self.malformed)

    def change(self) -> None:
        """Change the list, unless it is at rest by now."""
        if self._changes and self._heads < 2:
            self._changes -= 1
            self.list.change()

    def fetch(self, marker: str | None, limit: int, *, pause: Callable[[float], None]) -> Page[Backup]:
        """Respond to one request, which the exporter's own retries repeat after a `pause`."""
        retry = Retrier(BUDGET, RecordingObserver(), sleep=pause, seconds_left=lambda: inf, reserved=1)
        return retry(lambda _is_retry: self._attempt(marker, limit))

    def _attempt(self, marker: str | None, limit: int) -> Page[Backup]:
        if self._failures and not self._choose(3):
            self._failures -= 1
            raise ApiError(Reason.SERVER_ERROR, "unavailable", status=503)
        self._heads += marker is None
        return self._page(marker, limit)

    def walk(self) -> WalkResult[Backup]:
        """Walk sequentially, with changes between the requests."""

        def pause(_seconds: float = 0) -> None:
            while self._choose(2):
                self.change()

        def fetch(marker: str | None, limit: int) -> Page[Backup]:
            pause()
            return self.fetch(marker, limit, pause=pause)

        return walk(fetch, PageSize(self.size))

    def walk_concurrently(self, boundaries: PageBoundaries) -> WalkResult[Backup]:
        """Walk with responses that arrive early or late, in any order."""
        answers = LateAnswers(self._choose, self.change)
        pool, fetch = answers.pool(1 + self._choose(5)), partial(self.fetch, pause=answers.pause)
        walked, _ = walk_concurrently(fetch, lambda page: page, PageSize(self.size), pool, boundaries)
        return walked

    def boundaries(self) -> PageBoundaries:
        """Walk the list at rest, change it, and return the boundaries of that walk."""
        pool = LateAnswers(self._choose, lambda: None).pool(1)
        _, found = walk_concurrently(
            self._page, lambda page: page, PageSize(self.size), pool, PageBoundaries()
        )
        for _ in range(self._choose(4)):
            self.list.change()
        self.list.rest()
        return found


def missed(scenario: Scenario, walking: Callable[[], WalkResult[Backup]]) -> set[str]:
    """Walk, and return the ids that the result lacks; check that all it has was there."""
    result = result_or_reason(walking)
    if isinstance(result, Reason):
        assert result in {Reason.PAGINATION, Reason.SERVER_ERROR}
        return set()
    assert set(result.records.values()) <= {record for state in scenario.list.history for record in state}
    assert result.malformed == len(scenario.malformed)
    return lasting(scenario.list.history) - set(result.records) - scenario.malformed


def chosen_by(seed: int) -> Choose:
    """Choose by a seed: that makes far more scenarios in a second than if hypothesis drew each step."""
    return random.Random(seed).randrange  # noqa: S311 - no secret


@IN_EACH_ORDER
@given(seed=SEEDS, total=st.booleans())
@settings(max_examples=400, deadline=None)
def test_a_concurrent_walk_misses_only_what_a_sequential_walk_could(
    *, seed: int, order: str, descending: bool, total: bool
) -> None:
    """The result is always a possible result of a sequential walk, for any changes between requests.

    Records are created, updated and deleted, and responses arrive at any time, some after 503s.
    """
    scenario = Scenario(chosen_by(seed), order, descending=descending, total=total, deletes=True)
    known = scenario.boundaries()

    lost = missed(scenario, lambda: scenario.walk_concurrently(known))

    search = MissingRecord(scenario.list.history, scenario.size, known.records)
    assert {identity for identity in lost if not search.can_be_missed(identity)} == set()


@IN_EACH_ORDER
@pytest.mark.parametrize("concurrent", [False, True])
@given(seed=SEEDS, malformed=st.booleans())
@settings(max_examples=250, deadline=None)
def test_with_a_total_nothing_is_missed(
    *, seed: int, malformed: bool, order: str, descending: bool, concurrent: bool
) -> None:
    """The API's own total shows what a walk lacks if records are only created and updated.

    Malformed records, which the total counts too, stand in for none.
    """
    scenario = Scenario(
        chosen_by(seed), order, descending=descending, total=True, deletes=False, malformed=malformed
    )
    known = scenario.boundaries()

    lost = missed(scenario, (lambda: scenario.walk_concurrently(known)) if concurrent else scenario.walk)

    assert lost == set()
