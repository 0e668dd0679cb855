"""All targets of a configuration, and a change of configuration while they run."""

import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest

from exporter.app.exporter import Exporter
from exporter.app.runtime import TargetRuntime
from exporter.config import Config, MaxDuration, Objective, Secret, Target
from exporter.errors import ConfigError
from exporter.simulator import Request, bulk_instances
from tests.support.application import get, running
from tests.support.faults import ErrorBody, FaultyApi
from tests.support.targets import MakeTarget, target


@pytest.fixture
def exporter(make: MakeTarget) -> Iterator[Exporter]:
    """Return an exporter of three targets, each scraped once."""
    with Exporter(Config(targets=(make("a"), make("b"), make("c")))) as running:
        for scraper in running.scrapers.values():
            scraper.scrape(30)
        yield running


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the names of the targets that are closed."""
    names: list[str] = []
    close = TargetRuntime.close

    def record(runtime: TargetRuntime) -> None:
        names.append(runtime.target.name)
        close(runtime)

    monkeypatch.setattr(TargetRuntime, "close", record)
    return names


def test_an_unchanged_target_keeps_its_snapshot(exporter: Exporter, make: MakeTarget) -> None:
    """A reload keeps its scraper; changed and new targets start over, in the new order."""
    before = exporter.scrapers
    exporter.reconfigure(Config(targets=(make("d"), make("a"), make("b", page_size=20))))
    after = exporter.scrapers

    assert list(after) == ["d", "a", "b"]
    assert after["a"] is before["a"]
    assert after["a"].last_result().snapshot is not None
    assert after["b"] is not before["b"]
    assert after["b"].last_result().snapshot is None


def test_removed_and_changed_targets_are_closed(
    exporter: Exporter, make: MakeTarget, closed: list[str]
) -> None:
    """A reload closes the connections of these targets only."""
    exporter.reconfigure(Config(targets=(make("a"), make("b", page_size=20))))

    assert sorted(closed) == ["b", "c"]


def test_the_end_of_the_block_closes_every_target(make: MakeTarget, closed: list[str]) -> None:
    """An exception that leaves the block closes them too."""
    with pytest.raises(ZeroDivisionError), Exporter(Config(targets=(make("a"), make("b")))):
        raise ZeroDivisionError

    assert closed == ["a", "b"]


def test_an_unusable_configuration_changes_nothing(
    exporter: Exporter, make: MakeTarget, tmp_path: Path, closed: list[str]
) -> None:
    """If one credential cannot be read, no target changes, and those that were started are closed."""
    before = exporter.runtimes
    unreadable = target("bad", api_key_file=tmp_path / "missing")
    with pytest.raises(ConfigError, match="missing"):
        exporter.reconfigure(Config(targets=(make("new"), unreadable, make("a", page_size=20))))

    assert closed == ["new"]
    assert exporter.runtimes == before
    assert all(scraper.scrape(30).up for scraper in exporter.scrapers.values())


def test_new_objectives_apply_to_unchanged_targets(exporter: Exporter, make: MakeTarget) -> None:
    """An unchanged target is assessed by the new objectives at its next walk."""
    scraper = exporter.scrapers["a"]
    exporter.reconfigure(Config(targets=(make("a"),), objectives=(Objective(max_age=MaxDuration(77.0)),)))
    result = scraper.scrape(30)

    assert result.snapshot is not None
    assert {database.objective.age for database in result.snapshot.assessments} == {77.0}


@pytest.mark.parametrize(
    ("mode", "refused", "lists"), [("auto", True, 1), ("auto", False, 0), ("off", True, 0)]
)
def test_a_reload_retries_a_refused_list_of_instances(
    api: FaultyApi, make: MakeTarget, mode: Literal["auto", "off"], lists: int, *, refused: bool
) -> None:
    """Only a list that the API refused is requested again, and never with `instances: off`."""
    config = Config(targets=(make("a", instances=mode),))
    with Exporter(config) as exporter:
        walk = exporter.runtimes["a"].walker
        api.instances = None if refused else bulk_instances(6)
        walk(30, instances_seconds=30)
        before = len(api.requests)
        exporter.reconfigure(config)
        walk(30, instances_seconds=30)

    assert [request.path for request in api.requests[before:]].count("/v1/database-instances") == lists


def test_the_application_serves_the_configuration_in_force(exporter: Exporter, make: MakeTarget) -> None:
    """After a reload, `/probe` knows the new targets and no others."""
    with running(exporter.application(telemetry_path="/metrics", max_requests=40)) as url:
        exporter.reconfigure(Config(targets=(make("a"), make("d"))))
        statuses = [get(f"{url}/probe?target={name}").status_code for name in "abcd"]

    assert statuses == [200, 404, 404, 200]


def test_its_repr_names_the_targets(exporter: Exporter) -> None:
    """A debugger shows which exporter it is."""
    assert repr(exporter) == "<Exporter of a, b, c>"


class Held:
    """Delays the response to a walk's second request until a test releases it."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.released = threading.Event()

    def __call__(self, request: Request) -> bool:
        """Wait at the second page, in the API's own thread; return `False`, which changes no response."""
        if "marker" in request.query:
            self.reached.set()
            assert self.released.wait(60)
        return False


@pytest.mark.parametrize("fate", ["removed", "changed"])
def test_a_removed_target_sends_no_further_request(api: FaultyApi, make: MakeTarget, fate: str) -> None:
    """Its walk ends after the request in flight, and the budget counts only what was sent."""

    def old(page_size: int) -> Target:
        return make("a", page_size=page_size, max_concurrency=1, instances="off", api_tier="standard")

    held = Held()
    api.faults.add(ErrorBody(500), times=None, when=held)
    with Exporter(Config(targets=(old(1), make("b")))) as exporter, ThreadPoolExecutor(1) as pool:
        walk = exporter.runtimes["a"].walker
        walking = pool.submit(walk, 60)
        assert held.reached.wait(60)
        sent = len(api.requests)
        changed = (old(20),) if fate == "changed" else ()
        exporter.reconfigure(Config(targets=(*changed, make("b"))))
        held.released.set()
        outcome = walking.result(60)
        again = walk(60)

    assert outcome.error is not None
    assert again.error is not None
    assert again.stats.requests == 0
    assert len(api.requests) == sent
    assert walk.api.budget.hour_remaining == 500 - sent


def test_the_own_metrics_tell_when_a_token_expires(make: MakeTarget) -> None:
    """The API refuses this one, but it has been read. A key does not tell."""
    claims = urlsafe_b64encode(b'{"exp":1767225600}').decode()
    token = Secret(f"aGVhZA.{claims}.c2ln")
    with Exporter(Config(targets=(make("a", token=token), make("b")))) as made:
        for scraper in made.scrapers.values():
            scraper.scrape(30)
        with running(made.application(telemetry_path="/metrics", max_requests=40)) as url:
            lines = get(f"{url}/metrics").text.splitlines()
    name = "bycloud_api_credential_expiry_timestamp_seconds"

    assert [line for line in lines if line.startswith(name)] == [f'{name}{{target="a"}} 1.7672256e+09']
