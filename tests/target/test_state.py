"""The states of a target, and what scrapes return in them."""

import pytest

from exporter.errors import ApiError, Reason
from exporter.results import Outage, Snapshot, WalkStats
from exporter.target.state import FIRST_WALK, TargetState, scrape_result_of
from tests.support.outcomes import complete, failed

STALE_AFTER = 300.0
CRASHED = WalkStats(seconds=2.0, pages=5, requests=6)


def state() -> TargetState:
    """Return the state of a target that was never walked."""
    return TargetState(stale_after=STALE_AFTER)


@pytest.mark.parametrize(("deferred", "reason"), [(False, Reason.TIMEOUT), (True, Reason.RATE_LIMITED)])
def test_before_the_first_walk_ends_the_reason_is_what_scrapes_wait_for(
    *, deferred: bool, reason: Reason
) -> None:
    """There is nothing to serve, and nothing has failed."""
    result = state().result(0.0, deferred=deferred)

    assert (result.up, result.failure, result.snapshot, result.last_walk) == (False, reason, None, None)


def test_a_complete_walk_makes_the_target_current() -> None:
    """Its snapshot is served however old it is: only failures let it age."""
    made = state()
    outcome = complete(completed_at=1.0)
    made.end_walk(0.0, outcome)
    result = made.result(1e9, deferred=False)

    assert (result.up, result.failure, result.last_success) == (True, None, 1.0)
    assert result.snapshot is outcome.snapshot


def test_the_snapshot_is_served_until_walks_have_failed_for_long() -> None:
    """The time counts from the begin of the first failed walk, and a success starts it again."""
    made = state()
    outcome = complete()
    made.end_walk(0.0, outcome)
    made.end_walk(100.0, failed())
    made.end_walk(390.0, failed(Reason.AUTH))
    served = [made.servable_snapshot(now) for now in (399.9, 400.0)]
    made.end_walk(401.0, outcome)
    made.end_walk(402.0, failed())

    assert served == [outcome.snapshot, None]
    assert made.servable_snapshot(701.9) is outcome.snapshot


def test_a_failed_walk_has_a_reason() -> None:
    """The time of the last complete walk is known even when its snapshot is no longer served."""
    made = state()
    made.end_walk(0.0, complete(completed_at=1.0))
    made.end_walk(100.0, failed(Reason.AUTH))
    result = made.result(1e6, deferred=False)

    assert (result.up, result.failure, result.snapshot, result.last_success) == (
        False,
        Reason.AUTH,
        None,
        1.0,
    )


def test_a_crash_is_no_failure_of_the_api() -> None:
    """It has no reason, even after a walk that failed; the next walk ends it."""
    made = state()
    made.end_walk(0.0, failed(Reason.AUTH))
    made.crash(10.0, CRASHED)
    crashed, result = made.is_crashed, made.result(20.0, deferred=False)
    made.end_walk(30.0, failed(Reason.TLS))

    assert crashed
    assert (result.up, result.failure, result.last_walk) == (False, None, CRASHED)
    assert not made.is_crashed
    assert made.result(40.0, deferred=False).failure is Reason.TLS


def test_a_crash_of_the_first_walk_is_the_end_of_a_walk() -> None:
    """It does not look like a target that waits for its first walk."""
    made = state()
    made.crash(0.0, CRASHED)
    result = made.result(1.0, deferred=False)

    assert (result.failure, result.last_walk) == (None, CRASHED)


def test_the_next_walk_costs_as_much_as_the_last_complete_one() -> None:
    """Without one, as much as the last walk; before the first, a request."""
    made = state()
    costs = [made.expected_walk]
    for outcome in (failed(), complete(requests=40), failed()):
        made.end_walk(0.0, outcome)
        costs.append(made.expected_walk)

    assert costs[0] == FIRST_WALK
    assert [cost.requests for cost in costs] == [1, 1, 40, 40]


def test_a_target_whose_last_walk_was_complete_has_no_outage() -> None:
    """Nor has one that was never walked."""
    made = state()
    before = made.outage(0.0, 1000.0)
    made.end_walk(0.0, failed())
    made.end_walk(10.0, complete())

    assert before is None
    assert made.outage(20.0, 1020.0) is None


def test_an_outage_lasts_since_the_first_failed_walk_and_tells_why_the_last_one_failed() -> None:
    """Its begin is shown in Unix time, by the clock of the moment when it is shown."""
    made = state()
    made.end_walk(0.0, complete())
    made.end_walk(100.0, failed())
    made.end_walk(200.0, failed(Reason.AUTH, request_id="r-1"))

    assert made.outage(250.0, 5250.0) == Outage(5100.0, "auth", "no luck", "r-1")


def test_a_crash_is_an_outage_without_a_reason() -> None:
    """Its message says where the traceback is."""
    made = state()
    made.end_walk(100.0, failed())
    made.crash(200.0, CRASHED)
    outage = made.outage(250.0, 5250.0)

    assert outage == Outage(5100.0, None, "unexpected error while walking the API: see the log")


def test_the_last_snapshot_stays_when_it_is_too_old_to_serve() -> None:
    """Pages show it with its date."""
    made = state()
    outcome = complete()
    before = made.last_snapshot
    made.end_walk(0.0, outcome)
    made.end_walk(1.0, failed())

    assert before is None
    assert made.servable_snapshot(1e6) is None
    assert made.last_snapshot is outcome.snapshot


def test_queries_change_nothing() -> None:
    """Reading a result changes nothing."""
    made = state()
    made.end_walk(0.0, complete())
    made.end_walk(10.0, failed())
    before = made.result(20.0, deferred=False)
    made.result(1e9, deferred=True)
    made.servable_snapshot(1e9)

    assert made.result(20.0, deferred=False) == before


def test_the_result_of_a_single_walk_has_its_snapshot_or_its_error() -> None:
    """`once` prints it."""
    good, bad = scrape_result_of(complete(), 5.0), scrape_result_of(failed(Reason.AUTH), 5.0)

    assert isinstance(good.snapshot, Snapshot)
    assert (bad.up, bad.failure, bad.snapshot) == (False, Reason.AUTH, None)


def test_the_result_of_a_single_walk_has_the_quota_of_backups() -> None:
    """Whether the walk fails or not."""
    results = [scrape_result_of(outcome, 5.0, 50) for outcome in (complete(), failed())]

    assert [result.max_backups for result in results] == [50, 50]


def test_an_outcome_has_either_a_snapshot_or_an_error() -> None:
    """Whichever its result is."""
    assert complete().error is None
    assert failed().snapshot is None
    assert isinstance(failed().error, ApiError)


def test_a_single_walk_says_nothing_about_the_interval_of_walks() -> None:
    """`once` walks whenever it is run."""
    result = scrape_result_of(complete(), 5.0)

    assert result.walk_interval is None
