"""The API's budget, by a clock that tests turn."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import structs

from exporter.api.budget import HOUR, Budget, Window
from exporter.simulator.ratelimit import RateLimit
from tests.support.world import World


def headers(limit: int = 60, remaining: int = 60, reset: float = 0, **more: str) -> dict[str, str]:
    """Make the headers of a response."""
    named = {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(reset),
    }
    return named | {name.replace("_", "-"): text for name, text in more.items()}


class Stepping(World):
    """A world whose wall clock may step while its monotonic time does not."""

    def __init__(self) -> None:
        super().__init__(1_800_000_000.0)
        self.step = 0.0

    def now(self) -> float:
        """Return the stepped time."""
        return self.time + self.step


@pytest.fixture
def world() -> World:
    """Return a world whose time is round."""
    return World(1_800_000_000.0)


@pytest.fixture
def budget(world: World) -> Budget:
    """Return a budget all of which is ours."""
    return Budget(clock=world)


def test_knows_nothing_at_first_and_forbids_nothing(budget: Budget) -> None:
    """Before the first response everything is allowed."""
    assert budget.seconds_until_request() == budget.request_walk(1_000_000) == 0
    assert (budget.minute, budget.minute_limit, budget.minute_share) == (None, None, None)
    assert (budget.hour_limit, budget.hour_remaining) == (None, None)
    assert set(structs.astuple(budget.state)) == {None}
    assert budget.pace(100) == 0


class TestMinute:
    """The window that the API names."""

    def test_a_walk_that_does_not_fit_waits_for_the_next(self, world: World, budget: Budget) -> None:
        """Ten are left: a walk of ten may begin, one of eleven when the window ends."""
        budget.observe(200, headers(100, 10, world.now() + 42))

        assert budget.request_walk(10) == 0
        assert budget.request_walk(11) == 42

    def test_a_walk_larger_than_the_window_begins_with_one(self, world: World, budget: Budget) -> None:
        """It needs a whole window, not more than there can be."""
        budget.observe(200, headers(100, 99, world.now() + 42))
        almost = budget.request_walk(500)
        budget.observe(200, headers(100, 100, world.now() + 42))

        assert almost == 42
        assert budget.request_walk(500) == 0

    def test_a_request_waits_where_none_is_left(self, world: World, budget: Budget) -> None:
        """Until the window ends, and no longer."""
        budget.observe(200, headers(100, 0, world.now() + 42))
        before = budget.seconds_until_request()
        world.sleep(42)

        assert before == 42
        assert budget.seconds_until_request() == 0
        assert budget.minute is None
        assert budget.minute_limit == 100

    def test_what_we_send_counts_before_the_answer_comes(self, world: World, budget: Budget) -> None:
        """Requests in flight are gone from the window."""
        budget.observe(200, headers(100, 2, world.now() + 42))
        budget.spend()
        budget.spend()

        assert budget.seconds_until_request() == 42

    def test_only_our_share_is_ours(self, world: World) -> None:
        """Half of sixty: after thirty of our own the others' half stays untouched."""
        budget = Budget(clock=world, share=0.5)
        budget.observe(200, headers(60, 60, world.now() + 60))
        for _ in range(30):
            world.sleep(0.1)
            budget.spend()

        assert budget.minute_share == 30
        assert budget.seconds_until_request() == pytest.approx(57.1)

    @pytest.mark.parametrize(
        ("reset", "lasts"), [("1800000030", 30), ("soon", 60), ("-5", 60), ("1900000000", 60), ("nan", 60)]
    )
    def test_an_end_that_cannot_be_is_a_minute_from_now(
        self, world: World, budget: Budget, reset: str, lasts: float
    ) -> None:
        """A window of a minute ends within one."""
        budget.observe(200, headers(100, 0) | {"X-RateLimit-Reset": reset})

        assert budget.seconds_until_request() == lasts
        assert budget.minute is not None
        assert budget.minute.reset == world.now() + lasts

    def test_the_apis_clock_may_differ_from_ours(self, world: World, budget: Budget) -> None:
        """Its times are meant by its own clock, which `Date` shows."""
        theirs = world.now() + 5_000
        budget.observe(200, headers(100, 0, theirs + 20, Date=formatdate(theirs, usegmt=True)))

        assert budget.seconds_until_request() == 20

    @pytest.mark.parametrize("wrong", [{}, headers(0, 0), headers() | {"X-RateLimit-Limit": "many"}])
    def test_headers_that_say_nothing_change_nothing(self, budget: Budget, wrong: dict[str, str]) -> None:
        """Absent and unreadable ones are no limit."""
        budget.observe(200, wrong)

        assert budget.minute is None


