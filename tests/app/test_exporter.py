"""The parts put together, and put together anew while they run."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from exporter.app.exporter import Exporter, TargetRuntime
from exporter.config.credentials import Secret
from exporter.config.schema import Config, MaxDuration, Objective, Target, Url
from exporter.errors import ConfigError
from exporter.simulator import Request, hosts, many
from tests.support.faults import ErrorBody, FaultyApi
from tests.web.test_endpoints import get, running

Make = Callable[..., Target]


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    """Run an API."""
    with FaultyApi(backups=many(45, 6), instances=hosts(6)) as running:
        yield running


@pytest.fixture
def make(api: FaultyApi) -> Make:
    """Return what makes targets on the API."""

    def make(name: str, **settings: object) -> Target:
        return Target(name=name, url=Url(api.url), api_key=Secret("demo:demo-secret"), **settings)  # type: ignore[arg-type]

    return make


@pytest.fixture
def exporter(make: Make) -> Iterator[Exporter]:
    """Return an exporter of three targets, each scraped once."""
    running = Exporter(Config(targets=(make("a"), make("b"), make("c"))))
    for scraper in running.scrapers.values():
        scraper.scrape(30)
    yield running
    running.close()


def test_what_did_not_change_keeps_what_it_knows(exporter: Exporter, make: Make) -> None:
    """The same scraper with its snapshot; what changed or is new begins anew, in the new order."""
    before = dict(exporter.scrapers)
    exporter.apply(Config(targets=(make("d"), make("a"), make("b", page_size=20))))
    after = exporter.scrapers

    assert list(after) == ["d", "a", "b"]
    assert after["a"] is before["a"]
    assert after["a"].last_result().snapshot is not None
    assert after["b"] is not before["b"]
    assert after["b"].last_result().snapshot is None
    assert exporter.apis.keys() == exporter.walks.keys() == after.keys()


def test_what_is_gone_is_closed(exporter: Exporter, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connections, and its scrapes' waiting; nobody else's."""
    closed: list[str] = []
    for name, api in exporter.apis.items():
        monkeypatch.setattr(api, "close", lambda name=name: closed.append(name))
    exporter.apply(Config(targets=(make("a"), make("b", page_size=20))))

    assert sorted(closed) == ["b", "c"]


