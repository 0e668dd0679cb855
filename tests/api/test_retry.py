"""Retries, on real sockets against the embedded API's faults."""

import pytest

from exporter.errors import Reason
from exporter.simulator import (
    Answer,
    CutBody,
    ErrorBody,
    Fault,
    Request,
    Reset,
    SimulatedApi,
    WrongLength,
    many,
)
from tests.support.client_rig import MakeRig
from tests.support.rate_limits import send


def second_page(request: Request) -> bool:
    """Return whether a request is for a page after the first."""
    return "marker" in request.query


@pytest.mark.parametrize("place", ["first", "second"])
@pytest.mark.parametrize("fault", [ErrorBody(503), CutBody(300), WrongLength(50), Reset(200)], ids=repr)
def test_a_page_that_fails_once_costs_one_request_more(
    api: SimulatedApi, rig: MakeRig, fault: Fault, place: str
) -> None:
    """A passing fault is retried, and the walk is complete."""
    made = rig(api.url)
    api.faults.add(fault, when=second_page if place == "second" else None)

    outcome = made.walk(20)

    assert outcome.snapshot is not None
    assert outcome.snapshot.summary.backups == 45
    assert (outcome.stats.pages, outcome.stats.requests) == (3, 4)
    assert 0 <= made.clock.slept[0] <= 2


def test_a_retry_waits_for_a_short_retry_after(api: SimulatedApi, rig: MakeRig) -> None:
    """A walk with enough time waits."""
    made = rig(api.url)
    api.faults.add(Answer(503, {"Retry-After": "3"}))

    outcome = made.walk(20)

    assert outcome.snapshot is not None
    assert any(2.5 < slept <= 3 for slept in made.clock.slept)


def test_a_long_retry_after_keeps_the_reason(api: SimulatedApi, rig: MakeRig) -> None:
    """A 503 that asks for more time than the walk has is a failure of the server, not of the budget."""
    api.faults.add(Answer(503, {"Retry-After": "100"}))

    error = rig(api.url).failure(seconds=20)

    assert error.reason is Reason.SERVER_ERROR
    assert len(api.requests) == 1


def test_a_retry_leaves_the_requests_of_the_next_walk(rig: MakeRig) -> None:
    """If the hour has no more requests than the next walk needs, a failed request is not retried."""
    with SimulatedApi(backups=many(5, 1), tier="standard") as api:
        made = rig(api.url, api_tier="standard")
        send(made.budget, 990)
        made.clock.ahead = 120  # those are out of the minute, and in the hour
        api.faults.add(ErrorBody(503), times=None)

        tight, roomy = made.walk(20, next_walk=9), made.walk(20, next_walk=1)

    assert (tight.stats.requests, roomy.stats.requests) == (1, 3)


def test_a_retry_does_not_postpone_the_next_walk(rig: MakeRig) -> None:
    """After a walk of one page and two retries the next walk may begin as if there had been none."""
    with SimulatedApi(backups=many(5, 1), tier="standard") as api:
        made = rig(api.url, api_tier="standard")
        api.faults.add(ErrorBody(503), times=2)

        outcome = made.walk(20)

    assert outcome.stats.requests == 3
    assert made.budget.request_walk(1) <= made.budget.pace(1)