class TestHour:
    """The window that is counted here."""

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
    def test_the_minutes_limit_names_the_tier(
        self, world: World, limit: int, tier: str, hour: int | None
    ) -> None:
        """Or `api_tier` does."""
        budget = Budget(clock=world, tier=tier)
        budget.observe(200, headers(limit, limit, world.now() + 60))

        assert budget.hour_limit == hour
        assert budget.hour_remaining == hour

    def test_a_walk_that_does_not_fit_waits_until_requests_leave_the_hour(self, world: World) -> None:
        """995 of 1,000 are spent: ten more fit when five have left."""
        budget = Budget(clock=world, tier="standard")
        for _ in range(995):
            budget.spend(retry=True)
            world.sleep(1)

        assert budget.hour_remaining == 5
        assert budget.request_walk(5) == 0
        assert budget.request_walk(10) == HOUR - 995 + 4
        assert budget.state.hour_reset == world.now() + HOUR - 995

    def test_what_leaves_the_hour_during_the_walk_is_as_good_as_gone(self, world: World) -> None:
        """A walk that takes minutes need not wait for room that it will find."""
        budget = Budget(clock=world, tier="standard")
        for _ in range(999):
            budget.spend(retry=True)
            world.sleep(3)

        assert budget.request_walk(10, seconds=600) == 27
        assert budget.seconds_until_request() == 0
        assert budget.request_walk(10, seconds=900) == 0

    def test_walks_that_would_not_last_the_hour_are_spread_over_it(self, world: World) -> None:
        """Ten requests of 1,000 an hour: one walk every 36 s."""
        budget = Budget(clock=world, tier="standard")
        for _ in range(10):
            budget.spend()

        assert budget.pace(10) == 36
        assert budget.request_walk(10) == pytest.approx(36, abs=1e-5)

    def test_scrapes_that_ask_seldom_are_not_held_up(self, world: World) -> None:
        """At four walks in ten minutes there is room: two in a row may come."""
        budget = Budget(clock=world, tier="standard")
        for _ in range(8):
            world.sleep(150)
            assert budget.request_walk(10) == 0
            for _ in range(10):
                budget.spend()

        assert budget.request_walk(10) == 0

    def test_a_retry_moves_no_walks_turn(self, world: World) -> None:
        """But it counts in the hour."""
        budget = Budget(clock=world, tier="standard")
        budget.spend(retry=True)

        assert budget.request_walk(1) == 0
        assert budget.hour_remaining == 999

    def test_a_retry_needs_room_beside_the_next_walk(self, world: World) -> None:
        """It may not take what that walk needs, nor come where no request may."""
        budget = Budget(clock=world, tier="standard")
        for _ in range(989):
            budget.spend()
        with_room, without = budget.allows_retry(10), budget.allows_retry(11)
        budget.observe(200, headers(60, 0, world.now() + 30))

        assert with_room
        assert not without
        assert not budget.allows_retry(10)


class TestRefusals:
    """429, and `Retry-After`."""

    @pytest.mark.parametrize(
        ("status", "more", "wait"),
        [
            (429, {"Retry-After": "17"}, 17),
            (503, {"Retry-After": "17"}, 17),
            (429, {"Retry-After": formatdate(1_800_000_023, usegmt=True)}, 23),
            (429, {"Retry-After": "999999"}, HOUR),
            (429, {}, 60),
            (429, {"Retry-After": "soon"}, 60),
            (429, headers(60, 0, 1_800_000_012), 12),
            (429, {"Retry-After": formatdate(1_700_000_000, usegmt=True)}, 0),
            (500, {}, 0),
        ],
    )
    def test_nobody_calls_before_the_time_named(
        self, budget: Budget, status: int, more: dict[str, str], wait: float
    ) -> None:
        """Seconds or a date, an hour at most; without one a 429 waits for the minute's end."""
        budget.observe(status, more)

        assert budget.seconds_until_request() == wait
        assert budget.request_walk(1) == wait

    def test_a_later_answer_opens_nothing(self, budget: Budget) -> None:
        """Responses of requests that were in flight do not shorten the wait."""
        budget.observe(429, {"Retry-After": "17"})
        budget.observe(429, {"Retry-After": "1"})
        budget.observe(200, headers())

        assert budget.seconds_until_request() == 17

    def test_a_retry_waits_rather_than_not_come(self, budget: Budget) -> None:
        """Only the API's own time is in the way: the retry may come then."""
        budget.observe(503, {"Retry-After": "2"})

        assert budget.allows_retry(1)


