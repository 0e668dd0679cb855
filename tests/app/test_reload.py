"""Reading the configuration anew."""

import threading
from collections.abc import Iterator
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
    """Return what is logged."""
    capture = LogCapture()
    structlog.configure(processors=[capture])
    yield capture
    structlog.reset_defaults()


class Files:
    """A configuration that can be well or wrong, and what was put into force."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.in_force: list[Config] = []
        self.done = threading.Event()
        self.gauges = ReloadCollector(5.0)
        self.world = World(100.0)
        self.reloader = Reloader(self.load, self.apply, self.gauges, structlog.get_logger(), self.world)

    def load(self) -> Config:
        """Return a configuration, or raise."""
        if self.error:
            self.done.set()
            raise self.error
        return Config()

    def apply(self, config: Config) -> None:
        """Note it."""
        self.in_force.append(config)
        self.done.set()

    @property
    def values(self) -> list[float]:
        """The gauges' values."""
        return [family.samples[0].value for family in self.gauges.collect()]


def test_what_is_well_comes_into_force(logged: LogCapture) -> None:
    """Gauges and log say so."""
    files = Files()
    files.reloader.reload()

    assert files.in_force == [Config()]
    assert files.values == [1, 100.0]
    assert [entry["event"] for entry in logged.entries] == ["reloaded"]


def test_what_is_wrong_changes_nothing(logged: LogCapture) -> None:
    """The old one stays with its time; caller, gauge and log say why. Then all is well again."""
    files = Files()
    files.error = ConfigError("exporter.yml: no")
    with pytest.raises(ConfigError, match=r"exporter\.yml: no"):
        files.reloader.reload()
    after_failure = files.values
    files.error = None
    files.reloader.reload()

    assert after_failure == [0, 5.0]
    assert logged.entries[0]["problem"] == "exporter.yml: no"
    assert logged.entries[0]["log_level"] == "error"
    assert files.values == [1, 100.0]
    assert files.in_force == [Config()]


@pytest.mark.usefixtures("logged")
def test_a_bug_while_reloading_is_a_failed_reload() -> None:
    """The gauge says that the configuration in force is not the file's."""
    files = Files()
    files.error = ZeroDivisionError("a bug")
    with pytest.raises(ZeroDivisionError):
        files.reloader.reload()

    assert files.values == [0, 5.0]
    assert files.in_force == []


@pytest.mark.parametrize(
    "content",
    [r'"\Uffffffff"', "!!set {a}", '"` - at `$ ": 1', r'targets: [{name: "\ud800", token: t}]', "[" * 5000],
)
def test_a_hostile_file_changes_nothing(logged: LogCapture, tmp_path: Path, content: str) -> None:
    """It is refused as any other: the old configuration stays, gauge and log say so."""
    path = tmp_path / "config.yml"
    path.write_text(content)
    files = Files()
    reloader = Reloader(
        lambda: load_config(path, {}), files.apply, files.gauges, structlog.get_logger(), files.world
    )
    with pytest.raises(ConfigError, match=r"config\.yml: "):
        reloader.reload()

    assert files.values == [0, 5.0]
    assert files.in_force == []
    assert len(logged.entries) == 1
