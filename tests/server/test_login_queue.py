"""The queue of logins: bounded, and fair between networks."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.server.login_queue import Login, LoginQueue, TooManyLoginsError

LOOP = asyncio.new_event_loop()
LOOP.close()


def login(network: str) -> Login:
    """Return a login."""
    return Login(network, b"digest", b"secret", b"hash", asyncio.Future(loop=LOOP))


def drained(queue: LoginQueue) -> list[Login]:
    """Pop all logins."""
    found = []
    while taken := queue.pop():
        found.append(taken)
    return found


def test_the_order_is_a_round_robin_over_networks() -> None:
    """Within a network, logins keep their order of arrival."""
    queue = LoginQueue()
    logins = [login(network) for network in "AAABBC"]
    for one in logins:
        queue.add(one)

    assert len(queue) == len(list(queue)) == 6
    assert drained(queue) == [logins[index] for index in (0, 3, 5, 1, 4, 2)]
    assert len(queue) == 0


def test_one_network_cannot_take_every_place() -> None:
    """Its next login is refused while other networks still have places."""
    queue = LoginQueue(total=4, per_network=2)
    for _ in range(2):
        queue.add(login("A"))
    with pytest.raises(TooManyLoginsError):
        queue.add(login("A"))

    assert queue.add(login("B")) is None


def test_the_largest_network_gives_up_its_newest_login() -> None:
    """A network with at least two fewer logins gets the place."""
    queue = LoginQueue(total=4, per_network=4)
    crowd = [login("A") for _ in range(3)]
    for one in (*crowd, login("B")):
        queue.add(one)

    assert queue.add(login("C")) is crowd[2]
    assert queue.add(login("D")) is crowd[1]
    with pytest.raises(TooManyLoginsError):
        queue.add(login("E"))
    assert Counter(one.network for one in queue) == {"A": 1, "B": 1, "C": 1, "D": 1}


def test_discard() -> None:
    """A discarded login is never popped; discarding it twice does nothing."""
    queue = LoginQueue()
    one, other = login("A"), login("A")
    for each in (one, other):
        queue.add(each)
    queue.discard(one)
    queue.discard(one)

    assert drained(queue) == [other]
    queue.discard(other)


NETWORKS = st.sampled_from("ABCDEFG")


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), NETWORKS)), st.integers(1, 6))
def test_bounds_and_fairness(steps: list[str | None], total: int) -> None:
    """The bounds always hold, and no network is refused while another one has two logins more."""
    queue = LoginQueue(total, per_network=3)
    for step in steps:
        if step is None:
            queue.pop()
            continue
        counts = Counter(one.network for one in queue)
        try:
            displaced = queue.add(login(step))
        except TooManyLoginsError:
            full = counts.total() == total
            assert counts[step] == 3 or (full and max(counts.values()) <= counts[step] + 1)
        else:
            assert displaced is None or counts[displaced.network] > 1
        counts = Counter(one.network for one in queue)
        assert counts.total() == len(queue) <= total
        assert max(counts.values(), default=0) <= 3


@settings(deadline=None)
@given(st.lists(NETWORKS, min_size=1, max_size=30))
def test_a_login_waits_for_one_of_each_other_network(networks: list[str]) -> None:
    """The first login of each network is among the first turns."""
    queue = LoginQueue(total=100, per_network=100)
    for network in networks:
        queue.add(login(network))
    known = set(networks)

    assert {one.network for one in drained(queue)[: len(known)]} == known


def test_no_repr_shows_a_password() -> None:
    """Neither a login's nor the queue's `repr` has one."""
    queue = LoginQueue()
    queue.add(login("192.0.2.7"))

    assert repr(login("192.0.2.7")) == "Login(network='192.0.2.7')"
    assert repr(queue) == "LoginQueue(1 logins of 1 networks)"
