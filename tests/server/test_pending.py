"""The limit of all response bodies that clients have yet to read."""

from contextlib import AbstractContextManager, ExitStack

from hypothesis import given
from hypothesis import strategies as st

from exporter.server.pending import PendingBodies
from exporter.server.refusals import Refusal


class Connection:
    """A connection that notes why it was ended."""

    def __init__(self) -> None:
        self.ended: list[Refusal] = []

    def end(self, reason: Refusal) -> None:
        """Note it."""
        self.ended.append(reason)


STEPS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), st.sampled_from(("send", "read", "sent"))))


@given(STEPS)
def test_pending_bodies_are_always_limited(steps: list[tuple[int, int, str]]) -> None:
    """No more bytes than allowed are pending, or a single body; the slowest connections end first."""
    bodies = [b"x" * size for size in range(1, 7)]
    pending: PendingBodies[Connection] = PendingBodies(10)
    connections = [Connection() for _ in range(10)]
    held: dict[int, bytes] = {}
    blocks: dict[int, AbstractContextManager[None]] = {}
    for number, size, action in steps:
        connection = connections[number]
        if connection.ended or (action == "send" and number in held):
            continue
        if action == "send":
            blocks[number] = pending.sending(connection, bodies[size])
            blocks[number].__enter__()
            held[number] = bodies[size]
            ended = [each for each in held if connections[each].ended]
            assert ended == list(held)[: len(ended)]
            for each in ended:
                del held[each]
        elif action == "read":
            pending.progress(connection)
            if number in held:
                held[number] = held.pop(number)
        elif number in held:
            blocks[number].__exit__(None, None, None)
            del held[number]

        assert pending.total == sum(map(len, set(held.values())))
        assert pending.total <= 10 or len(held) == 1
        assert all(set(each.ended) <= {Refusal.UNREAD_RESPONSE} for each in connections)


def test_a_shared_body_counts_once() -> None:
    """Many connections may send it at the same time."""
    pending: PendingBodies[Connection] = PendingBodies(10)
    connections = [Connection() for _ in range(100)]
    body = b"x" * 9
    with ExitStack() as stack:
        for connection in connections:
            stack.enter_context(pending.sending(connection, body))

        assert repr(pending) == "PendingBodies(9 of 10 bytes, 100 connections)"

    assert pending.total == 0
    assert not any(connection.ended for connection in connections)
