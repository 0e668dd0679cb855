"""Tests of `exporter.fair_queue`."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from exporter.fair_queue import FairQueue, QueueFullError


class Item(Struct, frozen=True, eq=False):
    """An item, equal only to itself."""

    client: str


def drained(queue: FairQueue[Item]) -> list[Item]:
    """Pop all items."""
    found = []
    while taken := queue.pop():
        found.append(taken)
    return found


def test_the_order_is_a_round_robin_over_clients() -> None:
    """Within a client, items keep their order of arrival."""
    queue = FairQueue[Item]()
    items = [Item(client) for client in "AAABBC"]
    for one in items:
        queue.add(one.client, one)

    assert len(queue) == len(list(queue)) == 6
    assert drained(queue) == [items[index] for index in (0, 3, 5, 1, 4, 2)]
    assert len(queue) == 0


def test_one_client_cannot_take_every_place() -> None:
    """Its next item is refused while other clients still have places."""
    queue = FairQueue[Item](total=4, per_client=2)
    for _ in range(2):
        queue.add("A", Item("A"))
    with pytest.raises(QueueFullError):
        queue.add("A", Item("A"))

    assert queue.add("B", Item("B")) is None


def test_the_largest_client_gives_up_its_newest_item() -> None:
    """A client with at least two fewer items gets the place."""
    queue = FairQueue[Item](total=4, per_client=4)
    crowd = [Item("A") for _ in range(3)]
    for one in (*crowd, Item("B")):
        queue.add(one.client, one)

    assert queue.add("C", Item("C")) is crowd[2]
    assert queue.add("D", Item("D")) is crowd[1]
    with pytest.raises(QueueFullError):
        queue.add("E", Item("E"))
    assert Counter(one.client for one in queue) == {"A": 1, "B": 1, "C": 1, "D": 1}


def test_a_client_without_a_name_gives_up_its_place_too() -> None:
    """An address that is unknown is a client like any other."""
    queue = FairQueue[Item](total=4)
    for _ in range(4):
        queue.add("", Item(""))

    assert queue.add("A", Item("A")) is not None
    assert len(queue) == 4


def test_discard() -> None:
    """A discarded item is never popped; discarding it twice does nothing."""
    queue = FairQueue[Item]()
    one, other = Item("A"), Item("A")
    for each in (one, other):
        queue.add(each.client, each)
    queue.discard(one.client, one)
    queue.discard(one.client, one)

    assert drained(queue) == [other]
    queue.discard(other.client, other)


CLIENTS = st.sampled_from("ABCDEFG")


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), CLIENTS)), st.integers(1, 6))
def test_bounds_and_fairness(steps: list[str | None], total: int) -> None:
    """The bounds always hold, and no client is refused while another one has two items more."""
    queue = FairQueue[Item](total, per_client=3)
    for step in steps:
        if step is None:
            queue.pop()
            continue
        counts = Counter(one.client for one in queue)
        try:
            displaced = queue.add(step, Item(step))
        except QueueFullError:
            full = counts.total() == total
            assert counts[step] == 3 or (full and max(counts.values()) <= counts[step] + 1)
        else:
            assert displaced is None or counts[displaced.client] > 1
        counts = Counter(one.client for one in queue)
        assert counts.total() == len(queue) <= total
        assert max(counts.values(), default=0) <= 3


@settings(deadline=None)
@given(st.lists(CLIENTS, min_size=1, max_size=30))
def test_an_item_waits_for_one_of_each_other_client(clients: list[str]) -> None:
    """The first item of each client is among the first turns."""
    queue = FairQueue[Item]()
    for client in clients:
        queue.add(client, Item(client))
    known = set(clients)

    assert {one.client for one in drained(queue)[: len(known)]} == known


def test_repr() -> None:
    """It shows numbers, and no item."""
    queue = FairQueue[str]()
    queue.add("192.0.2.7", "secret")

    assert repr(queue) == "FairQueue(1 of 1 clients)"
