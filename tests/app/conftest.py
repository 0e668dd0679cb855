"""An embedded API, and targets that use it."""

from collections.abc import Iterator
from typing import Unpack

import pytest

from exporter.config import Target
from exporter.simulator import SimulatedApi, hosts, many
from tests.support.targets import MakeTarget, TargetSettings, target


@pytest.fixture
def api() -> Iterator[SimulatedApi]:
    """Run an API of 45 backups and 6 databases."""
    with SimulatedApi(backups=many(45, 6), instances=hosts(6)) as running:
        yield running


@pytest.fixture
def make(api: SimulatedApi) -> MakeTarget:
    """Return a maker of targets on the API."""

    def make(name: str, **settings: Unpack[TargetSettings]) -> Target:
        return target(name, api.url, **settings)

    return make
