"""The API's budget, by a clock that tests advance."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from math import isfinite

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import structs

from exporter.api.budget import Budget
from exporter.api.pacer import DEMAND_PERIOD
from exporter.api.reservation import Reservation
from exporter.api.tiers import HOUR
from exporter.errors import ApiError, Reason, UnsentRequestError
from exporter.metrics.own import BudgetCollector
from exporter.simulator.ratelimit import RateLimit, Tier
from tests.support.header_values import HEADER_VALUES, RATE_HEADER_NAMES
from tests.support.rate_limits import rate_headers, send
from tests.support.world import World

START = 1_800_000_000.0


class SteppingWorld(World):
    """A world whose wall clock may step while its monotonic time does not."""

    def __init__(self) -> None:
        super().__init__(START)
        self.step = 0.0

    def now(self) -> float:
        """Return the stepped time."""
        return self.time + self.step


@pytest.fixture
def world() -> World:
    """Return a world that starts at a full minute."""
    return World(START)


@pytest.fixture
def budget(world: World) -> Budget:
    """Return a budget with a share of 1."""
    return Budget(clock=world)


def taken(budget: Budget, *, retry: bool = False) -> Reservation:
    """Take a request that the budget must allow."""
    reservation = budget.take(retry=retry)
    assert reservation is not None
    return reservation


def test_allows_everything_before_the_first_response(budget: Budget) -> None:
    """No limit is known yet."""
    assert budget.seconds_until_request() == budget.request_walk(1_000_000) == 0
    assert (budget.minute, budget.minute_limit, budget.minute_share) == (None, None, None)
    assert (budget.hour_share, budget.hour_remaining) == (None, None)
    assert set(structs.astuple(budget.state)) == {None}
    assert budget.pace(100) == budget.walk_interval(100) == 0


class TestMinute:
    """The window that the API reports."""

    def test_a_walk_that_does_not_fit_waits_for_the_next_window(self, world: World, budget: Budget) -> None:
        """Ten requests are left: a walk of ten may begin now, a walk of eleven when the window ends."""
        budget.observe(200, rate_headers(100, 10, world.now() + 42))

        assert budget.request_walk(10) == 0
        assert budget.request_walk(11) == 42

    def test_a_walk_larger_than_a_window_begins_with_a_whole_one(self, world: World, budget: Budget) -> None:
        """It waits for a whole window, and for no more than that."""
        budget.observe(200, rate_headers(100, 99, world.now() + 42))
        almost = budget.request_walk(500)
        budget.observe(200, rate_headers(100, 100, world.now() + 42))

        assert almost == 42
        assert budget.request_walk(500) == 0

    def test_a_request_waits_until_an_exhausted_window_ends(self, world: World, budget: Budget) -> None:
        """The limit stays known after the window."""
        budget.observe(200, rate_headers(100, 0, world.now() + 42))
        before = budget.seconds_until_request()
        world.sleep(42)

        assert before == 42
        assert budget.seconds_until_request() == 0
        assert budget.minute is None
        assert budget.minute_limit == 100

    def test_requests_in_flight_count(self, world: World, budget: Budget) -> None:
        """A request counts before its response arrives."""
        budget.observe(200, rate_headers(100, 2, world.now() + 42))
        taken(budget)
        taken(budget)

        assert budget.seconds_until_request() == 42
        assert budget.take() is None

    def test_uses_only_its_share(self, world: World) -> None:
        """A share of 0.5 leaves 30 of 60 requests to other clients."""
        budget = Budget(clock=world, share=0.5)
        budget.observe(200, rate_headers(60, 60, world.now() + 60))
        for _ in range(30):
            world.sleep(0.1)
            send(budget)

        assert budget.minute_share == 30
        assert budget.seconds_until_request() == pytest.approx(57.1)


class TestHour:
    """The requests that are counted here."""

    @pytest.mark.parametrize(
        ("limit", "tier", "hour"),
        [
            (60, "auto", 1_000),
            (300, "auto", 5_000),
            (1_000, "auto", 20_000),
            (120, "auto", None),
            (60, "professional", 5_000),
            (60, "unlimited", None),
        ],
    )
    def test_the_limit_per_minute_identifies_the_tier(
        self, world: World, limit: int, tier: str, hour: int | None
    ) -> None:
        """A configured tier takes precedence."""
        budget = Budget(clock=world, tier=tier)
        budget.observe(200, rate_headers(limit, limit, world.now() + 60))

        assert budget.hour_share == hour
        assert budget.hour_remaining == hour

    def test_a_walk_that_does_not_fit_waits_until_requests_leave_the_hour(self, world: World) -> None:
        """995 of 1,000 requests are used: ten more fit when five have left the hour."""
        budget = Budget(clock=world, tier="standard")
        for _ in range(995):
            send(budget, retry=True)
            world.sleep(1)

        assert budget.hour_remaining == 5
        assert budget.request_walk(5) == 0
        assert budget.request_walk(10) == HOUR - 995 + 4
        assert budget.state.hour_reset == world.now() + HOUR - 995

    def test_requests_that_leave_the_hour_during_the_walk_make_room_for_it(self, world: World) -> None:
        """A walk that takes minutes need not wait for room that it will find."""
        budget = Budget(clock=world, tier="standard")
        for _ in range(999):
            send(budget, retry=True)
            world.sleep(3)

        assert budget.request_walk(10, seconds=600) == 27
        assert budget.seconds_until_request() == 0
        assert budget.request_walk(10, seconds=900) == 0

    def test_the_interval_of_walks_is_their_pace_while_they_are_spread(
        self, world: World, budget: Budget
    ) -> None:
        """They are until the demand is known, and if more are requested than fit into the hour."""
        budget.observe(200, rate_headers(60, 59, world.now() + 42))
        hour = budget.hour_share
        at_first = budget.walk_interval(10)
        world.sleep(DEMAND_PERIOD)
        seldom = budget.walk_interval(10)
        for _ in range(60):
            budget.request_walk(10)
            world.sleep(10)

        assert hour
        assert at_first == budget.walk_interval(10) == budget.pace(10) == 10 * HOUR / hour
        assert seldom == 0

    def test_the_interval_of_walks_does_not_change_while_a_long_one_runs(
        self, world: World, budget: Budget
    ) -> None:
        """No walk is requested meanwhile, which does not mean that fewer are wanted."""
        budget.observe(200, rate_headers(60, 59, world.now() + 42))
        world.sleep(DEMAND_PERIOD)
        budget.request_walk(600)
        interval = budget.walk_interval(600)
        world.sleep(2 * DEMAND_PERIOD)

        assert interval == budget.walk_interval(600) == budget.pace(600) > 0

    def test_walks_that_would_exceed_the_hour_are_spread_over_it(self, world: World) -> None:
        """Ten requests each, 1,000 per hour: one walk every 36 s."""
        budget = Budget(clock=world, tier="standard")
        send(budget, 10)

        assert budget.pace(10) == 36
        assert budget.request_walk(10) == pytest.approx(36, abs=1e-5)

    def test_infrequent_walks_are_not_delayed(self, world: World) -> None:
        """Four walks in ten minutes leave room for two in a row."""
        budget = Budget(clock=world, tier="standard")
        for _ in range(8):
            world.sleep(150)
            assert budget.request_walk(10) == 0
            send(budget, 10)

        assert budget.request_walk(10) == 0

    def test_a_retry_counts_but_does_not_postpone_the_next_walk(self, world: World) -> None:
        """The turn of a walk depends on planned requests only."""
        budget = Budget(clock=world, tier="standard")
        send(budget, retry=True)

        assert budget.request_walk(1) == 0
        assert budget.hour_remaining == 999

    def test_a_retry_must_leave_room_for_the_next_walk(self, world: World) -> None:
        """No retry is allowed if it takes that walk's requests or if no request is allowed at all."""
        budget = Budget(clock=world, tier="standard")
        send(budget, 989)
        with_room, without = budget.allows_retry(10), budget.allows_retry(11)
        budget.observe(200, rate_headers(60, 0, world.now() + 30))

        assert with_room
        assert not without
        assert not budget.allows_retry(10)

    def test_an_hour_of_requests_is_kept_whatever_the_tier(self, world: World, budget: Budget) -> None:
        """A tier that is configured later applies to the requests of the last hour."""
        for _ in range(5_000):
            send(budget)
            world.sleep(3)
        budget.reconfigure(tier="standard", share=1.0)
        small = budget.hour_remaining
        budget.reconfigure(tier="enterprise", share=1.0)

        assert small == 0
        assert budget.hour_remaining == 20_000 - 1_199


