"""Host names: resolved within the deadline, in no more threads than there are names."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import pytest

from exporter.api.resolver import Resolver

TCP = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")


class Names:
    """A system's resolver that answers when it is told to, and counts what it is asked for."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.answers = threading.Event()

    def getaddrinfo(self, host: str, port: int, *arguments: int) -> list[object]:
        """Return one address; of a name that begins with `no`, none."""
        if arguments[-1]:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        self.asked[host] += 1
        self.answers.wait(60)
        if host.startswith("no"):
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return [(*TCP, ("192.0.2.1", port))]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    """Put them in the system's place."""
    made = Names()
    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
    yield made
    made.answers.set()


@pytest.mark.parametrize("address", ["127.0.0.1", "192.0.2.7"])
def test_an_address_is_its_own(address: str) -> None:
    """It needs no thread and no time."""
    assert Resolver().resolve(address, 80, 0) == (address,)


def test_a_name_has_its_addresses(names: Names) -> None:
    """In the system's order."""
    names.answers.set()

    assert Resolver().resolve("host", 80, 30) == ("192.0.2.1",)


def test_a_name_that_is_not_known_is_an_error(names: Names) -> None:
    """The system's own; each time it is asked again."""
    names.answers.set()
    resolver = Resolver()
    for _ in range(2):
        with pytest.raises(socket.gaierror, match="not known"):
            resolver.resolve("no-host", 80, 30)

    assert names.asked["no-host"] == 2


def test_a_resolver_that_hangs_costs_one_thread_for_each_name(names: Names) -> None:
    """However often it is tried; once it answers, the next try is a new one."""
    resolver = Resolver()
    for host in ("one", "two", "one", "two", "one"):
        with pytest.raises(TimeoutError):
            resolver.resolve(host, 80, 0.01)
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(resolver.resolve, "one", 80, 60) for _ in range(4)]
        asked = dict(names.asked)
        names.answers.set()
        answers = [future.result(60) for future in waiting]

    assert asked == {"one": 1, "two": 1}
    assert answers == [("192.0.2.1",)] * 4
    assert resolver.resolve("two", 80, 60) == ("192.0.2.1",)


def test_no_thread_to_be_had_is_an_error_of_the_system(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next try may find one."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    names.answers.set()
    resolver = Resolver()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(OSError, match="temporarily unavailable"):
            resolver.resolve("host", 80, 30)

    assert resolver.resolve("host", 80, 30) == ("192.0.2.1",)


def test_why_a_name_does_not_resolve_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that is down is no wrong name: nothing hides its own words."""

    def down(_host: str, _port: int, _family: int, _kind: int, _protocol: int, flags: int) -> NoReturn:
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", down)
    with pytest.raises(socket.gaierror, match="Temporary failure") as failure:
        Resolver().resolve("api.example.invalid", 443, 30)

    assert failure.value.__context__ is None
