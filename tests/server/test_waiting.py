"""Who goes first where there is no room for all."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.server.waiting import Crowd, UnreadResponses, WaitingConnections

STEPS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from((None, *Crowd))))


@given(STEPS)
def test_the_longest_silent_of_the_largest_crowd_goes(steps: list[tuple[int, Crowd | None]]) -> None:
    """Never one that is busy; of equal crowds, the one that is named first."""
    waiting: WaitingConnections[int] = WaitingConnections()
    now: dict[int, Crowd] = {}
    for connection, crowd in steps:
        now.pop(connection, None)
        waiting.remove(connection)
        if crowd:
            waiting.add(connection, crowd)
            now[connection] = crowd
    crowds = [[one for one, crowd in now.items() if crowd is which] for which in Crowd]
    largest = max(crowds, key=len)

    assert waiting.longest_silent() == (largest[0] if largest else None)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), st.sampled_from(("add", "read", "end")))))
def test_unread_bodies_are_always_limited(steps: list[tuple[int, int, str]]) -> None:
    """No more bytes than allowed, or a single body; the one that is sent last always stays."""
    bodies = [b"x" * size for size in range(1, 7)]
    unread: UnreadResponses[int] = UnreadResponses(10)
    held: dict[int, bytes] = {}
    for connection, size, action in steps:
        if action == "add":
            held.pop(connection, None)
            ended = unread.add(connection, bodies[size])
            assert ended == list(held)[: len(ended)]
            held[connection] = bodies[size]
            for one in ended:
                del held[one]
        elif action == "read":
            unread.progress(connection)
            if connection in held:
                held[connection] = held.pop(connection)
        else:
            unread.remove(connection)
            held.pop(connection, None)

        assert unread.total == sum(map(len, set(held.values())))
        assert unread.total <= 10 or len(held) == 1


def test_a_shared_body_counts_once() -> None:
    """Many may read it at once."""
    unread: UnreadResponses[int] = UnreadResponses(10)
    body = b"x" * 9
    ended = [one for connection in range(100) for one in unread.add(connection, body)]

    assert ended == []
    assert unread.total == 9
