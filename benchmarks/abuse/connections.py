"""Abuse by connections that send nothing, or little."""

import threading
from contextlib import ExitStack

from benchmarks.abuse.server import HEAD, Server


def nothing(_server: Server, stop: threading.Event, _stack: ExitStack) -> None:
    """Do nothing."""
    stop.wait()


def slow_headers(number: int, server: Server, stop: threading.Event, stack: ExitStack) -> None:
    """Send headers byte by byte on `number` connections; reopen those that the server ends."""
    held = [server.open() for _ in range(number)]
    while not stop.is_set():
        for place in range(len(held)):
            try:
                held[place].send(HEAD[:1])
            except OSError:
                held[place].close()
                held[place] = server.open()
        stop.wait(0.1)
    for one in held:
        stack.enter_context(one)


def silent(number: int, server: Server, stop: threading.Event, stack: ExitStack) -> None:
    """Hold `number` connections and send nothing: no TLS handshake either."""
    for _ in range(number):
        stack.enter_context(server.connect())
    stop.wait()


def idle(number: int, server: Server, stop: threading.Event, stack: ExitStack) -> None:
    """Hold `number` connections and send nothing but the TLS handshake."""
    for _ in range(number):
        stack.enter_context(server.open())
    stop.wait()


def replaced(number: int, server: Server, stop: threading.Event, stack: ExitStack) -> None:
    """Hold `number` silent connections, and replace 50 of them a second."""
    held = [stack.enter_context(server.connect()) for _ in range(number)]
    while not stop.wait(0.02):
        held.append(stack.enter_context(server.connect()))
        held.pop(0).close()
