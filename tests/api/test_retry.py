"""Retries, on real sockets against the embedded API's faults."""

from collections.abc import Callable

import pytest

from exporter.api.budget import Budget
from exporter.api.retry import RETRIED_STATUSES, Retrier
from exporter.errors import ApiError, Reason
from exporter.simulator import Request, bulk_backups
from tests.support.client_rig import MakeRig, RecordingObserver
from tests.support.faults import CannedReply, CutBody, ErrorBody, Fault, FaultyApi, Reset, WrongLength
from tests.support.rate_limits import send
from tests.support.world import World


def second_page(request: Request) -> bool:
    """Return whether a request is for a page after the first."""
    return "marker" in request.query


@pytest.mark.parametrize("place", ["first", "second"])
@pytest.mark.parametrize("fault", [ErrorBody(503), CutBody(300), WrongLength(50), Reset(200)], ids=repr)
def test_a_page_that_fails_once_costs_one_request_more(
    api: FaultyApi, rig: MakeRig, fault: Fault, place: str
) -> None:
    """A passing fault is retried, and the walk is complete."""
    made = rig(api.url)
    api.faults.add(fault, when=second_page if place == "second" else None)

    outcome = made.walk(20)

    assert outcome.snapshot is not None
    assert outcome.snapshot.summary.backups == 45
    assert (outcome.stats.pages, outcome.stats.requests) == (3, 4)
    assert 0 <= made.clock.slept[0] <= 2


def test_a_retry_waits_for_a_short_retry_after(api: FaultyApi, rig: MakeRig) -> None:
    """A walk with enough time waits."""
    made = rig(api.url)
    api.faults.add(CannedReply(503, {"Retry-After": "3"}))

    outcome = made.walk(20)

    assert outcome.snapshot is not None
    assert any(2.5 < slept <= 3 for slept in made.clock.slept)


def test_a_long_retry_after_keeps_the_reason(api: FaultyApi, rig: MakeRig) -> None:
    """A 503 that requires a longer wait than the walk allows is a server error, not a budget's."""
    api.faults.add(CannedReply(503, {"Retry-After": "100"}))

    error = rig(api.url).failure(seconds=20)

    assert error.reason is Reason.SERVER_ERROR
    assert len(api.requests) == 1


def test_a_retry_leaves_the_requests_of_the_next_walk(rig: MakeRig) -> None:
    """If the hour has no more requests than the next walk needs, a failed request is not retried."""
    with FaultyApi(backups=bulk_backups(5, 1), tier="standard") as api:
        made = rig(api.url, api_tier="standard")
        send(made.budget, 990)
        made.clock.ahead = 120  # those are out of the minute, and in the hour
        api.faults.add(ErrorBody(503), times=None)

        tight, roomy = made.walk(20, reserved=9), made.walk(20, reserved=1)

    assert (tight.stats.requests, roomy.stats.requests) == (1, 3)


def test_a_retry_does_not_postpone_the_next_walk(rig: MakeRig) -> None:
    """After a walk of one page and two retries the next walk may begin as if there had been none."""
    with FaultyApi(backups=bulk_backups(5, 1), tier="standard") as api:
        made = rig(api.url, api_tier="standard")
        api.faults.add(ErrorBody(503), times=2)

        outcome = made.walk(20)

    assert outcome.stats.requests == 3
    assert made.budget.request_walk(1) <= made.budget.pace(1)


def retrier(world: World, observer: RecordingObserver, seconds_left: float = 30.0) -> Retrier:
    """Make a retrier with a budget without limits."""
    return Retrier(
        Budget(clock=world),
        observer,
        sleep=world.sleep,
        seconds_left=lambda: seconds_left,
        reserved=1,
    )


def failing(*errors: ApiError) -> Callable[[bool], list[bool]]:
    """Return an attempt that fails with these errors in turn, then returns whether each was a retry."""
    remaining, retries = list(errors), list[bool]()

    def attempt(is_retry: bool) -> list[bool]:  # noqa: FBT001 - as the retrier calls it
        retries.append(is_retry)
        if remaining:
            raise remaining.pop(0)
        return retries

    return attempt


@pytest.mark.parametrize("status", sorted(RETRIED_STATUSES))
def test_only_attempts_after_the_first_are_retries(status: int) -> None:
    """Two failures are retried; the observer counts both with their reason."""
    world, observer = World(), RecordingObserver()
    error = ApiError(Reason.SERVER_ERROR, "busy", status=status)

    assert retrier(world, observer)(failing(error, error)) == [False, True, True]
    assert observer.retries == [Reason.SERVER_ERROR] * 2


def test_the_last_error_is_raised() -> None:
    """After three attempts the page has failed."""
    errors = [ApiError(Reason.CONNECTION, f"reset {number}") for number in range(4)]
    with pytest.raises(ApiError, match="reset 2"):
        retrier(World(), RecordingObserver())(failing(*errors))


@pytest.mark.parametrize(
    "error",
    [
        ApiError(Reason.AUTH, "no", status=401),
        ApiError(Reason.RATE_LIMITED, "slow down", status=429),
        ApiError(Reason.SERVER_ERROR, "unsupported", status=501),
        ApiError(Reason.TIMEOUT, "late"),
        ValueError("a bug"),
    ],
)
def test_permanent_failures_are_not_retried(error: Exception) -> None:
    """A client's error, a timeout or a bug would only repeat."""
    observer = RecordingObserver()

    def attempt(_is_retry: bool) -> None:  # noqa: FBT001 - as the retrier calls it
        raise error

    with pytest.raises(type(error)):
        retrier(World(), observer)(attempt)

    assert observer.retries == []


def test_no_retry_begins_after_the_walks_deadline() -> None:
    """A back-off that takes longer than the walk has is not waited for."""
    world, observer = World(), RecordingObserver()
    start = world.now()
    with pytest.raises(ApiError):
        retrier(world, observer, seconds_left=0.0)(failing(ApiError(Reason.CONNECTION, "reset")))

    assert world.now() == start
    assert observer.retries == []


def test_repr_names_the_reserve() -> None:
    """The reserve is what a log or debugger cannot see elsewhere."""
    assert repr(retrier(World(), RecordingObserver())) == "Retrier(reserved=1)"
