"""Room for connections."""

import resource
from collections.abc import Iterator

import pytest

from exporter.server.limits import Limits, raise_descriptor_limit


@pytest.fixture
def descriptors() -> Iterator[tuple[int, int]]:
    """Give what the process may open, and set it back in the end."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_system_is_asked_for_more(descriptors: tuple[int, int]) -> None:
    """As far as it gives it; then all connections that are wanted fit."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, descriptors[1]))

    assert raise_descriptor_limit(Limits(connections=300)) == Limits(connections=300)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 556


@pytest.mark.usefixtures("descriptors")
def test_enough_is_enough() -> None:
    """Where there is room already nothing is asked for."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)

    assert raise_descriptor_limit(Limits(connections=1)).connections == 1
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


@pytest.mark.parametrize(("given", "room"), [(600, 344), (400, 200)])
def test_what_the_system_gives(monkeypatch: pytest.MonkeyPatch, given: int, room: int) -> None:
    """Fewer connections where it gives less, and some descriptors are kept for the rest."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (given, given))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)

    assert raise_descriptor_limit(Limits()).connections == room