@given(
    tier=st.sampled_from(["standard", "professional"]),
    share=st.sampled_from([0.1, 0.5, 1.0]),
    offset=st.integers(0, 3599),
    steps=st.lists(st.tuples(st.integers(1, 400), st.floats(0, 900)), max_size=12),
)
def test_who_keeps_to_it_is_never_refused(
    tier: str, share: float, offset: int, steps: list[tuple[int, float]]
) -> None:
    """Whatever the walks, their sizes and times: the API with its fixed windows has no 429 to give."""
    world = World(1_800_000_000.0 + offset)
    limits = RateLimit(tier, world.now)  # type: ignore[arg-type]
    budget = Budget(clock=world, tier=tier, share=share)
    refusals = 0

    for requests, pause in steps:
        world.sleep(pause)
        if budget.request_walk(requests) > 0:
            continue
        for _ in range(requests):
            world.sleep(budget.seconds_until_request())
            budget.spend()
            allowance = limits.take()
            refusals += allowance.retry_after is not None
            budget.observe(200, allowance.headers)

    assert refusals == 0


class TestInFlight:
    """Requests that are under way at the same time."""

    def test_one_step_asks_and_counts(self, world: World, budget: Budget) -> None:
        """Fifty threads find ten requests left: ten may send, the others learn how long to wait."""
        budget.observe(200, headers(100, 10, world.now() + 42))
        with ThreadPoolExecutor(50) as threads:
            waits = [future.result() for future in [threads.submit(budget.take) for _ in range(50)]]

        assert sorted(waits) == [0] * 10 + [42] * 40

    def test_an_answer_does_not_hide_those_still_under_way(self, world: World, budget: Budget) -> None:
        """Answers overtake one another: the API's count falls behind ours until the last has come."""
        budget.observe(200, headers(100, 3, world.now() + 42))
        waits = [budget.take() for _ in range(3)]
        budget.observe(200, headers(100, 2, world.now() + 42))
        budget.give_back()

        assert waits == [0, 0, 0]
        assert budget.take() == 42

    def test_the_last_answer_is_taken_at_its_word(self, world: World, budget: Budget) -> None:
        """With nothing else under way the API knows best."""
        budget.observe(200, headers(100, 3, world.now() + 42))
        budget.take()
        budget.give_back()
        budget.take()
        budget.observe(200, headers(100, 7, world.now() + 42))
        budget.give_back()

        assert budget.minute == Window(100, 7, world.now() + 42)

    def test_what_others_took_counts_at_once(self, world: World, budget: Budget) -> None:
        """An answer that tells of less than we knew is believed."""
        budget.observe(200, headers(100, 50, world.now() + 42))
        budget.take()
        budget.take()
        budget.observe(200, headers(100, 1, world.now() + 42))

        assert budget.minute == Window(100, 1, world.now() + 42)

    def test_a_new_window_begins_whole(self, world: World, budget: Budget) -> None:
        """Our count says nothing of it, even where the window before has not yet ended by our clock."""
        budget.observe(200, headers(100, 2, world.now() + 0.5))
        budget.take()
        budget.take()
        budget.observe(200, headers(100, 99, world.now() + 60))

        assert budget.minute == Window(100, 99, world.now() + 60)

    def test_eight_threads_use_the_window_up_and_not_more(self, world: World, budget: Budget) -> None:
        """However answers overtake one another, all that the API allows is sent, and nothing is refused."""
        rates, refused = RateLimit("standard", world.now), []

        def send() -> int:
            sent = 0
            while not budget.take():
                allowance = rates.take()
                refused.append(allowance.retry_after is not None)
                budget.observe(200, allowance.headers)
                budget.give_back()
                sent += 1
            return sent

        with ThreadPoolExecutor(8) as threads:
            sent = [future.result() for future in [threads.submit(send) for _ in range(8)]]

        assert sum(sent) == 60
        assert not any(refused)


SENT_AS: dict[str, Callable[[World, float], object]] = {
    "a Unix time": lambda world, left: world.now() + left,
    "milliseconds": lambda world, left: int((world.now() + left) * 1000),
    "the seconds left": lambda _, left: left,
    "nothing": lambda _world, _left: "",
    "nonsense": lambda _world, _left: "soon",
}


