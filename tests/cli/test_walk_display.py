"""The progress of a walk on a real pseudo-terminal."""

import sys
from collections.abc import Callable

import pytest
import structlog

from exporter.app.exporter import Exporter
from exporter.cli.logs import configure_logs
from exporter.cli.walking import walk
from exporter.config import Config
from exporter.simulator import Quirks, bulk_backups
from exporter.target import WalkOutcome
from tests.support.faults import FaultyApi
from tests.support.targets import target
from tests.support.terminal import ERASED, Terminal
from tests.support.world import World

PACED = "default: page 30 of 45, 1m left: the API allows 30 requests a minute"


class WatchedWorld(World):
    """Time that calls a function before it passes."""

    def __init__(self, before_sleep: Callable[[], None]) -> None:
        super().__init__()
        self._before_sleep = before_sleep

    def sleep(self, seconds: float) -> None:
        """Call the function, then let time pass."""
        self._before_sleep()
        super().sleep(seconds)


def paced_walk(before_sleep: Callable[[], None]) -> WalkOutcome:
    """Walk 45 pages of the smallest tier, which allows 30 requests a minute to the exporter.

    :param before_sleep: called when the walk must wait for the next minute.
    """
    clock = WatchedWorld(before_sleep)
    quirks = Quirks(max_limit=1)
    with FaultyApi(backups=bulk_backups(45, 6), tier="standard", quirks=quirks, clock=clock.now) as api:
        config = Config(targets=(target(url=api.url, max_concurrency=1, instances="off"),))
        with Exporter(config, clock=clock) as exporter:
            return walk(exporter.runtimes["default"])


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the width and the kind of the terminal."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm-256color")


def test_a_walk_that_waits_for_the_api_says_so_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line has the page, the time that is left and the API's limit; nothing is left of it at the end."""
    with Terminal() as terminal:
        monkeypatch.setattr(sys, "stderr", terminal.stream)
        outcome = paced_walk(lambda: terminal.read_until(PACED))
        shown = terminal.read_to_end()

    assert outcome.stats.pages == 45
    assert shown.endswith(ERASED)
    assert "default: page 45 of 45" in shown


def test_log_lines_appear_above_the_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that is logged meanwhile is not mixed with the progress."""

    def log() -> None:
        terminal.read_until(PACED)
        structlog.get_logger().error("while walking")
        terminal.read_until("while walking")

    with Terminal() as terminal:
        monkeypatch.setattr(sys, "stderr", terminal.stream)
        configure_logs("error", "logfmt")
        paced_walk(log)
        shown = terminal.read_to_end()
    (line,) = [line for line in shown.split("\r\n") if "while walking" in line]

    assert line.rpartition("\x1b[2K")[2].startswith("timestamp=")


@pytest.mark.parametrize("kind", ["dumb", "unknown"])
def test_a_terminal_without_a_cursor_shows_nothing(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Progress that cannot be erased is not shown."""
    monkeypatch.setenv("TERM", kind)
    with Terminal() as terminal:
        monkeypatch.setattr(sys, "stderr", terminal.stream)
        outcome = paced_walk(lambda: None)
        shown = terminal.read_to_end()

    assert outcome.stats.pages == 45
    assert shown == ""
