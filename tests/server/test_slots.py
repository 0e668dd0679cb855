"""Places for requests."""

import asyncio
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.server.refusals import Refusal
from exporter.server.slots import Slots, TooManyRequestsError, unless_gone


async def _settle() -> None:
    """Let everything run that can."""
    for _ in range(5):
        await asyncio.sleep(0)


@given(st.integers(1, 4), st.lists(st.sampled_from(["take", "free", "leave"]), max_size=40))
def test_never_more_than_allowed_and_none_is_lost(most: int, steps: Iterable[str]) -> None:
    """However requests take, wait, leave and give back: a place is free only while no request waits."""

    async def run() -> None:
        slots = Slots(most, lambda _: None, patience=1000)
        taking: list[asyncio.Task[bool]] = []
        held = 0
        for number, step in enumerate(steps):
            if step == "take":
                taking.append(asyncio.create_task(slots.take(f"192.0.2.{number % 3}")))
            elif step == "free" and held:
                slots.free()
                held -= 1
            elif step == "leave" and taking:
                taking.pop().cancel()
            await _settle()
            held += sum(one.done() for one in taking)
            taking = [one for one in taking if not one.done()]

            assert slots.in_flight == held <= most
            assert slots.waiting == len(taking)
            assert held == most or not taking
        for one in taking:
            one.cancel()
        await asyncio.gather(*taking, return_exceptions=True)

    asyncio.run(run())


def test_a_place_given_to_a_request_that_is_cancelled_at_that_moment_is_passed_on() -> None:
    """The request after it gets the place."""

    async def run() -> tuple[bool, int]:
        slots = Slots(1, lambda _: None)
        await slots.take("a")
        leaving, next_one = (asyncio.create_task(slots.take("a")) for _ in range(2))
        await _settle()
        slots.free()
        leaving.cancel()
        taken = await next_one
        return taken, slots.in_flight

    assert asyncio.run(run()) == (True, 1)


def test_each_network_has_its_turn() -> None:
    """A single client does not wait for the three hundred of another network."""

    async def run() -> int:
        slots = Slots(1, lambda _: None, patience=1000)
        await slots.take("192.0.2.1")
        crowd = [asyncio.create_task(slots.take("192.0.2.1")) for _ in range(300)]
        await _settle()
        alone = asyncio.create_task(slots.take("192.0.2.2"))
        await _settle()
        given = 0
        while not alone.done():
            slots.free()
            given += 1
            await _settle()
        for one in crowd:
            one.cancel()
        return given

    assert asyncio.run(run()) <= 2


def test_a_request_that_waits_in_vain_is_refused() -> None:
    """And counted, and it waits no more."""
    refused: list[Refusal] = []

    async def run() -> tuple[int, int]:
        slots = Slots(1, refused.append, patience=0.01)
        await slots.take("a")
        with pytest.raises(TooManyRequestsError):
            await slots.take("a")
        return slots.in_flight, slots.waiting

    assert asyncio.run(run()) == (1, 0)
    assert refused == [Refusal.TOO_MANY_REQUESTS]


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