class TestRefusals:
    """Responses with status 429 or `Retry-After`."""

    @pytest.mark.parametrize(
        ("status", "more", "wait"),
        [
            (429, {"Retry-After": "17"}, 17),
            (503, {"Retry-After": "17"}, 17),
            (429, {"Retry-After": formatdate(START + 23, usegmt=True)}, 23),
            (429, {"Retry-After": "999999"}, HOUR),
            (429, {}, 60),
            (429, {"Retry-After": "soon"}, 60),
            (429, rate_headers(60, 0, START + 12), 12),
            (429, {"Retry-After": formatdate(START - 1e8, usegmt=True)}, 0),
            (500, {}, 0),
        ],
    )
    def test_no_request_is_allowed_before_retry_after(
        self, budget: Budget, status: int, more: dict[str, str], wait: float
    ) -> None:
        """The wait is at most an hour; after a 429 without `Retry-After` it ends with the minute."""
        budget.observe(status, more)

        assert budget.seconds_until_request() == wait
        assert budget.request_walk(1) == wait

    def test_a_later_response_does_not_shorten_the_wait(self, budget: Budget) -> None:
        """Responses to requests that were in flight are no permission."""
        budget.observe(429, {"Retry-After": "17"})
        budget.observe(429, {"Retry-After": "1"})
        budget.observe(200, rate_headers())

        assert budget.seconds_until_request() == 17

    def test_a_retry_is_allowed_after_retry_after(self, budget: Budget) -> None:
        """A wait that the API requires is not a lack of room."""
        budget.observe(503, {"Retry-After": "2"})

        assert budget.allows_retry(1)

    @pytest.mark.parametrize("age", [0, 30, 61, 4000])
    def test_a_429_without_headers_waits_for_the_end_of_the_window(self, world: World, age: float) -> None:
        """If the last window has ended, the wait is a minute."""
        budget = Budget(clock=world)
        budget.observe(200, rate_headers(60, 60, world.now() + 60))
        world.sleep(age)
        budget.observe(429, {})

        assert budget.seconds_until_request() == (60 - age if age < 60 else 60)


