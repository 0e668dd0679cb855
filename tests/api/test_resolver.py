"""Host names resolve within a deadline, in at most one thread per name."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import pytest

from exporter.api.resolver import Resolver
from tests.support.names import TCP


class SystemResolver:
    """A system's resolver that returns when a test allows it, and counts the lookups of each name."""

    def __init__(self) -> None:
        self.lookups: Counter[str] = Counter()
        self.released = threading.Event()

    def getaddrinfo(self, host: str, port: int, *arguments: int) -> list[object]:
        """Return one address; a name that begins with `no` does not resolve."""
        if arguments[-1]:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        self.lookups[host] += 1
        self.released.wait(60)
        if host.startswith("no"):
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return [(*TCP, ("192.0.2.1", port))]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[SystemResolver]:
    """Replace the system's resolver."""
    made = SystemResolver()
    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
    yield made
    made.released.set()


@pytest.mark.parametrize("address", ["127.0.0.1", "192.0.2.7"])
def test_an_address_resolves_to_itself(address: str) -> None:
    """An address needs no lookup."""
    assert Resolver().resolve(address, 80, 0) == (address,)


def test_a_name_resolves_to_its_addresses(names: SystemResolver) -> None:
    """They are in the system's order."""
    names.released.set()

    assert Resolver().resolve("host", 80, 30) == ("192.0.2.1",)


def test_an_unknown_name_is_an_error(names: SystemResolver) -> None:
    """The error is the system's own, and the next attempt is a new lookup."""
    names.released.set()
    resolver = Resolver()
    for _ in range(2):
        with pytest.raises(socket.gaierror, match="not known"):
            resolver.resolve("no-host", 80, 30)

    assert names.lookups["no-host"] == 2


def test_a_hanging_resolver_costs_one_thread_per_name(names: SystemResolver) -> None:
    """Concurrent attempts share it; after it has returned, the next attempt is a new lookup."""
    resolver = Resolver()
    for host in ("one", "two", "one", "two", "one"):
        with pytest.raises(TimeoutError):
            resolver.resolve(host, 80, 0.01)
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(resolver.resolve, "one", 80, 60) for _ in range(4)]
        lookups = dict(names.lookups)
        names.released.set()
        results = [future.result(60) for future in waiting]

    assert lookups == {"one": 1, "two": 1}
    assert results == [("192.0.2.1",)] * 4
    assert resolver.resolve("two", 80, 60) == ("192.0.2.1",)


def test_a_system_without_threads_is_an_error(names: SystemResolver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next attempt may get a thread."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    names.released.set()
    resolver = Resolver()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(OSError, match="temporarily unavailable"):
            resolver.resolve("host", 80, 30)

    assert resolver.resolve("host", 80, 30) == ("192.0.2.1",)


def test_the_systems_error_is_passed_on_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's message distinguishes a resolver that is down from a wrong name."""

    def down(_host: str, _port: int, _family: int, _kind: int, _protocol: int, flags: int) -> NoReturn:
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", down)
    with pytest.raises(socket.gaierror, match="Temporary failure") as failure:
        Resolver().resolve("api.example.invalid", 443, 30)

    assert failure.value.__context__ is None


def test_repr_counts_lookups_in_progress() -> None:
    """A hanging resolver shows."""
    assert repr(Resolver()) == "Resolver(0 pending)"
