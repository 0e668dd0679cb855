"""Places for requests."""

import asyncio
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.refusals import Refusal
from exporter.slots import Slots, TooManyRequestsError, unless_gone


@given(st.integers(1, 5), st.lists(st.booleans()))
def test_never_more_than_allowed(most: int, steps: Iterable[bool]) -> None:
    """One more is refused and counted; a place that is given back can be taken again."""
    refused: list[Refusal] = []
    slots = Slots(most, refused.append)
    expected = 0
    for takes in steps:
        before = len(refused)
        if takes and expected == most:
            with pytest.raises(TooManyRequestsError):
                slots.take()
            assert refused[before:] == [Refusal.TOO_MANY_REQUESTS]
        elif takes:
            slots.take()
            expected += 1
        elif expected:
            slots.free()
            expected -= 1

        assert slots.in_flight == expected


async def _waited_for(messages: list[str], result: int | None) -> tuple[int | None, bool]:
    work: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    if result is not None:
        work.set_result(result)

    async def receive() -> dict[str, str]:
        if messages:
            return {"type": messages.pop(0)}
        await asyncio.Event().wait()
        raise AssertionError

    return await unless_gone(receive, work), work.cancelled()


@pytest.mark.parametrize(
    ("messages", "result", "expected"),
    [
        ([], 1, (1, False)),
        (["http.request"], 1, (1, False)),
        (["http.request", "http.disconnect"], None, (None, True)),
    ],
)
def test_work_for_clients_that_leave(
    messages: list[str], result: int | None, expected: tuple[int | None, bool]
) -> None:
    """It is cancelled once the client has disconnected; what is ready is returned."""
    assert asyncio.run(_waited_for(messages, result)) == expected
