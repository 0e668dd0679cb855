"""Tests of `exporter.server.disconnects`."""

import asyncio

import pytest

from exporter.server.disconnects import unless_gone


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
def test_work_is_cancelled_when_its_client_disconnects(
    messages: list[str], result: int | None, expected: tuple[int | None, bool]
) -> None:
    """A result that is there already is returned."""
    assert asyncio.run(_waited_for(messages, result)) == expected
