"""Tests for basic authentication."""

import asyncio
import base64
import threading
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from exporter.fair_slots import FairSlots
from exporter.server.auth import BasicAuthMiddleware
from exporter.server.limits import Limits
from exporter.server.passwords import PER_NETWORK, PasswordVerifier, login_turns
from exporter.server.phase import Phase
from exporter.server.protocol import HttpConnection
from exporter.server.response_headers import ResponseHeadersMiddleware
from exporter.server.run import Server
from exporter.server.watched import WatchedWebConfig
from tests.support.serving import App, Client, get, serving, status, wait_until
from tests.support.web_config import ALICE

WRONG = b"Authorization: Basic " + base64.b64encode(b"alice:Wonderland")
ALICES = b"Authorization: Basic " + base64.b64encode(b"alice:wonderland")


def authenticated(app: App, folder: Path, text: str) -> ResponseHeadersMiddleware:
    """Return the application behind basic authentication and the configured headers."""
    path = folder / "web.yml"
    path.write_text(text)
    web = WatchedWebConfig(path, structlog.get_logger())
    return ResponseHeadersMiddleware(
        BasicAuthMiddleware(app, web, PasswordVerifier()), lambda: web.config.http_server_config.headers.pairs
    )


USERS = f"basic_auth_users: {{alice: '{ALICE.decode()}'}}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([ALICES], 200),
        ([], 401),
        ([WRONG], 401),
        ([b"Authorization: Basic " + base64.b64encode(b"alice:" + b"w" * 73)], 401),
        ([ALICES, ALICES], 401),
        ([b"Authorization: Bearer x"], 401),
    ],
)
@pytest.mark.parametrize("path", [b"/metrics", b"/", b"/-/healthy", b"/nope"])
def test_users(tmp_path: Path, path: bytes, headers: list[bytes], status: int) -> None:
    """Exactly one header with a valid login is required, for every path."""
    app = App()
    with serving(authenticated(app, tmp_path, USERS)) as port, Client(port) as client:
        answer = client.send(get(path, b"Connection: close", *headers)).rest()

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert (b'www-authenticate: Basic realm="bycloud-backup-exporter"' in answer) is (status == 401)
    assert len(app.paths) == (status == 200)


def test_a_full_queue_is_a_503(tmp_path: Path) -> None:
    """A login that cannot be checked gets a 503, its connection ends, and the refusal is counted."""
    refused: list[str] = []
    path = tmp_path / "web.yml"
    path.write_text(USERS)
    web = WatchedWebConfig(path, structlog.get_logger())
    full = BasicAuthMiddleware(
        App(), web, PasswordVerifier(turns=FairSlots(0, max_waiting=0)), refused.append
    )
    with serving(full) as port, Client(port) as client:
        answer = client.send(get(b"/", ALICES)).rest()

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1" in answer
    assert b"connection: close" in answer.lower()
    assert refused == ["login_queue_full"]


