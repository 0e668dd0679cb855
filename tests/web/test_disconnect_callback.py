"""Tests of `exporter.web.disconnect_callback`."""

import asyncio

import pytest
from starlette.types import Message

from exporter.web.disconnect_callback import on_disconnect


def _calls(*messages: str) -> int:
    """Return how often the callback is called while a client sends these messages."""
    calls: list[None] = []
    left = list(messages)

    async def receive() -> Message:
        if left:
            return {"type": left.pop(0)}
        await asyncio.Event().wait()
        raise AssertionError

    async def run() -> None:
        async with on_disconnect(receive, lambda: calls.append(None)):
            for _ in range(5):
                await asyncio.sleep(0)

    asyncio.run(run())
    return len(calls)


@pytest.mark.parametrize(
    ("messages", "calls"), [((), 0), (("http.request",), 0), (("http.request", "http.disconnect"), 1)]
)
def test_the_callback_is_called_once_the_client_disconnects(messages: tuple[str, ...], calls: int) -> None:
    """The messages before are ignored."""
    assert _calls(*messages) == calls
