"""One walk of a target, over real sockets."""

from contextlib import closing

from exporter.api import BACKUPS
from exporter.errors import Reason
from exporter.simulator import SimulatedApi, bulk_backups
from exporter.target.running_walk import RunningWalk
from tests.support.instance_rig import Rig
from tests.support.programs import refusing_port


def test_a_walk_has_its_snapshot_its_cost_and_the_page_size() -> None:
    """The page size is the one that the API granted."""
    with (
        SimulatedApi(backups=bulk_backups(45, 3)) as api,
        closing(Rig(api.url, instances="off", page_size=20)) as rig,
    ):
        outcome = rig.walk()

    assert outcome.snapshot is not None
    assert outcome.snapshot.summary.backups == 45
    assert (outcome.stats.pages, outcome.stats.requests, outcome.page_size) == (3, 3, 20)


def test_a_failed_walk_has_its_cost_and_a_hint() -> None:
    """A `url` that already ends with /v1 is the most common mistake."""
    with (
        SimulatedApi(backups=bulk_backups(5, 1)) as api,
        closing(Rig(f"{api.url}/v1", instances="off")) as rig,
    ):
        outcome = rig.walk()

    assert outcome.error is not None
    assert outcome.error.message.startswith(f"HTTP 404 from {api.url}/v1{BACKUPS.path}; is `url` right?")
    assert (outcome.stats.pages, outcome.stats.requests) == (0, 1)


def test_an_error_keeps_nothing_that_the_walk_has_read() -> None:
    """Its traceback, which refers to every page, is gone."""
    with refusing_port() as port, closing(Rig(f"http://127.0.0.1:{port}", instances="off")) as rig:
        outcome = rig.walk()

    assert outcome.error is not None
    assert outcome.error.__traceback__ is None


def test_a_cancelled_walk_sends_no_request() -> None:
    """Another thread gave it up before it began."""
    with SimulatedApi(backups=bulk_backups(5, 1)) as api, closing(Rig(api.url, instances="off")) as rig:
        running = RunningWalk(rig.clock.monotonic(), 20.0, rig.api.budget)
        running.cancel()
        outcome = rig.walker(20, running=running)
        requests = list(api.requests)

    assert outcome.error is not None
    assert outcome.error.reason is Reason.TIMEOUT
    assert requests == []


def test_reprs_name_the_state_and_no_secret() -> None:
    """They are for debuggers and logs."""
    with SimulatedApi(backups=bulk_backups(5, 1)) as api, closing(Rig(api.url)) as rig:
        text = repr(rig.walker)

    assert text.startswith("TargetWalker('default', BackupList(")
    assert "InstanceList(InstanceListState(Unknown), WalkRunner(running=None, abandoned=0))" in text
    assert "demo-secret" not in text
