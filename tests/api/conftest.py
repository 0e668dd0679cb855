"""Fixtures of the client's tests."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Unpack

import pytest

from exporter.simulator import Quirks, bulk_backups
from tests.support.client_rig import MakeRig, Rig
from tests.support.faults import FaultyApi
from tests.support.targets import TargetSettings


@pytest.fixture
def rig() -> Iterator[MakeRig]:
    """Return a maker of rigs, whose connections are closed at the end."""
    with ExitStack() as stack:

        def make(url: str, **settings: Unpack[TargetSettings]) -> Rig:
            made = Rig(url, **settings)
            stack.callback(made.api.close)
            return made

        yield make


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    """Run an API of 45 backups: three pages of twenty."""
    with FaultyApi(backups=bulk_backups(45, 6), quirks=Quirks(gzip=False)) as running:
        yield running
