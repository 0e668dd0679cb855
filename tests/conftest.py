"""What several test files need."""

import logging
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest
import structlog
from hypothesis import settings

from tests.support.demo import Demo, running_demo
from tests.support.leaks import pytest_configure, pytest_runtest_makereport
from tests.support.started import StartedThreads, recorded_threads

__all__ = ["pytest_configure", "pytest_runtest_makereport"]
Promtool = Callable[[str], str]
settings.register_profile("any machine", deadline=None)  # a busy one takes longer for an example
settings.register_profile("quick", deadline=None, max_examples=30)  # `make check` runs 100
settings.load_profile("any machine")


@pytest.fixture
def promtool() -> Promtool:
    """Return what says what `promtool check metrics` finds in an exposition."""
    path = shutil.which("promtool")
    if path is None and os.environ.get("CI") == "true":
        pytest.fail("promtool is missing: apt-get install prometheus")
    if path is None:
        pytest.skip("promtool is missing (apt-get install prometheus): metrics are not checked")

    def check(exposition: str) -> str:
        command = [path, "check", "metrics"]
        return subprocess.run(
            command,
            input=exposition,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        ).stdout

    return check


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """Run `bycloud-backup-exporter demo` on a free port."""
    with running_demo() as demo:
        yield demo


@pytest.fixture
def started() -> Iterator[StartedThreads]:
    """Record the threads that this test starts; to be the first of a test's fixtures."""
    with recorded_threads() as threads:
        yield threads


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    """Let no test see the logging that another one has set up."""
    yield
    structlog.reset_defaults()
    for handler in logging.root.handlers[:]:
        if type(handler).__module__ == "exporter.cli.logs":
            logging.root.removeHandler(handler)
    logging.root.setLevel(logging.WARNING)
