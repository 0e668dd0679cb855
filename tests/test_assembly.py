"""The parts put together, and put together anew while they run."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exporter.assembly import Exporter, Parts
from exporter.config import Config, Limit, Objective, Target, Url
from exporter.credentials import Secret
from exporter.errors import ConfigError
from exporter.simulator import SimulatedApi, hosts, many
from tests.test_web import get, running

Make = Callable[..., Target]


@pytest.fixture
def api() -> Iterator[SimulatedApi]:
    """Run an API."""
    with SimulatedApi(backups=many(45, 6), instances=hosts(6)) as running:
        yield running


@pytest.fixture
def make(api: SimulatedApi) -> Make:
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
    assert after["a"].peek().snapshot is not None
    assert after["b"] is not before["b"]
    assert after["b"].peek().snapshot is None
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
    monkeypatch.setattr(Parts, "close", lambda parts: closed.append(parts.target.name))
    with pytest.raises(ConfigError, match="missing"):
        exporter.apply(wrong)
    monkeypatch.undo()

    assert closed == ["new"]
    assert exporter.scrapers == before
    assert all(scraper.scrape(30).up for scraper in exporter.scrapers.values())


def test_objectives_hold_for_all(exporter: Exporter, make: Make) -> None:
    """What did not change is judged by the new ones at its next walk."""
    scraper = exporter.scrapers["a"]
    exporter.apply(Config(targets=(make("a"),), objectives=(Objective(max_age=Limit(77.0)),)))
    answer = scraper.scrape(30)

    assert answer.snapshot is not None
    assert {recovery.objective_age for recovery in answer.snapshot.recoveries} == {77.0}


@pytest.mark.parametrize(
    ("mode", "refused", "lists"), [("auto", True, 1), ("auto", False, 0), ("off", True, 0)]
)
def test_a_refused_list_is_tried_again(
    api: SimulatedApi, make: Make, mode: str, lists: int, *, refused: bool
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
