"""Tests of `exporter.fair_slots`."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from exporter.fair_queue import QueueFullError
from exporter.fair_slots import FairSlots


async def settle() -> None:
    """Let every task run as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


@given(st.integers(1, 4), st.lists(st.sampled_from(["acquire", "release", "cancel"]), max_size=40))
def test_the_limit_holds_and_no_slot_is_lost(limit: int, steps: Iterable[str]) -> None:
    """No sequence of steps exceeds the limit, and a slot is free only while no task waits."""

    async def run() -> None:
        slots = FairSlots(limit)
        waiting: list[asyncio.Task[None]] = []
        held = 0
        for number, step in enumerate(steps):
            if step == "acquire":
                waiting.append(asyncio.create_task(slots.acquire(f"192.0.2.{number % 3}")))
            elif step == "release" and held:
                slots.release()
                held -= 1
            elif step == "cancel" and waiting:
                waiting.pop().cancel()
            await settle()
            held += sum(task.done() for task in waiting)
            waiting = [task for task in waiting if not task.done()]

            assert slots.in_use == held <= limit
            assert slots.waiting == len(waiting)
            assert held == limit or not waiting
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(run())


def test_a_task_cancelled_as_it_gets_a_slot_passes_it_on() -> None:
    """The next task gets the slot."""

    async def run() -> int:
        slots = FairSlots(1)
        await slots.acquire("a")
        cancelled, next_task = (asyncio.create_task(slots.acquire("a")) for _ in range(2))
        await settle()
        slots.release()
        cancelled.cancel()
        await next_task
        return slots.in_use

    assert asyncio.run(run()) == 1


def test_clients_take_turns() -> None:
    """A client with one task does not wait for the three hundred tasks of another client."""

    async def run() -> int:
        slots = FairSlots(1)
        await slots.acquire("a")
        crowd = [asyncio.create_task(slots.acquire("a")) for _ in range(300)]
        await settle()
        alone = asyncio.create_task(slots.acquire("b"))
        await settle()
        released = 0
        while not alone.done():
            slots.release()
            released += 1
            await settle()
        for task in crowd:
            task.cancel()
        return released

    assert asyncio.run(run()) <= 2


def test_a_block_holds_a_slot_until_it_ends() -> None:
    """An exception in the block releases it too, and `repr` shows the numbers."""

    async def run() -> tuple[str, str]:
        slots = FairSlots(2)
        with suppress(ZeroDivisionError):
            async with slots.slot("a"):
                during = repr(slots)
                _ = 1 / 0
        return during, repr(slots)

    assert asyncio.run(run()) == (
        "FairSlots(1 of 2 in use, 0 waiting)",
        "FairSlots(0 of 2 in use, 0 waiting)",
    )


def test_only_so_many_tasks_wait() -> None:
    """One more is refused, or takes the place of the client with the most, which is refused instead."""

    async def run() -> list[BaseException | None]:
        slots = FairSlots(1, max_waiting=2)
        await slots.acquire("a")
        waiting = [asyncio.create_task(slots.acquire(client)) for client in "aaab"]
        await settle()
        errors = [task.exception() if task.done() else None for task in waiting]
        slots.close()
        await asyncio.gather(*waiting, return_exceptions=True)
        return errors

    first, displaced, refused, other = asyncio.run(run())

    assert (first, other) == (None, None)
    assert type(displaced) is type(refused) is QueueFullError


def test_closed_slots_refuse_tasks() -> None:
    """Tasks that wait are refused, and so are new ones; a slot in use is still released."""

    async def run() -> tuple[list[type[BaseException | None]], int]:
        slots = FairSlots(1)
        await slots.acquire("a")
        waiting = asyncio.create_task(slots.acquire("a"))
        await settle()
        slots.close()
        results = await asyncio.gather(waiting, slots.acquire("b"), return_exceptions=True)
        slots.release()
        return [type(result) for result in results], slots.in_use

    assert asyncio.run(run()) == ([QueueFullError, QueueFullError], 0)


def test_a_refused_task_that_is_cancelled_takes_no_slot() -> None:
    """Its place was lost already, so there is none to return."""

    async def run() -> int:
        slots = FairSlots(1)
        await slots.acquire("a")
        waiting = asyncio.create_task(slots.acquire("a"))
        await settle()
        slots.close()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return slots.in_use

    assert asyncio.run(run()) == 1