def test_a_configuration_that_cannot_be_changes_nothing(
    exporter: Exporter, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A target whose key cannot be read keeps the others from coming, and what was begun is closed."""
    before = exporter.scrapers
    missing = Target(name="bad", api_key_file=str(tmp_path / "missing"))
    wrong = Config(targets=(make("new"), missing, make("a", page_size=20)))
    closed: list[str] = []
    monkeypatch.setattr(TargetRuntime, "close", lambda parts: closed.append(parts.target.name))
    with pytest.raises(ConfigError, match="missing"):
        exporter.apply(wrong)
    monkeypatch.undo()

    assert closed == ["new"]
    assert exporter.scrapers == before
    assert all(scraper.scrape(30).up for scraper in exporter.scrapers.values())


def test_objectives_hold_for_all(exporter: Exporter, make: Make) -> None:
    """What did not change is judged by the new ones at its next walk."""
    scraper = exporter.scrapers["a"]
    exporter.apply(Config(targets=(make("a"),), objectives=(Objective(max_age=MaxDuration(77.0)),)))
    answer = scraper.scrape(30)

    assert answer.snapshot is not None
    assert {recovery.objective_age for recovery in answer.snapshot.assessments} == {77.0}


@pytest.mark.parametrize(
    ("mode", "refused", "lists"), [("auto", True, 1), ("auto", False, 0), ("off", True, 0)]
)
def test_a_refused_list_is_tried_again(
    api: FaultyApi, make: Make, mode: str, lists: int, *, refused: bool
) -> None:
    """A reload is how the exporter learns that it may list them after all; else nothing is asked anew."""
    config = Config(targets=(make("a", instances=mode),))
    exporter = Exporter(config)
    api.instances = None if refused else hosts(6)
    exporter.walks["a"](30, patience=30)
    before = len(api.requests)
    exporter.apply(config)
    exporter.walks["a"](30, patience=30)
    exporter.close()

    assert [request.path for request in api.requests[before:]].count("/v1/database-instances") == lists


def test_the_application_serves_what_is_in_force(exporter: Exporter, make: Make) -> None:
    """From a reload on, other targets."""
    with running(exporter.application()) as url:
        exporter.apply(Config(targets=(make("a"), make("d"))))
        statuses = [get(f"{url}/probe?target={name}").status_code for name in "abcd"]

    assert statuses == [200, 404, 404, 200]


class Held:
    """Holds back the answer to one request of a walk, until a test lets it go."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.released = threading.Event()

    def __call__(self, request: Request) -> bool:
        """Wait at the second page, in the API's own thread; say that nothing is to be changed there."""
        if "marker" in request.query:
            self.reached.set()
            assert self.released.wait(60)
        return False


@pytest.mark.parametrize("fate", ["removed", "changed"])
def test_a_removed_target_sends_nothing_more(api: FaultyApi, make: Make, fate: str) -> None:
    """Its walk ends: what is in flight is answered, nothing follows, and nothing unsent is counted."""
    old = make("a", page_size=1, max_concurrency=1, instances="off", api_tier="standard")
    exporter = Exporter(Config(targets=(old, make("b"))))
    held = Held()
    api.faults.add(ErrorBody(500), times=None, when=held)
    walk = exporter.walks["a"]
    with ThreadPoolExecutor(1) as pool:
        walking = pool.submit(walk, 60)
        assert held.reached.wait(60)
        sent = len(api.requests)
        changed = (
            (make("a", page_size=20, instances="off", api_tier="standard"),) if fate == "changed" else ()
        )
        exporter.apply(Config(targets=(*changed, make("b"))))
        held.released.set()
        outcome = walking.result(60)
        again = walk(60)
    exporter.close()

    assert outcome.error is not None
    assert again.error is not None
    assert again.stats.requests == 0
    assert len(api.requests) == sent
    assert walk.api.budget.hour_remaining == 500 - sent


class TestBudgets:
    """What becomes of a target's budget in a reload."""

    @staticmethod
    def spent(exporter: Exporter, name: str, requests: int) -> None:
        """Spend requests of one target's hour."""
        for _ in range(requests):
            exporter.apis[name].budget.spend()

    def test_a_changed_target_keeps_its_hour(self, make: Make) -> None:
        """Its URL and credential are the same: what was sent counts, against the new share."""
        exporter = Exporter(Config(targets=(make("a", api_tier="standard"),)))
        self.spent(exporter, "a", 400)
        exporter.apply(Config(targets=(make("a", api_tier="standard", budget_share=1.0, page_size=20),)))
        remaining = exporter.apis["a"].budget.hour_remaining
        shown = exporter.scrapers["a"].budget is exporter.apis["a"].budget
        exporter.close()

        assert remaining == 600
        assert shown

    def test_a_renamed_target_keeps_its_hour(self, make: Make) -> None:
        """The name is ours alone: the API counts by the account."""
        exporter = Exporter(Config(targets=(make("a", api_tier="standard"), make("b"))))
        self.spent(exporter, "a", 400)
        exporter.apply(Config(targets=(make("b"), make("c", api_tier="standard"))))
        remaining = exporter.apis["c"].budget.hour_remaining
        exporter.close()

        assert remaining == 100

    def test_no_two_targets_inherit_one_budget(self, make: Make) -> None:
        """Of two targets of one account each keeps its own; a third one starts with nothing spent."""
        exporter = Exporter(Config(targets=(make("a", api_tier="standard"), make("b", api_tier="standard"))))
        self.spent(exporter, "a", 100)
        self.spent(exporter, "b", 200)
        changed = tuple(make(name, api_tier="standard", page_size=20) for name in "cba")
        exporter.apply(Config(targets=changed))
        remaining = {name: api.budget.hour_remaining for name, api in exporter.apis.items()}
        exporter.close()

        assert remaining == {"a": 400, "b": 300, "c": 500}

    @pytest.mark.parametrize("other", [{"url": Url("http://127.0.0.1:9")}, {"api_key": Secret("other:key")}])
    def test_another_account_starts_with_nothing_spent(self, api: FaultyApi, other: dict[str, Any]) -> None:
        """Another URL or credential has a budget of its own."""
        settings: dict[str, Any] = {"url": Url(api.url), "api_key": Secret("demo:demo-secret")}
        before = Target(name="a", api_tier="standard", **settings)
        exporter = Exporter(Config(targets=(before,)))
        self.spent(exporter, "a", 400)
        exporter.apply(Config(targets=(Target(name="a", api_tier="standard", **(settings | other)),)))
        remaining = exporter.apis["a"].budget.hour_remaining
        exporter.close()

        assert remaining == 500

    def test_a_configuration_that_cannot_be_changes_no_budget(self, make: Make, tmp_path: Path) -> None:
        """The old share stays with the old configuration."""
        exporter = Exporter(Config(targets=(make("a", api_tier="standard"),)))
        missing = Target(name="bad", api_key_file=str(tmp_path / "missing"))
        with pytest.raises(ConfigError):
            exporter.apply(Config(targets=(make("a", api_tier="standard", budget_share=1.0), missing)))
        limit = exporter.apis["a"].budget.hour_limit
        exporter.close()

        assert limit == 500
