"""Tests for listening, serving and stopping."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
import structlog
from starlette.types import Receive, Scope, Send

from exporter.errors import ConfigError
from exporter.server.access_log import AccessLogMiddleware
from exporter.server.auth import BasicAuthMiddleware
from exporter.server.limits import Limits
from exporter.server.passwords import PasswordVerifier
from exporter.server.refusals import ignore_refusal
from exporter.server.request_limits import RequestLimitMiddleware
from exporter.server.response_headers import ResponseHeadersMiddleware
from exporter.server.run import listen, port_of, serve
from exporter.server.watched import WatchedWebConfig
from tests.support.serving import App


def test_without_a_host_it_listens_on_all_addresses() -> None:
    """IPv4 clients can connect, whatever the socket's family."""
    with listen(":0") as listener:
        socket.create_connection(("127.0.0.1", port_of(listener)), timeout=5).close()


def test_a_machine_without_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server listens on IPv4."""
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    with listen(":0") as listener:
        family = listener.family

    assert family is socket.AF_INET


def test_a_port_in_use() -> None:
    """The error has the address once."""
    with listen("127.0.0.1:0") as listener:
        address = f"127.0.0.1:{port_of(listener)}"
        with pytest.raises(ConfigError) as raised:
            listen(address)

    assert str(raised.value) == (f"--web.listen-address: cannot listen on {address}: Address already in use")


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("192.0.2.1", "Cannot assign requested address"),
        ("x" * 64, "unknown host name"),
        ("a..b", "unknown host name"),
    ],
)
def test_a_host_that_cannot_be_bound(host: str, problem: str) -> None:
    """Another machine's address and an impossible name are errors."""
    with pytest.raises(ConfigError) as raised:
        listen(f"{host}:0")

    assert str(raised.value) == f"--web.listen-address: cannot listen on {host}:0: {problem}"


async def hello(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Respond to every request."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"hi"})


def while_serving(listener: socket.socket, act: Callable[[str], None]) -> threading.Thread:
    """Call a function with the server's URL in another thread."""
    thread = threading.Thread(target=act, args=(f"http://127.0.0.1:{port_of(listener)}/",))
    thread.start()
    return thread


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_server(number: signal.Signals) -> None:
    """It serves until then and has no `Server` header."""
    answers: list[requests.Response] = []

    def act(url: str) -> None:
        answers.append(requests.get(url, timeout=5))
        os.kill(os.getpid(), number)

    with listen("127.0.0.1:0") as listener:
        thread = while_serving(listener, act)
        serve(hello, [listener], on_stop=lambda: None)
        thread.join()

    assert answers[0].text == "hi"
    assert "server" not in answers[0].headers


def test_on_stop_is_called_before_the_grace_ends() -> None:
    """A request in flight then responds, and the server returns."""
    told = asyncio.Event()
    answers: list[requests.Response] = []

    async def waiting(scope: Scope, receive: Receive, send: Send) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await told.wait()
        await hello(scope, receive, send)

    with listen("127.0.0.1:0") as listener:
        thread = while_serving(listener, lambda url: answers.append(requests.get(url, timeout=60)))
        serve(waiting, [listener], on_stop=told.set)
        thread.join()

    assert answers[0].text == "hi"


def test_each_middleware_shows_what_it_wraps(tmp_path: Path) -> None:
    """Its `repr` shows the order of the middleware."""
    file = tmp_path / "web.yml"
    file.write_text("")
    web = WatchedWebConfig(file, structlog.get_logger())
    app = BasicAuthMiddleware(AccessLogMiddleware(App()), web, PasswordVerifier())
    shown = repr(ResponseHeadersMiddleware(RequestLimitMiddleware(app, Limits(), ignore_refusal), tuple))

    names = ("ResponseHeaders", "RequestLimit", "BasicAuth", "AccessLog")
    assert shown.startswith("Middleware(".join(names) + "Middleware(")