@given(
    tier=st.sampled_from(["standard", "professional"]),
    share=st.sampled_from([0.1, 0.5, 1.0]),
    offset=st.integers(0, 3599),
    steps=st.lists(st.tuples(st.integers(1, 400), st.floats(0, 900)), max_size=12),
)
def test_a_client_that_follows_the_budget_is_never_refused(
    tier: Tier, share: float, offset: int, steps: list[tuple[int, float]]
) -> None:
    """For walks of any size at any time, an API with fixed windows never returns 429."""
    world = World(START + offset)
    limits = RateLimit(tier, world.now)
    budget = Budget(clock=world, tier=tier, share=share)
    refusals = 0

    for requests, pause in steps:
        world.sleep(pause)
        if budget.request_walk(requests) > 0:
            continue
        for _ in range(requests):
            world.sleep(budget.seconds_until_request())
            with taken(budget):
                allowance = limits.take()
                refusals += allowance.retry_after is not None
                budget.observe(200, allowance.headers)

    assert refusals == 0


class TestReservations:
    """Requests from before they are sent until their response is complete."""

    def test_only_as_many_as_remain_are_handed_out(self, world: World, budget: Budget) -> None:
        """Fifty threads find ten requests left: ten may send."""
        budget.observe(200, rate_headers(100, 10, world.now() + 42))
        with ThreadPoolExecutor(50) as threads:
            reservations = [future.result() for future in [threads.submit(budget.take) for _ in range(50)]]

        assert sum(reservation is not None for reservation in reservations) == 10
        assert budget.seconds_until_request() == 42

    def test_a_response_does_not_uncount_requests_in_flight(self, world: World, budget: Budget) -> None:
        """Responses overtake one another: the API's count is behind until the last has arrived."""
        budget.observe(200, rate_headers(100, 3, world.now() + 42))
        first, *_ = [taken(budget) for _ in range(3)]
        budget.observe(200, rate_headers(100, 2, world.now() + 42))
        first.finish()

        assert budget.take() is None
        assert budget.seconds_until_request() == 42

    def test_eight_threads_use_the_whole_window_and_no_more(self, world: World, budget: Budget) -> None:
        """However responses overtake one another, the API refuses none and all its requests are used."""
        rates = RateLimit("standard", world.now)
        refused: list[bool] = []

        def send_all() -> int:
            sent = 0
            while reservation := budget.take():
                with reservation:
                    allowance = rates.take()
                    refused.append(allowance.retry_after is not None)
                    budget.observe(200, allowance.headers)
                sent += 1
            return sent

        with ThreadPoolExecutor(8) as threads:
            sent = [future.result() for future in [threads.submit(send_all) for _ in range(8)]]

        assert sum(sent) == 60
        assert not any(refused)

    def test_an_unsent_request_does_not_count(self, world: World) -> None:
        """A block that raises `UnsentRequestError` cancels its reservation."""
        budget = Budget(clock=world, tier="standard")
        with pytest.raises(UnsentRequestError), taken(budget):
            raise UnsentRequestError(Reason.CONNECTION, "refused")

        assert budget.hour_remaining == 1_000
        assert budget.seconds_until_walk(1) == 0

    @pytest.mark.parametrize("error", [ApiError(Reason.TIMEOUT, "late"), KeyboardInterrupt(), ValueError()])
    def test_any_other_failure_counts_and_is_finished(self, world: World, error: BaseException) -> None:
        """The request may have reached the API; the next report is believed again."""
        budget = Budget(clock=world, tier="standard")
        budget.observe(200, rate_headers(100, 3, world.now() + 42))
        with pytest.raises(type(error)), taken(budget):
            raise error
        with taken(budget):
            budget.observe(200, rate_headers(100, 7, world.now() + 42))

        assert budget.hour_remaining == 998
        assert budget.minute is not None
        assert budget.minute.remaining == 7

    def test_cancelling_removes_the_request_itself(self, world: World) -> None:
        """Later requests keep their times: the hour has room again when the oldest that was sent leaves."""
        budget = Budget(clock=world, tier="standard")
        first = taken(budget)
        world.sleep(100)
        taken(budget).finish()
        first.cancel()

        assert budget.state.hour_reset == world.now() + HOUR

    def test_cancelling_adds_nothing_to_a_newer_window(self, world: World, budget: Budget) -> None:
        """The API's report of a new window does not include the request that was cancelled."""
        budget.observe(200, rate_headers(100, 50, world.now() + 1))
        first = taken(budget)
        world.sleep(2)
        budget.observe(200, rate_headers(100, 50, world.now() + 60))
        first.cancel()

        assert budget.minute is not None
        assert budget.minute.remaining == 50

    def test_cancelling_undoes_the_pace_that_the_request_paid(self, world: World) -> None:
        """A reconfiguration meanwhile does not change what is given back."""
        budget = Budget(clock=world, tier="standard")
        taken(budget).finish()
        second = taken(budget)
        budget.reconfigure(tier="professional", share=1.0)
        second.cancel()

        assert budget.seconds_until_walk(1) == pytest.approx(3.6)


