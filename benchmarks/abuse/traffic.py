"""Abuse by requests that are broken, unusual, unread or abandoned, and by signals."""

import os
import signal
import socket
import threading
from contextlib import ExitStack, suppress
from http.client import HTTPResponse
from typing import Final

import requests

from benchmarks.abuse.connections import replaced
from benchmarks.abuse.server import HEAD, HarmError, Server

TIMEOUTS: Final = ("nan", "inf", "-1", "0", "1e999", "text", "")
SLOW_READ: Final = 65_536  # bytes that a slow reader takes at once
OTHER_ADDRESS: Final = "127.0.0.2"  # an address that no scraper has
BROKEN: Final = {
    "1 MB header": HEAD + b"X-Large: " + b"x" * 1_000_000 + b"\r\n\r\n",
    "1 MB request line": b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "garbage": os.urandom(4096),
    "CL with TE": HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "EOF in the headers": HEAD,
}


def never_read(server: Server, stop: threading.Event, stack: ExitStack) -> None:
    """Request the metrics 60 times, ten at once, and read nothing."""
    for number in range(60):
        one = stack.enter_context(server.open())
        one.sendall(HEAD + b"\r\n")
        if number % 10 == 9:  # noqa: PLR2004 - ten at once
            stop.wait(0.3)
    stop.wait()


def never_read_whole(server: Server, stop: threading.Event, stack: ExitStack) -> None:
    """Request uncompressed metrics 300 times from another address, begin a next request, read nothing."""
    for number in range(300):
        with suppress(OSError):
            one = stack.enter_context(server.open(OTHER_ADDRESS))
            one.sendall(HEAD + b"\r\n")
            one.sendall(b"G")
        if number % 10 == 9 and stop.wait(0.2):  # noqa: PLR2004 - ten at once
            break
    stop.wait()


def slow_reader(number: int, server: Server, stop: threading.Event, stack: ExitStack) -> None:
    """Read responses slowly, from before `number` silent connections are opened until these were replaced.

    :raises HarmError: if a response is cut off.
    """
    crowd = threading.Thread(target=replaced, args=(number, server, stop, stack), daemon=True)
    while not stop.is_set():
        with server.open() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_READ)
            one.sendall(HEAD + b"\r\n")
            response = HTTPResponse(one)
            response.begin()
            if crowd.ident is None:
                crowd.start()
            _read_slowly(response, stop)
    crowd.join()


def _read_slowly(response: HTTPResponse, stop: threading.Event) -> None:
    """Read a body in ten seconds, or as fast as possible after `stop`."""
    length = int(response.headers["Content-Length"])
    pause = 10 * SLOW_READ / length
    try:
        while chunk := response.read(SLOW_READ):
            length -= len(chunk)
            stop.wait(pause)
    except OSError as error:
        raise HarmError(f"a response that was read slowly ended {length} bytes early: {error}") from error
    if length:
        raise HarmError(f"a response that was read slowly ended {length} bytes early")


def broken(server: Server, stop: threading.Event, _stack: ExitStack) -> None:
    """Send requests that are too large or not HTTP, in a loop."""
    while not stop.is_set():
        for request in BROKEN.values():
            with suppress(OSError), server.open() as one:
                one.sendall(request)
                if request is not HEAD:
                    one.recv(1000)


def large_post(server: Server, stop: threading.Event, _stack: ExitStack) -> None:
    """Post 100 MB, in a loop."""
    block = b"x" * 1_000_000
    while not stop.is_set():
        with suppress(OSError), server.open() as one:
            one.sendall(b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")
            for _ in range(100):
                one.sendall(block)


def unusual(server: Server, stop: threading.Event, _stack: ExitStack) -> None:
    """Send unusual HTTP: pipelined requests, bare line feeds, HTTP/1.0, invalid scrape timeouts."""
    healthy = HEAD.replace(b"/metrics", b"/-/healthy")
    requests_ = (
        (healthy + b"\r\n") * 50 + healthy + b"Connection: close\r\n\r\n",
        (healthy + b"Connection: close\r\n\r\n").replace(b"\r\n", b"\n"),
        (healthy + b"\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"),
        b"\r\n" + healthy.replace(b"/-/", b"http://x/-/") + b"Connection: close\r\n\r\nmore",
    )
    while not stop.is_set():
        for request in requests_:
            with suppress(OSError), server.open() as one:
                one.sendall(request)
                while one.recv(65_536):
                    pass
        for text in TIMEOUTS:
            with suppress(requests.RequestException):
                server.scrape(**{"X-Prometheus-Scrape-Timeout-Seconds": text})
            if stop.wait(0.2):
                break


def abandon_pages(server: Server, stop: threading.Event, _stack: ExitStack) -> None:
    """Request the page 100 times at once and disconnect, in a loop."""
    while not stop.is_set():
        _abandon(server, HEAD.replace(b"/metrics", b"/") + b"\r\n", 100, stop)
        stop.wait(0.1)


def abandon_scrapes(server: Server, stop: threading.Event, _stack: ExitStack) -> None:
    """Request 45 scrapes with a timeout of an hour and disconnect, in a loop."""
    while not stop.is_set():
        _abandon(server, HEAD + b"X-Prometheus-Scrape-Timeout-Seconds: 3600\r\n\r\n", 45, stop)
        stop.wait(0.5)


def _abandon(server: Server, request: bytes, number: int, stop: threading.Event) -> None:
    with ExitStack() as stack:
        for _ in range(number):
            if stop.is_set():
                break
            with suppress(OSError):
                one = stack.enter_context(server.open())
                one.sendall(request)


def sighups(server: Server, stop: threading.Event, _stack: ExitStack) -> None:
    """Send 1,000 SIGHUPs a second."""
    while not stop.wait(0.01):
        for _ in range(10):
            os.kill(server.pid, signal.SIGHUP)
