"""Reloads: which configuration applies, and what gauges and log show."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from structlog.testing import LogCapture

from exporter.app.reload import Reloader
from exporter.config import Config, load_config
from exporter.errors import ConfigError
from exporter.metrics.own import ReloadCollector
from tests.support.world import World


@pytest.fixture
def logged() -> Iterator[LogCapture]:
    """Record what is logged."""
    capture = LogCapture()
    structlog.configure(processors=[capture])
    yield capture
    structlog.reset_defaults()


class Source:
    """A configuration that can be good or bad, and what was put into force."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.in_force: list[Config] = []
        self.gauges = ReloadCollector(5.0)
        self.world = World(100.0)
        self.reloader = self.reloading(self.load)

    def reloading(self, load: Callable[[], Config]) -> Reloader:
        """Return a reloader that loads in some other way."""
        return Reloader(load, self.in_force.append, self.gauges, structlog.get_logger(), self.world)

    def load(self) -> Config:
        """Return a configuration, or raise."""
        if self.error:
            raise self.error
        return Config()

    @property
    def values(self) -> list[float]:
        """The gauges' values."""
        return [family.samples[0].value for family in self.gauges.collect()]


def test_a_valid_configuration_is_applied(logged: LogCapture) -> None:
    """The gauges show success and its time, and the log has one event."""
    source = Source()
    source.reloader.reload()

    assert source.in_force == [Config()]
    assert source.values == [1, 100.0]
    assert [entry["event"] for entry in logged.entries] == ["configuration reloaded"]


def test_a_bad_configuration_changes_nothing(logged: LogCapture) -> None:
    """Caller, gauge and log get the reason for keeping the old one; a later valid one is applied."""
    source = Source()
    source.error = ConfigError("exporter.yml: bad")
    with pytest.raises(ConfigError, match=r"exporter\.yml: bad"):
        source.reloader.reload()
    after_failure = source.values
    source.error = None
    source.reloader.reload()

    assert after_failure == [0, 5.0]
    assert logged.entries[0]["problem"] == "exporter.yml: bad"
    assert logged.entries[0]["log_level"] == "error"
    assert source.values == [1, 100.0]
    assert source.in_force == [Config()]


@pytest.mark.usefixtures("logged")
def test_a_bug_while_reloading_is_a_failed_reload() -> None:
    """The gauge shows that the current configuration is not the file's."""
    source = Source()
    source.error = ZeroDivisionError("a bug")
    with pytest.raises(ZeroDivisionError):
        source.reloader.reload()

    assert source.values == [0, 5.0]
    assert source.in_force == []


@pytest.mark.parametrize(
    "content",
    [r'"\Uffffffff"', "!!set {a}", '"` - at `$ ": 1', r'targets: [{name: "\ud800", token: t}]', "[" * 5000],
)
def test_a_hostile_file_changes_nothing(logged: LogCapture, tmp_path: Path, content: str) -> None:
    """The old configuration is kept, and gauge and log show it."""
    path = tmp_path / "config.yml"
    path.write_text(content)
    source = Source()
    reloader = source.reloading(lambda: load_config(path, {}))
    with pytest.raises(ConfigError, match=r"config\.yml: "):
        reloader.reload()

    assert source.values == [0, 5.0]
    assert source.in_force == []
    assert len(logged.entries) == 1


def test_its_repr_shows_how_the_last_reload_went() -> None:
    """A debugger shows which state it is in."""
    assert repr(Source().reloader) == "<Reloader successful=True>"