RESET_FORMATS: dict[str, Callable[[World, float], object]] = {
    "a Unix time": lambda world, left: world.now() + left,
    "milliseconds": lambda world, left: int((world.now() + left) * 1000),
    "the seconds left": lambda _, left: left,
    "nothing": lambda _world, _left: "",
    "nonsense": lambda _world, _left: "soon",
}


class TestShareOfTheMinute:
    """The exporter's share of the minute, by its own count of the last 60 seconds."""

    @pytest.mark.parametrize("reset_format", RESET_FORMATS)
    def test_is_kept_however_the_reset_is_written(self, world: World, reset_format: str) -> None:
        """At share 0.5, a client that sends whenever it may sends 30 of 60 requests in any 60 seconds."""
        budget = Budget(clock=world, share=0.5, tier="unlimited")
        sent: list[float] = []
        while world.now() < START + 300:
            world.sleep(max(0.05, budget.seconds_until_request()))
            with taken(budget):
                sent.append(world.now())
                reset = RESET_FORMATS[reset_format](world, 60 - world.now() % 60)
                budget.observe(200, rate_headers(60, 59) | {"X-RateLimit-Reset": str(reset)})

        assert max(sum(start - 60 < time <= start for time in sent) for start in sent) == 30
        assert len(sent) >= 30 * 5

    def test_is_kept_after_the_window_has_ended(self, world: World, budget: Budget) -> None:
        """The limit outlives the window in which it was reported."""
        budget.observe(200, rate_headers(2, 2, world.now() + 1))
        world.sleep(2)
        send(budget, 2)

        assert budget.seconds_until_request() == 60