class TestOwnMinute:
    """Our share of the minute, by our own count of the last 60 seconds."""

    @pytest.mark.parametrize("style", SENT_AS)
    def test_the_share_is_kept_however_the_reset_is_written(self, world: World, style: str) -> None:
        """At share 0.5, a client that sends whenever it may sends 30 of 60 requests in any 60 seconds."""
        budget = Budget(clock=world, share=0.5, tier="unlimited")
        sent: list[float] = []
        while world.now() < 1_800_000_000 + 300:
            world.sleep(max(0.05, budget.seconds_until_request()))
            budget.spend()
            sent.append(world.now())
            left = 60 - world.now() % 60
            told = headers(60, 59) | {"X-RateLimit-Reset": str(SENT_AS[style](world, left))}
            budget.observe(200, told)

        assert max(sum(start - 60 < time <= start for time in sent) for start in sent) == 30
        assert len(sent) >= 30 * 5

    def test_the_share_is_kept_while_no_window_is_current(self, world: World, budget: Budget) -> None:
        """The limit outlives the window in which it was named."""
        budget.observe(200, headers(2, 2, world.now() + 1))
        world.sleep(2)
        budget.spend()
        budget.spend()

        assert budget.seconds_until_request() == 60

    @pytest.mark.parametrize(
        ("reset", "lasts"),
        [("42", 42), ("1800000042000", 42), ("60", 60), ("61", 60), ("0", 60), ("-1", 60), ("1e999", 60)],
    )
    def test_seconds_left_and_milliseconds_are_understood(
        self, budget: Budget, reset: str, lasts: float
    ) -> None:
        """What can be no Unix time is read as the seconds left or as milliseconds, a minute at most."""
        budget.observe(200, headers(100, 0) | {"X-RateLimit-Reset": reset})

        assert budget.seconds_until_request() == lasts


class TestStaleWindow:
    """A 429 that says nothing, after the window that was named has ended."""

    @pytest.mark.parametrize("age", [0, 30, 61, 4000])
    def test_a_bare_429_keeps_everybody_away_for_a_minute(self, world: World, age: float) -> None:
        """Until the window ends, or for a minute where none is current."""
        budget = Budget(clock=world)
        budget.observe(200, headers(60, 60, world.now() + 60))
        world.sleep(age)
        budget.observe(429, {})

        assert budget.seconds_until_request() == (60 - age if age < 60 else 60)


class TestClock:
    """The machine's clock, which may step."""

    @pytest.mark.parametrize("step", [-3e7, -3600.0, 3600.0, 3e7])
    def test_a_step_changes_no_wait(self, step: float) -> None:
        """Budgets are counted in monotonic time: what the wall clock does makes no difference."""
        clock, straight = Stepping(), World(1_800_000_000.0)
        budgets = [Budget(clock=clock, tier="standard"), Budget(clock=straight, tier="standard")]
        for budget in budgets:
            for _ in range(10):
                budget.spend()
            budget.observe(429, headers(60, 0, 1_800_000_030, Retry_After="100"))
        clock.step = step

        assert budgets[0].request_walk(5) == budgets[1].request_walk(5) > 0
        assert budgets[0].seconds_until_request() == budgets[1].seconds_until_request() == 100
        assert budgets[0].hour_remaining == budgets[1].hour_remaining == 990


TEXTS = st.one_of(
    st.text(st.characters(max_codepoint=255), max_size=40),
    st.integers().map(str),
    st.integers(min_value=10**300, max_value=10**320).map(str),
    st.floats().map(str),
    st.sampled_from(["²", "9" * 5000, "-" * 10, "1e400", "0x10", "1_0", " 5 ", "inf", "nan"]),
    st.sampled_from(
        [
            "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
            "Mon, 01 Jan 0001 00:00:00 +2359",
            "Mon, 01 Jan 9999 23:59:59 -2359",
            "Fri, 31 Dec 9999 23:59:59 -0000",
            "Mon, 01 Jan 2026 00:00:00 +99999999999999999999",
            "01 Jan",
            ",",
        ]
    ),
)