def scope(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    """Return a request's scope, as uvicorn makes it."""
    return {"type": "http", "client": ("192.0.2.1", 1), "headers": list(headers), "state": {}}


ALICE_HEADER = (b"authorization", ALICES.partition(b": ")[2])


async def wait_forever() -> Any:
    """Receive nothing."""
    await asyncio.Event().wait()


class Responses:
    """Notes the statuses that are sent, and counts the application's calls."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.calls = 0

    async def app(self, _scope: Any, _receive: Any, _send: Any) -> None:
        """Count the call."""
        self.calls += 1

    async def send(self, message: Any) -> None:
        """Note the status."""
        if "status" in message:
            self.statuses.append(message["status"])


class Paused:
    """A password check that waits for the test."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.release = threading.Event()
        self.checks = 0

    def __call__(self, password: bytes, _hashed: bytes) -> bool:
        """Check by comparing."""
        self.checks += 1
        self.entered.set()
        assert self.release.wait(20)
        return password == b"wonderland"


@pytest.mark.parametrize(("login", "status"), [(ALICES, 200), (WRONG, 401)])
def test_a_connection_waits_while_its_login_is_checked(tmp_path: Path, login: bytes, status: int) -> None:
    """It may end for a new connection; once the login is decided, the request is in flight."""
    path, paused = tmp_path / "web.yml", Paused()
    path.write_text(USERS)
    web = WatchedWebConfig(path, structlog.get_logger())
    phases: list[Phase] = []
    servers: list[Server] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        phases.extend(phases_of(servers[0]))
        await Response(b"hi")(scope, receive, send)

    guarded = BasicAuthMiddleware(app, web, PasswordVerifier(paused))
    with serving(guarded, servers=servers) as port, Client(port) as client:
        client.send(get(b"/", login))
        wait_until(paused.entered.is_set)
        checked = phases_of(servers[0])
        paused.release.set()
        answer = client.answer()

    assert checked == [Phase.AUTHENTICATING]
    assert phases == ([Phase.ANSWERING] if status == 200 else [])
    assert answer[0] == status


def phases_of(server: Server) -> list[Phase]:
    """Return what each connection does."""
    return [one.phase for one in server.server_state.connections if isinstance(one, HttpConnection)]


def test_a_user_that_is_removed_while_the_login_waits(tmp_path: Path) -> None:
    """A login is checked against the users that are in force when it is decided."""
    path, paused, answers, refused = tmp_path / "web.yml", Paused(), Responses(), list[str]()
    path.write_text(USERS)
    web = WatchedWebConfig(path, structlog.get_logger())
    guarded = BasicAuthMiddleware(answers.app, web, PasswordVerifier(paused), refused.append)

    async def check() -> None:
        request = asyncio.ensure_future(guarded(scope(ALICE_HEADER), wait_forever, answers.send))
        await asyncio.to_thread(paused.entered.wait, 20)
        path.write_text(USERS.replace("alice", "bob"))
        web.refresh()
        paused.release.set()
        await request

    asyncio.run(check())
    assert (answers.statuses, answers.calls, refused) == ([401], 0, ["unauthorized"])


def test_users_that_are_all_removed_while_the_login_waits(tmp_path: Path) -> None:
    """The request is passed on without a valid login."""
    path, paused, answers = tmp_path / "web.yml", Paused(), Responses()
    path.write_text(USERS)
    web = WatchedWebConfig(path, structlog.get_logger())
    guarded = BasicAuthMiddleware(answers.app, web, PasswordVerifier(paused))

    async def check() -> None:
        request = asyncio.ensure_future(guarded(scope(ALICE_HEADER), wait_forever, answers.send))
        await asyncio.to_thread(paused.entered.wait, 20)
        path.write_text("http_server_config: {headers: {X-Frame-Options: deny}}")
        web.refresh()
        paused.release.set()
        await request

    asyncio.run(check())
    assert answers.calls == 1


@pytest.mark.parametrize("authorized", [[], [ALICES]])
def test_configured_headers(tmp_path: Path, authorized: list[bytes]) -> None:
    """Responses of the application and of the authentication have the configured headers."""
    headers = "http_server_config: {headers: {X-Frame-Options: deny, Strict-Transport-Security: max-age=1}}"
    with serving(authenticated(App(), tmp_path, f"{USERS}\n{headers}")) as port, Client(port) as client:
        answer = client.send(get(b"/", b"Connection: close", *authorized)).rest()

    assert b"\r\nx-frame-options: deny\r\n" in answer
    assert b"\r\nstrict-transport-security: max-age=1\r\n" in answer


def _are_waiting(paused: Paused, turns: FairSlots, number: int) -> bool:
    """Return whether one wrong login is being checked and `number` others wait."""
    return paused.checks > 1 and turns.waiting == number


def test_waiting_logins_do_not_delay_a_cached_one(tmp_path: Path) -> None:
    """Three hundred wrong logins on a hundred connections occupy the queue only."""
    path, paused, refused, turns = tmp_path / "web.yml", Paused(), list[str](), login_turns()
    path.write_text(USERS)
    web, passwords = WatchedWebConfig(path, structlog.get_logger()), PasswordVerifier(paused, turns)
    guarded = BasicAuthMiddleware(App(), web, passwords, refused.append)
    with serving(guarded, Limits(connections=100)) as port, ExitStack() as stack:
        paused.release.set()
        first = stack.enter_context(Client(port)).send(get(b"/", ALICES, b"Connection: close")).rest()
        paused.release.clear()
        for number in range(300):
            bad = b"Authorization: Basic " + base64.b64encode(b"alice:%d" % number)
            client = stack.enter_context(Client(port)).send(get(b"/", bad))
            if number > PER_NETWORK:  # one is being checked, and so many wait
                client.rest()
            else:
                wait_until(partial(_are_waiting, paused, turns, number))
        full = list(refused)
        statuses = [
            status(stack.enter_context(Client(port)).send(get(b"/", ALICES, b"Connection: close")).rest())
            for _ in range(30)
        ]
        paused.release.set()

    assert status(first) == 200
    assert statuses == [200] * 30
    assert full == ["login_queue_full"] * (300 - PER_NETWORK - 1)


def test_logins_of_disconnected_clients_are_dropped(tmp_path: Path) -> None:
    """Only the login that is being checked is finished, then a valid login of the same address succeeds."""
    path, paused, turns = tmp_path / "web.yml", Paused(), login_turns()
    path.write_text(USERS)
    guarded = BasicAuthMiddleware(
        App(), WatchedWebConfig(path, structlog.get_logger()), PasswordVerifier(paused, turns)
    )
    with serving(guarded) as port:
        with ExitStack() as stack:
            for number in range(PER_NETWORK):
                login = base64.b64encode(b"alice:%d" % number)
                client = stack.enter_context(Client(port))
                client.send(get(b"/", b"Authorization: Basic " + login))
            wait_until(lambda: turns.waiting == PER_NETWORK - 1)
        wait_until(lambda: turns.waiting == 0)
        paused.release.set()
        with Client(port) as client:
            answer = client.send(get(b"/", ALICES)).answer()

    assert answer == (200, b"hi")
    assert paused.checks == 2