@pytest.mark.parametrize("step", [-3e7, -3600.0, 3600.0, 3e7])
def test_a_step_of_the_wall_clock_changes_no_wait(step: float) -> None:
    """Waits use monotonic time."""
    stepping, steady = SteppingWorld(), World(START)
    budgets = [Budget(clock=stepping, tier="standard"), Budget(clock=steady, tier="standard")]
    for budget in budgets:
        send(budget, 10)
        budget.observe(429, rate_headers(60, 0, START + 30, Retry_After="100"))
    stepping.step = step

    assert budgets[0].request_walk(5) == budgets[1].request_walk(5) > 0
    assert budgets[0].seconds_until_request() == budgets[1].seconds_until_request() == 100
    assert budgets[0].hour_remaining == budgets[1].hour_remaining == 990


@given(
    headers=st.fixed_dictionaries({}, optional=dict.fromkeys(RATE_HEADER_NAMES, HEADER_VALUES)),
    status=st.sampled_from([200, 429, 503]),
    share=st.floats(0.01, 1),
)
@example(status=429, share=0.5, headers={"Retry-After": "9" * 400})
@example(status=200, share=0.5, headers={"X-RateLimit-Limit": "9" * 400, "X-RateLimit-Remaining": "9"})
@example(
    status=200, share=0.5, headers={"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "-" + "9" * 4000}
)
@example(status=429, share=0.5, headers={"Date": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"})
def test_no_header_raises_or_locks_out_for_longer_than_an_hour(
    headers: dict[str, str], status: int, share: float
) -> None:
    """For any headers, waits are between zero and an hour and the metrics are finite."""
    budget = Budget(clock=World(START), share=share)
    with taken(budget):
        budget.observe(status, headers)
    metrics = [family.samples for family in BudgetCollector(lambda: {"default": budget.state}).collect()]

    assert 0 <= budget.seconds_until_request() <= HOUR
    assert 0 <= budget.request_walk(10) <= HOUR
    assert budget.allows_retry(1) in {True, False}
    assert isfinite(budget.pace(10))
    assert all(isfinite(sample.value) for samples in metrics for sample in samples)


COMMANDS = st.one_of(
    st.tuples(st.just("sleep"), st.floats(0, 900)),
    st.tuples(st.just("take"), st.booleans()),
    st.tuples(st.just("cancel"), st.booleans()),
    st.tuples(st.just("send"), st.integers(1, 60)),
    st.tuples(st.just("walk"), st.integers(1, 300)),
    st.tuples(st.just("observe"), st.integers(0, 60)),
    st.tuples(st.just("refuse"), st.integers(0, 100)),
)
QUERIES = st.lists(st.integers(0, 300), max_size=3)


def send_while_allowed(budget: Budget, requests: int) -> None:
    """Count up to this number of requests, each finished before the next."""
    for _ in range(requests):
        if reservation := budget.take():
            reservation.finish()


def command(budget: Budget, world: World, name: str, number: float) -> float | bool:
    """Give a budget one command and return the result."""
    match name:
        case "sleep":
            world.sleep(number)
        case "take":
            return budget.take(retry=bool(number)) is not None
        case "cancel":
            if reservation := budget.take(retry=bool(number)):
                reservation.cancel()
        case "send":
            send_while_allowed(budget, int(number))
        case "walk":
            return budget.request_walk(int(number), number / 7)
        case "observe":
            budget.observe(200, rate_headers(60, int(number), world.now() + number))
        case "refuse":
            budget.observe(429, {"Retry-After": str(number)})
    return 0.0


def query(budget: Budget, number: int) -> list[object]:
    """Return the result of every query."""
    return [
        budget.seconds_until_request(),
        budget.seconds_until_walk(number, number / 3),
        budget.allows_retry(number),
        budget.pace(number),
        budget.state,
        budget.minute,
        budget.minute_limit,
        budget.minute_share,
        budget.hour_share,
        budget.hour_remaining,
        repr(budget),
    ]


def rounded_query(budget: Budget, number: int) -> list[object]:
    """Return the result of every query without rounding errors and without the `repr`."""
    return [round(one, 3) if isinstance(one, float) else one for one in query(budget, number)[:-1]]


@given(st.lists(st.tuples(COMMANDS, QUERIES), max_size=30), st.sampled_from([0.3, 1.0]))
def test_queries_never_change_a_budget(
    steps: list[tuple[tuple[str, float], list[int]]], share: float
) -> None:
    """Two budgets get the same commands, one is queried between them: both give the same results."""
    worlds = World(START), World(START)
    quiet, queried = (Budget(clock=world, share=share) for world in worlds)

    for (name, number), queries in steps:
        results = [
            command(budget, world, name, number)
            for budget, world in zip((quiet, queried), worlds, strict=True)
        ]
        for each in queries:
            query(queried, each)

        assert results[0] == results[1]
    assert query(quiet, 10) == query(queried, 10)


@given(
    steps=st.lists(COMMANDS.filter(lambda pair: pair[0] != "cancel"), max_size=20),
    retry=st.booleans(),
    walk=st.integers(1, 300),
)
def test_a_cancelled_request_never_counts(steps: list[tuple[str, float]], *, retry: bool, walk: int) -> None:
    """After taking a request and cancelling it, every query gives the same result as before."""
    world = World(START)
    budget = Budget(clock=world, share=0.5)
    for name, number in steps:
        command(budget, world, name, number)
    before = rounded_query(budget, walk)
    if reservation := budget.take(retry=retry):
        reservation.cancel()

    assert rounded_query(budget, walk) == before


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.permutations(range(12)))
def test_cancelled_requests_never_count_in_any_order(pauses: list[int], order: list[int]) -> None:
    """Requests cancelled in any order leave the ledger with those that were sent, at their own times."""
    world, reference_world = World(START), World(START)
    budget, reference = (Budget(clock=each, tier="standard") for each in (world, reference_world))
    unsent: list[Reservation] = []
    for pause in pauses:
        for each in (world, reference_world):
            each.sleep(pause)
        if pause % 2:
            unsent.append(taken(budget))
        else:
            send(budget)
            send(reference)
    for place in order:
        if place < len(unsent):
            unsent[place].cancel()

    assert budget.state == reference.state


def test_reconfiguring_keeps_what_was_counted(world: World) -> None:
    """A larger share or tier adds room."""
    budget = Budget(clock=world, tier="standard", share=0.5)
    send(budget, 400)
    before = budget.hour_remaining
    budget.reconfigure(tier="professional", share=0.2)

    assert (before, budget.hour_remaining) == (100, 600)