@given(
    status=st.sampled_from([200, 429, 503]),
    named=st.dictionaries(
        st.sampled_from(
            ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After", "Date"]
        ),
        TEXTS,
    ),
)
@example(status=429, named={"Retry-After": "9" * 400})
@example(status=200, named={"X-RateLimit-Limit": "9" * 400, "X-RateLimit-Remaining": "9"})
@example(status=200, named={"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "-" + "9" * 4000})
@example(status=429, named={"Date": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"})
def test_no_header_raises_or_locks_out_for_longer_than_an_hour(status: int, named: dict[str, str]) -> None:
    """Whatever the headers say, every answer of the budget is a number between zero and an hour."""
    budget = Budget(clock=World(1_800_000_000.0), share=0.5)
    budget.observe(status, named)

    assert 0 <= budget.seconds_until_request() <= HOUR
    assert 0 <= budget.request_walk(10) <= HOUR
    assert budget.allows_retry(1) in {True, False}
    assert 0 <= budget.pace(10) <= 10 * HOUR


COMMANDS = st.one_of(
    st.tuples(st.just("sleep"), st.floats(0, 900)),
    st.tuples(st.just("take"), st.booleans()),
    st.tuples(st.just("cancelled"), st.booleans()),
    st.tuples(st.just("spend"), st.integers(1, 60)),
    st.tuples(st.just("walk"), st.integers(1, 300)),
    st.tuples(st.just("observe"), st.integers(0, 60)),
    st.tuples(st.just("refuse"), st.integers(0, 100)),
)
QUERIES = st.lists(st.integers(0, 300), max_size=3)


def command(budget: Budget, world: World, name: str, number: float) -> float:
    """Give a budget one command; return what it answers."""
    match name:
        case "sleep":
            world.sleep(number)
        case "take":
            return budget.take(retry=bool(number))
        case "cancelled":
            wait = budget.take(retry=bool(number))
            if not wait:
                budget.cancel(retry=bool(number))
        case "spend":
            for _ in range(int(number)):
                budget.spend()
        case "walk":
            return budget.request_walk(int(number), number / 7)
        case "observe":
            budget.observe(200, headers(60, int(number), world.now() + number))
        case "refuse":
            budget.observe(429, {"Retry-After": str(number)})
    return 0.0


def query(budget: Budget, number: int) -> list[object]:
    """Ask a budget everything that can be asked."""
    return [
        budget.seconds_until_request(),
        budget.seconds_until_walk(number, number / 3),
        budget.allows_retry(number),
        budget.pace(number),
        budget.state,
        budget.minute,
        budget.minute_limit,
        budget.minute_share,
        budget.hour_limit,
        budget.hour_remaining,
        repr(budget),
    ]


def settled(budget: Budget, number: int) -> list[object]:
    """Ask everything, without the rounding errors of taking back what was added."""
    return [round(one, 3) if isinstance(one, float) else one for one in query(budget, number)[:-1]]


@given(st.lists(st.tuples(COMMANDS, QUERIES), max_size=30), st.sampled_from([0.3, 1.0]))
def test_queries_never_change_what_a_budget_answers(
    steps: list[tuple[tuple[str, float], list[int]]], share: float
) -> None:
    """Of two budgets that get the same commands, one is queried between them and answers as the other."""
    worlds = World(1_800_000_000.0), World(1_800_000_000.0)
    quiet, queried = (Budget(clock=world, share=share) for world in worlds)

    for (name, number), asked in steps:
        answers = [
            command(budget, world, name, number)
            for budget, world in zip((quiet, queried), worlds, strict=True)
        ]
        for each in asked:
            query(queried, each)

        assert answers[0] == answers[1]
    assert query(quiet, 10) == query(queried, 10)


@given(
    steps=st.lists(COMMANDS.filter(lambda pair: pair[0] != "cancelled"), max_size=20),
    retry=st.booleans(),
    walk=st.integers(1, 300),
)
def test_a_request_that_was_not_sent_never_counts(
    steps: list[tuple[str, float]], *, retry: bool, walk: int
) -> None:
    """After taking a request and cancelling it, every answer is what it was before."""
    world = World(1_800_000_000.0)
    budget = Budget(clock=world, share=0.5)
    for name, number in steps:
        command(budget, world, name, number)
    before = settled(budget, walk)
    if not budget.take(retry=retry):
        budget.cancel(retry=retry)

    assert settled(budget, walk) == before


class TestReconfigure:
    """New limits for what was counted."""

    def test_what_was_sent_counts_against_the_new_share(self, world: World) -> None:
        """A larger share or tier adds room and forgets nothing."""
        budget = Budget(clock=world, tier="standard", share=0.5)
        for _ in range(400):
            budget.spend()
        before = budget.hour_remaining
        budget.reconfigure(tier="professional", share=0.2)

        assert (before, budget.hour_remaining) == (100, 600)


def test_a_long_life_keeps_no_more_than_the_hour_needs(world: World, budget: Budget) -> None:
    """Requests that left the hour are dropped in batches, and the count stays exact."""
    for _ in range(5_000):
        budget.spend()
        world.sleep(3)

    found = re.search(r"RequestLedger\((\d+) requests\)", repr(budget))
    assert found is not None
    assert 1_199 <= int(found[1]) <= 1_199 + 1_002
    budget.reconfigure(tier="standard", share=1.0)
    assert budget.hour_remaining == 0
    budget.reconfigure(tier="enterprise", share=1.0)
    assert budget.hour_remaining == 20_000 - 1_199
