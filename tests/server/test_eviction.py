"""Tests for the order in which waiting connections end."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.server.eviction import ConnectionClass, EvictionQueue

STEPS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from((None, *ConnectionClass))))


@given(STEPS)
def test_the_first_of_the_largest_class_is_next(steps: list[tuple[int, ConnectionClass | None]]) -> None:
    """Progress makes a connection the last of its class; one that no longer waits is never next."""
    queue: EvictionQueue[int] = EvictionQueue()
    waiting: dict[int, ConnectionClass] = {}
    for connection, connection_class in steps:
        waiting.pop(connection, None)
        if connection_class is None:
            queue.discard(connection)
        else:
            queue.add(connection, connection_class)
            waiting[connection] = connection_class
    classes = [[one for one, its_class in waiting.items() if its_class is each] for each in ConnectionClass]
    largest = max(classes, key=len)

    assert queue.next() == (largest[0] if largest else None)
    assert len(queue) == len(waiting)


def test_of_equal_classes_new_connections_end_first() -> None:
    """Then come those whose login waits, then idle ones, then readers."""
    queue: EvictionQueue[str] = EvictionQueue()
    for each in reversed(ConnectionClass):
        queue.add(each.name, each)
    order = []
    while name := queue.next():
        order.append(name)
        queue.discard(name)

    assert order == ["NEW", "AUTHENTICATING", "PROVEN", "READING"]


def test_the_repr_of_the_queue() -> None:
    """It has the size of each class."""
    queue: EvictionQueue[str] = EvictionQueue()
    queue.add("idle", ConnectionClass.PROVEN)

    assert repr(queue) == "EvictionQueue(0 NEW, 0 AUTHENTICATING, 1 PROVEN, 0 READING)"
