"""An embedded API, and targets that use it."""

from collections.abc import Iterator
from typing import Unpack

import pytest

from exporter.config import Target
from exporter.simulator import bulk_backups, bulk_instances
from tests.support.faults import FaultyApi
from tests.support.targets import MakeTarget, TargetSettings, target


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    """Run an API of 45 backups and 6 databases."""
    with FaultyApi(backups=bulk_backups(45, 6), instances=bulk_instances(6)) as running:
        yield running


@pytest.fixture
def make(api: FaultyApi) -> MakeTarget:
    """Return a maker of targets on the API."""

    def make(name: str, **settings: Unpack[TargetSettings]) -> Target:
        return target(name, api.url, **settings)

    return make
