"""The client, on real sockets against the embedded API's faults."""

import gzip
import socket
import ssl
import threading
import time
import traceback
import tracemalloc
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any, NoReturn

import pytest
import structlog
import trustme
from urllib3.exceptions import ConnectTimeoutError

from exporter.api import ApiClient, Deadlines, HttpTransport
from exporter.api.budget import Budget
from exporter.api.deadline import AGAIN, POOLS
from exporter.api.decode import BACKUPS
from exporter.clock import Clock
from exporter.config.credentials import Secret
from exporter.config.schema import Period, ProxyUrl, Target, TlsConfig, Url
from exporter.errors import ApiError, ConfigError, Reason
from exporter.simulator import Quirks, Request, many
from exporter.simulator.http.wire import Json
from exporter.target.instances import InstanceList
from exporter.target.walk import TargetWalker
from tests.support.faults import (
    Answer,
    CutBody,
    DripBody,
    DripHeaders,
    ErrorBody,
    Fault,
    FaultyApi,
    HangBeforeHeaders,
    HangInBody,
    Malform,
    Raw,
    Reset,
    Rewrite,
    WrongLength,
)
from tests.support.programs import refusing_port
from tests.support.serving import wait_until
from tests.support.started import StartedThreads

KEY = "demo:demo-secret"
MIB = 1024 * 1024


class Impatient(Clock):
    """A clock that sleeps for no time, and notes for how long it should have."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.ahead = 0.0

    def now(self) -> float:
        """Return Unix time, as far ahead as a test put it."""
        return super().now() + self.ahead

    def monotonic(self) -> float:
        """Return monotonic time, as far ahead."""
        return super().monotonic() + self.ahead

    def sleep(self, seconds: float) -> None:
        """Note it."""
        self.slept.append(seconds)


class Notes:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.retries: list[Reason] = []

    def requested(self, code: str, seconds: float) -> None:
        """Keep the code."""
        assert seconds >= 0
        self.codes.append(code)

    def retried(self, reason: Reason) -> None:
        """Keep the reason."""
        self.retries.append(reason)


class Rig:
    """A target's walk over real sockets, with its parts at hand."""

    def __init__(self, url: str, **settings: object) -> None:
        fields = {
            "api_key": Secret(KEY),
            "request_timeout": Period(5),
            "page_size": 20,
            "instances": "off",
            "max_concurrency": 1,
        } | settings
        self.target = Target(name="default", url=Url(url), **fields)  # type: ignore[arg-type]
        self.clock = Impatient()
        self.notes = Notes()
        self.budget = Budget(clock=self.clock, tier=self.target.api_tier)
        self.api = ApiClient(
            self.target, self.budget, self.notes, HttpTransport(self.target, DEADLINES), self.clock
        )
        instances = InstanceList(self.api, self.target.instances, structlog.get_logger())
        self.walk = TargetWalker(self.api, instances, (), structlog.get_logger())

    def failure(self, seconds: float = 30) -> ApiError:
        """Walk, and return how it failed."""
        error = self.walk(seconds).error
        assert error is not None
        return error


DEADLINES = Deadlines()


def _open_a_bomb() -> tuple[Reason, str, int]:
    """Walk an API that sends 300 MiB as 300 kB, in a process whose memory is this walk's alone."""
    bomb = gzip.compress(bytes(300 * MIB), compresslevel=1)
    with FaultyApi(backups=many(45, 6)) as api:
        api.faults.add(Answer(200, {"Content-Encoding": "gzip"}, bomb))
        made = Rig(api.url)
        tracemalloc.start()
        error = made.failure()
        peak = tracemalloc.get_traced_memory()[1]
        made.api.close()
    return error.reason, error.message, peak


@pytest.fixture
def rig() -> Iterator[Callable[..., Rig]]:
    """Return a maker of rigs, whose connections are closed at the end."""
    with ExitStack() as stack:

        def make(url: str, **settings: object) -> Rig:
            made = Rig(url, **settings)
            stack.callback(made.api.close)
            return made

        yield make


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    """Run an API of 45 backups: three pages of twenty."""
    with FaultyApi(backups=many(45, 6), quirks=Quirks(gzip=False)) as running:
        yield running


def second_page(request: Request) -> bool:
    """Tell the second page's request."""
    return "marker" in request.query


def claim_more(body: Json) -> Json:
    """Make a page empty that claims more."""
    return body | {"database_backups": [], "meta": {"has_more": True}}


LOOP = b"""{"database_backups": [{"id": "x", "status": "COMPLETED", "created_at": "2026-01-01T00:00:00Z"}],
"meta": {"has_more": true}}"""
DEAD = {
    "401": (ErrorBody(401, "who are you?"), Reason.AUTH, 1),
    "403": (ErrorBody(403, "not yours"), Reason.FORBIDDEN, 1),
    "404": (ErrorBody(404, "no such page"), Reason.CLIENT_ERROR, 1),
    "409": (ErrorBody(409, "conflict"), Reason.CLIENT_ERROR, 1),
    "422": (ErrorBody(422, "cannot"), Reason.CLIENT_ERROR, 1),
    "429": (Answer(429), Reason.RATE_LIMITED, 1),
    "429 with Retry-After": (Answer(429, {"Retry-After": "7"}), Reason.RATE_LIMITED, 1),
    "500": (ErrorBody(500, "oh no"), Reason.SERVER_ERROR, 3),
    "502": (Answer(502), Reason.SERVER_ERROR, 3),
    "501": (Answer(501), Reason.SERVER_ERROR, 1),
    "503 with HTML": (Answer(503, {"Content-Type": "text/html"}, b"<h1>sorry</h1>"), Reason.SERVER_ERROR, 3),
    "cut body": (CutBody(300), Reason.CONNECTION, 3),
    "wrong length": (WrongLength(100), Reason.CONNECTION, 3),
    "reset in the body": (Reset(300), Reason.CONNECTION, 3),
    "garbage": (Raw(b"\x00\x01 this is no HTTP\r\n\r\n"), Reason.CONNECTION, 3),
    "wrong encoding": (Answer(200, {"Content-Encoding": "gzip"}, b"this is no gzip"), Reason.BAD_RESPONSE, 1),
    "no JSON": (Answer(200, {}, b"<html>"), Reason.BAD_RESPONSE, 1),
    "no object": (Answer(200, {}, b"[]"), Reason.BAD_RESPONSE, 1),
    "no list": (Answer(200, {}, b"{}"), Reason.BAD_RESPONSE, 1),
    "204": (Answer(204), Reason.BAD_RESPONSE, 1),
    "deep JSON": (Answer(200, {}, b"[" * 100_000 + b"]" * 100_000), Reason.BAD_RESPONSE, 1),
    "empty page that claims more": (Rewrite(claim_more), Reason.PAGINATION, 1),
    "hang before the headers": (HangBeforeHeaders(), Reason.TIMEOUT, 1),
    "hang in the body": (HangInBody(300), Reason.TIMEOUT, 1),
    "drip in the headers": (DripHeaders(0.05), Reason.TIMEOUT, 1),
    "drip in the body": (DripBody(0.05), Reason.TIMEOUT, 1),
}


@pytest.mark.parametrize(("fault", "reason", "requests"), DEAD.values(), ids=DEAD)
def test_every_failure_is_one_exception_with_its_reason(
    api: FaultyApi, rig: Callable[..., Rig], fault: Fault, reason: Reason, requests: int
) -> None:
    """A fault for good on the head of the list: the reason, and as many requests as the rules allow."""
    made = rig(api.url, request_timeout=Period(0.4 if reason is Reason.TIMEOUT else 5))
    api.faults.add(fault, times=None)

    outcome = made.walk(20)

    assert outcome.snapshot is None
    assert outcome.error is not None
    assert outcome.error.reason is reason
    assert outcome.stats.requests == requests == len(made.notes.codes)
    assert len(made.notes.retries) == requests - 1
    assert "\n" not in str(outcome.error)
    assert "demo-secret" not in str(outcome.error)


@pytest.mark.parametrize("place", ["first", "second"])
@pytest.mark.parametrize("fault", [ErrorBody(503), CutBody(300), WrongLength(50), Reset(200)], ids=repr)
def test_a_page_that_fails_once_costs_one_request_more(
    api: FaultyApi, rig: Callable[..., Rig], fault: Fault, place: str
) -> None:
    """A passing fault is retried, and the walk is whole."""
    made = rig(api.url)
    api.faults.add(fault, when=second_page if place == "second" else None)

    outcome = made.walk(20)

    assert outcome.snapshot is not None
    assert outcome.snapshot.summary.backups == 45
    assert (outcome.stats.pages, outcome.stats.requests) == (3, 4)
    assert 0 <= made.clock.slept[0] <= 2


def test_a_marker_loop_fails_the_walk(api: FaultyApi, rig: Callable[..., Rig]) -> None:
    """A page that leads to itself ends the walk after a bounded number of requests."""
    api.faults.add(Answer(200, {}, LOOP), times=None)

    outcome = rig(api.url).walk(20)

    assert outcome.error is not None
    assert outcome.error.reason is Reason.PAGINATION
    assert outcome.stats.requests == 3


def test_a_page_that_fails_for_good_fails_the_walk(api: FaultyApi, rig: Callable[..., Rig]) -> None:
    """Two pages of three are nothing."""
    made = rig(api.url)
    api.faults.add(ErrorBody(500), times=None, when=second_page)

    outcome = made.walk(20)

    assert outcome.snapshot is None
    assert outcome.stats.pages == 1


@pytest.mark.parametrize("dead_marker", ["error", "empty", "start"])
def test_a_marker_deleted_under_the_walk_is_gone_round(rig: Callable[..., Rig], dead_marker: str) -> None:
    """In the three ways in which an API may answer it."""
    listed = many(45, 6)
    with FaultyApi(backups=listed, quirks=Quirks(dead_marker=dead_marker)) as api:  # type: ignore[arg-type]

        def delete(body: Json) -> Json:
            api.backups = tuple(backup for backup in listed if backup.id != listed[19].id)
            return body

        api.faults.add(Rewrite(delete))
        outcome = rig(api.url).walk(20)

    assert outcome.snapshot is not None
    assert outcome.snapshot.summary.backups == 45


class TestErrors:
    """What an API failure says."""

    def test_carries_the_apis_words_and_its_request_id(self, api: FaultyApi, rig: Callable[..., Rig]) -> None:
        """Message, details, status and `request_id` as the vendor documents them."""
        api.faults.add(ErrorBody(403, "not yours", "ask an admin"))

        error = rig(api.url).failure()

        assert error.message == "not yours: ask an admin"
        assert error.status == 403
        assert error.request_id is not None
        assert error.request_id.startswith("req-")

    @pytest.mark.parametrize("echo", [KEY, "demo-secret", f"key={KEY}\n  and {KEY}"])
    def test_masks_a_secret_that_it_echoes(self, api: FaultyApi, rig: Callable[..., Rig], echo: str) -> None:
        """An API that quotes the credential does not get it into our texts."""
        api.faults.add(ErrorBody(401, f"bad {echo}"))

        error = rig(api.url).failure()

        assert "***" in error.message
        assert "demo-secret" not in error.message
        assert "\n" not in error.message

    def test_masks_a_secret_in_the_request_id(self, api: FaultyApi, rig: Callable[..., Rig]) -> None:
        """That goes into the log too."""
        body = b'{"error": {"message": "no", "request_id": "req-demo:demo-secret"}}'
        api.faults.add(Answer(401, {}, body))

        assert rig(api.url).failure().request_id == "req-***"

    def test_is_short_however_much_the_api_says(self, api: FaultyApi, rig: Callable[..., Rig]) -> None:
        """A page of text is cut."""
        api.faults.add(ErrorBody(500, "x" * 10_000), times=None)

        assert len(rig(api.url).failure().message) == 300

    @pytest.mark.parametrize(
        "answer",
        {
            "status line": b"%s \r\n\r\n",
            "long status line": b"HTTP/1.1 2OO " + b"x" * 60_000 + b"%s\r\n\r\n",
            "status line with escapes": b"\x1b[31m%s\x1b]0;%s\x07 \x9b\r\n\r\n",
            "chunk size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n",
            "long chunk size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"x" * 60_000
            + b"%s\r\n",
            "lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1, %s\r\n\r\n",
            "unequal lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\nX-Echo: %s\r\n\r\n",
            "encoding": b"HTTP/1.1 200 OK\r\nContent-Encoding: %s, gzip\r\nContent-Length: 3\r\n\r\nabc",
        }.items(),
        ids=lambda answer: answer[0],
    )
    @pytest.mark.parametrize("secret", [KEY, "demo%3Ademo-secret", "ZGVtbzpkZW1vLXNlY3JldA=="])
    def test_shows_little_of_an_answer_that_is_no_http(
        self, api: FaultyApi, rig: Callable[..., Rig], answer: tuple[str, bytes], secret: str
    ) -> None:
        """One short printable line without the credential, wherever the answer echoes it."""
        api.faults.add(Raw(answer[1].replace(b"%s", secret.encode())), times=None)

        error = rig(api.url).failure()

        assert secret not in str(error)
        assert "demo-secret" not in "".join(traceback.format_exception(error))
        assert str(error).isprintable()
        assert len(error.message) <= 300

    def test_masks_a_proxys_password_that_it_echoes(self, rig: Callable[..., Rig]) -> None:
        """As the proxy was sent it, and as it reads it."""
        login = "cHJveHl1c2VyOnByMHh5UGFzc3cwcmQ="
        answer = f"HTTP/1.1 407 {login} pr0xyPassw0rd \x1b[1m\r\n\r\n".encode()
        with _Server(lambda _head: answer) as server:
            proxy = ProxyUrl(f"http://proxyuser:pr0xyPassw0rd@127.0.0.1:{server.port}")
            error = rig("https://api.example.invalid", proxy_url=proxy).failure()

        assert error.message == "api.example.invalid: Tunnel connection failed: 407 *** ***"

    @pytest.mark.parametrize("character", ["#", "/", "?", "€", ":", "@", " "])
    @pytest.mark.parametrize("port", ["9", "99999", "abc"])
    def test_masks_the_password_of_a_malformed_proxy(
        self, rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch, character: str, port: str
    ) -> None:
        """Of the environment, wherever a parser of URLs gives up."""
        proxy = f"http://proxyuser:pr0xy{character}Passw0rd@127.0.0.1:{port}"
        monkeypatch.setenv("http_proxy", proxy)
        try:
            said = str(rig("http://api.example.invalid").failure())
        except ConfigError as error:
            said = str(error)

        assert "pr0xy" not in said
        assert "Passw0rd" not in said

    def test_holds_nothing_of_what_the_walk_read(self, api: FaultyApi, rig: Callable[..., Rig]) -> None:
        """A traceback holds its frames, they hold the records, and in a cycle that stays for long."""
        api.faults.add(ErrorBody(403), when=second_page)

        assert rig(api.url).failure().__traceback__ is None

    def test_names_a_refused_connection(self, rig: Callable[..., Rig]) -> None:
        """Nobody listens: `connection`, and the operating system's own words."""
        with refusing_port() as port:
            error = rig(f"http://127.0.0.1:{port}").failure()

        assert error.reason is Reason.CONNECTION
        assert error.message == f"127.0.0.1:{port}: Connection refused"

    def test_names_a_host_that_is_not_known(self, rig: Callable[..., Rig]) -> None:
        """A name that does not resolve is `connection`."""
        assert rig("http://no-such-host.invalid").failure().reason is Reason.CONNECTION


class TestDeadlines:
    """Time limits that hold in total."""

    @pytest.mark.parametrize("fault", [DripHeaders(0.05), DripBody(0.05), HangInBody(10)], ids=repr)
    def test_a_drip_is_cut_at_the_deadline(
        self, api: FaultyApi, rig: Callable[..., Rig], fault: Fault
    ) -> None:
        """Bytes that keep coming do not stretch it, in headers or body: the whole answer takes longer."""
        made = rig(api.url)
        api.faults.add(fault, times=None)

        error = made.failure(seconds=0.5)

        assert error.reason is Reason.TIMEOUT

    def test_a_walk_that_is_over_asks_for_nothing_more(self, api: FaultyApi, rig: Callable[..., Rig]) -> None:
        """A deadline that has passed is `timeout`, and costs no request."""
        error = rig(api.url).failure(seconds=-1)

        assert error.reason is Reason.TIMEOUT
        assert api.requests == []

    def test_a_walk_of_many_pages_ends_at_its_deadline(self, rig: Callable[..., Rig]) -> None:
        """Each page in time, all of them too late."""
        with FaultyApi(backups=many(400, 2), latency=0.1) as api:
            outcome = rig(api.url).walk(0.55)

        assert outcome.error is not None
        assert outcome.error.reason is Reason.TIMEOUT
        assert outcome.stats.requests < 20

    def test_the_connection_that_was_cut_is_not_used_again(
        self, api: FaultyApi, rig: Callable[..., Rig]
    ) -> None:
        """The next walk is well."""
        made = rig(api.url, request_timeout=Period(2))
        api.faults.add(HangInBody(300))

        first, second = made.walk(5), made.walk(5)

        assert first.error is not None
        assert second.snapshot is not None

    def test_a_drip_on_a_connection_that_closes_is_cut_too(self, rig: Callable[..., Rig]) -> None:
        """Where the connection has already let go of its socket, which drips on."""
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n"
        with _Server(lambda _head: head, drips=True) as server:
            made = rig(f"http://127.0.0.1:{server.port}", request_timeout=Period(0.4))

            error = made.failure(seconds=20)

        assert error.reason is Reason.TIMEOUT
        assert error.message == "no whole answer within 0.4s"

    def test_a_cut_body_without_a_length_is_no_bad_response(self, rig: Callable[..., Rig]) -> None:
        """It seems to end where it is cut."""
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        with _Server(lambda _head: head, drips=True) as server:
            made = rig(f"http://127.0.0.1:{server.port}", request_timeout=Period(0.4))
            outcome = made.walk(20)

        assert outcome.error is not None
        assert outcome.error.reason is Reason.TIMEOUT
        assert outcome.stats.requests == 1

    @pytest.mark.parametrize("fault", [HangBeforeHeaders(), HangInBody(300)], ids=repr)
    def test_a_watchdog_that_comes_late_changes_no_reason(
        self, api: FaultyApi, rig: Callable[..., Rig], fault: Fault
    ) -> None:
        """Under load the socket's own time-out may come first: that is `timeout` too, and not retried."""

        class Late(Deadlines):
            def _cut_expired(self) -> None:
                """Cut nothing."""

        api.faults.add(fault, times=None)
        made = rig(api.url, request_timeout=Period(0.4))
        made.api.transport.close()
        made.api.transport = HttpTransport(made.target, Late())

        outcome = made.walk(20)

        assert outcome.error is not None
        assert outcome.error.reason is Reason.TIMEOUT
        assert outcome.stats.requests == 1

    def test_all_addresses_of_a_host_share_one_deadline(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Six that never answer: each may take its share of what is left, and none more than that."""
        attempts: list[tuple[str, float, float]] = []

        def never(address: tuple[str, int], seconds: float, *_: object) -> socket.socket:
            attempts.append((address[0], time.monotonic(), seconds))
            raise TimeoutError("timed out")

        found = [(*TCP, (f"192.0.2.{place}", 80)) for place in range(6)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
        monkeypatch.setattr("exporter.api.deadline.create_connection", never)
        connection = POOLS["http"].ConnectionCls("six.example.invalid", 80)
        with DEADLINES.watch(60) as watch, pytest.raises(ConnectTimeoutError):
            connection.connect()

        assert [address for address, *_ in attempts] == [f"192.0.2.{place}" for place in range(6)]
        for place, (_, at, seconds) in enumerate(attempts):
            assert seconds <= (watch.deadline - at) / (6 - place) + 0.001
            assert seconds > 0

    def test_a_host_is_reached_at_the_first_address_that_accepts(
        self, api: FaultyApi, rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The one before it refuses."""
        port = int(api.url.rpartition(":")[2])
        addresses = {"two.example.invalid": ("127.0.0.9", "127.0.0.1")}
        monkeypatch.setattr(socket, "getaddrinfo", _resolving(addresses, socket.getaddrinfo))

        assert rig(f"http://two.example.invalid:{port}").walk(20).snapshot is not None

    def test_a_name_that_does_not_resolve_in_time_is_a_timeout(
        self, rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The system's resolver blocks for as long as it likes; nobody waits for it past the deadline."""
        released = threading.Event()

        def hang(host: str, *_: object) -> NoReturn:
            if host == "slow.example.invalid" and not _[-1]:
                released.wait(60)
            raise socket.gaierror(socket.EAI_NONAME, "not known")

        monkeypatch.setattr(socket, "getaddrinfo", hang)
        outcome = rig("http://slow.example.invalid", request_timeout=Period(0.3)).walk(20)
        released.set()

        assert outcome.error is not None
        assert outcome.error.reason is Reason.TIMEOUT
        assert outcome.stats.requests == 1

    def test_a_tls_handshake_that_hangs_is_cut(self, rig: Callable[..., Rig]) -> None:
        """A listener that never answers a hello costs the time-out and no more."""
        with _Server(lambda _head: b"", silent=True) as server:
            made = rig(f"https://127.0.0.1:{server.port}", request_timeout=Period(0.3))

            error = made.failure(seconds=5)

        assert error.reason is Reason.TIMEOUT


class TestBudget:
    """What the API says of its limits is kept to."""

    def test_nobody_calls_before_retry_after(self, api: FaultyApi, rig: Callable[..., Rig]) -> None:
        """After a 429 the next walk makes no request until then, and says why."""
        made = rig(api.url)
        api.faults.add(Answer(429, {"Retry-After": "60"}))
        made.walk(20)

        error = made.failure(seconds=20)

        assert error.reason is Reason.RATE_LIMITED
        assert len(api.requests) == 1
        assert "used up for another" in error.message

    def test_a_short_retry_after_is_waited_for(self, api: FaultyApi, rig: Callable[..., Rig]) -> None:
        """Where the walk has the time, it waits."""
        made = rig(api.url)
        api.faults.add(Answer(503, {"Retry-After": "3"}))

        outcome = made.walk(20)

        assert outcome.snapshot is not None
        assert any(2.5 < slept <= 3 for slept in made.clock.slept)

    def test_a_retry_after_that_is_too_long_leaves_the_reason(
        self, api: FaultyApi, rig: Callable[..., Rig]
    ) -> None:
        """A 503 that asks for more time than the walk has is a failure of the server, not of the budget."""
        api.faults.add(Answer(503, {"Retry-After": "100"}))

        error = rig(api.url).failure(seconds=20)

        assert error.reason is Reason.SERVER_ERROR
        assert len(api.requests) == 1

    def test_a_retry_never_eats_the_budget_of_the_next_walk(self, rig: Callable[..., Rig]) -> None:
        """With no more left in the hour than the next walk needs, a failed request is not made again."""
        with FaultyApi(backups=many(5, 1), tier="standard") as api:
            made = rig(api.url, api_tier="standard")
            for _ in range(990):
                made.budget.spend()
            made.clock.ahead = 120  # those are out of the minute, and in the hour
            api.faults.add(ErrorBody(503), times=None)

            tight, roomy = made.walk(20, next_walk=9), made.walk(20, next_walk=1)

        assert (tight.stats.requests, roomy.stats.requests) == (1, 3)

    def test_the_limits_are_read_off_every_response(self, rig: Callable[..., Rig]) -> None:
        """Errors included."""
        with FaultyApi(backups=many(5, 1), tier="professional", api_key="other:key") as api:
            made = rig(api.url)
            made.walk(20)

        assert made.budget.minute_limit == 300

    def test_a_retry_moves_no_walks_turn(self, rig: Callable[..., Rig]) -> None:
        """After a walk of one page and two retries the next may come as if there had been none."""
        with FaultyApi(backups=many(5, 1), tier="standard") as api:
            made = rig(api.url, api_tier="standard")
            api.faults.add(ErrorBody(503), times=2)

            outcome = made.walk(20)

        assert outcome.stats.requests == 3
        assert made.budget.request_walk(1) <= made.budget.pace(1)


class TestRequests:
    """What is sent."""

    def test_names_the_exporter_and_asks_by_the_rules(self, api: FaultyApi, rig: Callable[..., Rig]) -> None:
        """The key in its header, the version, limit and marker."""
        rig(api.url).walk(20)

        first, second, _ = api.requests
        assert first.headers["x-api-key"] == KEY
        assert "authorization" not in first.headers
        assert first.headers["user-agent"].startswith("bycloud-backup-exporter/")
        assert first.headers["connection"] == "keep-alive"
        assert first.query == {"limit": "20"}
        assert second.query == {"limit": "20", "marker": many(45, 6)[19].id}

    def test_sends_a_token_as_bearer(self, api: FaultyApi, rig: Callable[..., Rig]) -> None:
        """The other way to authenticate."""
        made = rig(api.url, api_key=None, token=Secret("demo-token"))

        assert made.walk(20).snapshot is not None
        assert api.requests[0].headers["authorization"] == "Bearer demo-token"

    def test_no_netrc_replaces_the_credential(
        self, api: FaultyApi, rig: Callable[..., Rig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A `.netrc` for the API's host is not asked."""
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login someone password else\n")
        monkeypatch.setenv("NETRC", str(netrc))

        rig(api.url).walk(20)

        assert "authorization" not in api.requests[0].headers

    def test_no_netrc_is_read_for_a_redirect(
        self, api: FaultyApi, rig: Callable[..., Rig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Not even one that cannot be: requests would, for the address that is not followed."""
        netrc = tmp_path / "netrc"
        netrc.write_bytes(b"machine caf\xe9 login someone password else\n")
        monkeypatch.setenv("NETRC", str(netrc))
        api.faults.add(Answer(302, {"Location": f"{api.url}/elsewhere"}, b""))

        assert rig(api.url).failure().reason is Reason.BAD_RESPONSE

    def test_reads_a_rotated_credential_at_the_next_walk(
        self, api: FaultyApi, rig: Callable[..., Rig], tmp_path: Path
    ) -> None:
        """`api_key_file` is read anew each time, and says so where it cannot be."""
        file = tmp_path / "key"
        file.write_text("old:wrong-key\n")
        made = rig(api.url, api_key=None, api_key_file=str(file))
        before = made.failure()
        file.write_text(KEY + "\n")
        after = made.walk(20)
        file.unlink()
        gone = made.failure()

        assert before.status == 401
        assert after.snapshot is not None
        assert gone.reason is Reason.AUTH
        assert gone.message == f"target default: api_key_file: cannot read {file}: No such file or directory"

    def test_follows_no_redirect(self, api: FaultyApi, rig: Callable[..., Rig]) -> None:
        """The credential travels to no other host."""
        with FaultyApi(backups=()) as other:
            api.faults.add(Answer(302, {"Location": f"{other.url}/v1/database-backups"}))

            error = rig(api.url).failure()

            assert error.reason is Reason.BAD_RESPONSE
            assert "redirects are refused" in error.message
            assert other.requests == []

    @pytest.mark.parametrize("cookie", ["a=b", f"a=b; max-age={'9' * 400}"])
    def test_takes_no_cookie(self, api: FaultyApi, rig: Callable[..., Rig], cookie: str) -> None:
        """None is parsed, and none comes back."""
        body = b'{"database_backups": [], "meta": {"total": 0}}'
        api.faults.add(Answer(200, {"Set-Cookie": cookie}, body))
        made = rig(api.url)
        outcomes = [made.walk(20), made.walk(20)]

        assert all(outcome.snapshot for outcome in outcomes)
        assert all("cookie" not in request.headers for request in api.requests)

    def test_keeps_its_connection_between_pages_and_walks(
        self, api: FaultyApi, rig: Callable[..., Rig]
    ) -> None:
        """Six pages of two walks over one connection."""
        with _Server(_forward(api)) as server:
            made = rig(f"http://127.0.0.1:{server.port}")
            made.walk(20)
            made.walk(20)

        assert len(api.requests) == 6
        assert server.connections == 1

    def test_goes_through_the_proxy_it_is_given(self, api: FaultyApi, rig: Callable[..., Rig]) -> None:
        """`proxy_url` takes every request, whatever the environment says."""
        heads: list[bytes] = []

        def answer(head: bytes) -> bytes:
            heads.append(head)
            return _forward(api)(head)

        with _Server(answer) as server:
            made = rig(
                "http://api.example.invalid", proxy_url=ProxyUrl(f"http://u:p4ssw0rd@127.0.0.1:{server.port}")
            )
            outcome = made.walk(20)

        assert outcome.snapshot is not None
        assert heads[0].startswith(b"GET http://api.example.invalid/v1/database-backups?limit=20 ")
        assert "p4ssw0rd" not in repr(made.target)

    @pytest.mark.parametrize(
        ("host", "exempt", "goes_there"),
        [
            ("api.example.invalid", "", True),
            ("api.example.invalid", "api.example.invalid", False),
            ("bücher.invalid", "xn--bcher-kva.invalid", False),
        ],
    )
    def test_goes_through_the_proxy_of_the_environment(  # noqa: PLR0913 - fixtures and parameters
        self,
        api: FaultyApi,
        rig: Callable[..., Rig],
        monkeypatch: pytest.MonkeyPatch,
        host: str,
        exempt: str,
        *,
        goes_there: bool,
    ) -> None:
        """Where the target names none, unless its host is exempt. It is asked but once."""
        for name in ("http_proxy", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        with _Server(_forward(api)) as server:
            monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.port}")
            monkeypatch.setenv("NO_PROXY", exempt)
            made = rig(f"http://{host}")
            monkeypatch.delenv("HTTP_PROXY")
            outcome = made.walk(20)

        assert (outcome.snapshot is not None) is goes_there
        assert (server.connections == 1) is goes_there


class TestUnsentRequests:
    """Requests whose connection failed: the API's budget is not spent on them."""

    def test_a_refused_connection_costs_nothing(self, rig: Callable[..., Rig]) -> None:
        """All three tries of the walk are given back."""
        with refusing_port() as port:
            made = rig(f"http://127.0.0.1:{port}", api_tier="standard")
            made.failure()

        assert made.notes.codes == ["connection"] * 3
        assert made.budget.hour_remaining == made.budget.hour_limit

    def test_a_failed_handshake_costs_nothing(self, api: FaultyApi, rig: Callable[..., Rig]) -> None:
        """The API speaks no TLS on that port."""
        made = rig(api.url.replace("http:", "https:"), api_tier="standard")
        made.failure()

        assert made.budget.hour_remaining == made.budget.hour_limit

    @pytest.mark.parametrize("fault", [Reset(0), HangBeforeHeaders(), Raw(b"")], ids=repr)
    def test_a_request_that_left_counts(self, api: FaultyApi, rig: Callable[..., Rig], fault: Fault) -> None:
        """The API may have counted it, though its answer never came."""
        made = rig(api.url, api_tier="standard", request_timeout=Period(0.4))
        api.faults.add(fault, times=None)
        made.failure()

        assert made.budget.hour_limit is not None
        assert made.budget.hour_remaining == made.budget.hour_limit - len(made.notes.codes)


class TestBodies:
    """What is read."""

    def test_a_gzip_bomb_costs_no_more_than_the_largest_body(self) -> None:
        """300 MiB that travel as 300 kB are refused at 64 MiB."""
        with ProcessPoolExecutor(1, get_context("spawn")) as alone:
            reason, message, peak = alone.submit(_open_a_bomb).result()

        assert reason is Reason.BAD_RESPONSE
        assert "larger than" in message
        assert peak < 80 * MIB

    @pytest.mark.parametrize("location", ["/elsewhere", "http://[::1", "http://\ud800", "//", "x" * 60_000])
    def test_a_redirects_body_is_bounded_too(
        self, api: FaultyApi, rig: Callable[..., Rig], location: str
    ) -> None:
        """Wherever it leads, it is read like any other answer: requests would read it whole."""
        head = b"HTTP/1.1 302 Found\r\nContent-Encoding: gzip\r\nLocation: %s\r\n\r\n"
        bomb = gzip.compress(bytes(300 * MIB), compresslevel=1)
        api.faults.add(Raw(head % location.encode(errors="surrogatepass") + bomb))
        made = rig(api.url)
        tracemalloc.start()

        error = made.failure()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert error.reason is Reason.BAD_RESPONSE
        assert "larger than" in error.message
        assert peak < 80 * MIB

    @pytest.mark.parametrize("size", [b"-1", b"-0x1", b"-ffff"])
    def test_a_chunk_of_negative_size_is_no_body(
        self, api: FaultyApi, rig: Callable[..., Rig], size: bytes
    ) -> None:
        """The standard library reads it to the end of the stream, whatever the memory."""
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        api.faults.add(Raw(head + size + b"\r\n" + bytes(100 * MIB)), times=None)
        made = rig(api.url)
        tracemalloc.start()

        error = made.failure()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert error.reason is Reason.CONNECTION
        assert "a chunk of negative size" in error.message
        assert peak < 8 * MIB

    @pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "gzip,gzip,gzip,gzip,gzip,gzip"])
    def test_an_encoding_that_was_not_asked_for_is_refused(
        self, api: FaultyApi, rig: Callable[..., Rig], encoding: str
    ) -> None:
        """A chain of them multiplies what a byte may cost."""
        api.faults.add(Answer(200, {"Content-Encoding": encoding}, b"{}"))

        error = rig(api.url).failure()

        assert error.reason is Reason.BAD_RESPONSE
        assert "not asked for" in error.message

    def test_a_compressed_page_is_read(self, rig: Callable[..., Rig]) -> None:
        """Gzip is asked for and understood."""
        with FaultyApi(backups=many(5, 1), quirks=Quirks(gzip=True)) as api:
            outcome = rig(api.url).walk(20)

            assert "gzip" in api.requests[0].headers["accept-encoding"]

        assert outcome.snapshot is not None

    def test_malformed_records_are_counted_and_logged_with_their_place(
        self, api: FaultyApi, rig: Callable[..., Rig]
    ) -> None:
        """The rest of the page counts."""
        api.faults.add(Malform({2: {"id": "x"}, 3: None}), when=second_page)
        made = rig(api.url)
        with structlog.testing.capture_logs() as logs:
            outcome = made.walk(20)

        assert outcome.snapshot is not None
        assert outcome.snapshot.malformed == 2
        assert outcome.snapshot.summary.backups == 43
        assert [line["event"] for line in logs if line.get("doubt") == "malformed"] == [
            "2 malformed records, not counted; the first: record 23: Object missing required field `status`"
        ]


class TestTls:
    """Certificates."""

    @pytest.fixture
    def authority(self) -> trustme.CA:
        """Return a certificate authority that nobody knows."""
        return trustme.CA()

    @pytest.fixture
    def secured(self, authority: trustme.CA) -> Iterator[FaultyApi]:
        """Run the API with the authority's certificate; a client's own must be of the same one, if any."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_OPTIONAL
        with FaultyApi(backups=many(5, 1), ssl_context=context) as running:
            yield running

    def test_refuses_a_certificate_of_nobody_known(self, secured: FaultyApi, rig: Callable[..., Rig]) -> None:
        """Verification is on, and its failure has its own reason."""
        error = rig(secured.url).failure()

        assert error.reason is Reason.TLS
        assert "certificate verify failed" in error.message

    def test_trusts_the_authority_it_is_given(
        self, secured: FaultyApi, authority: trustme.CA, rig: Callable[..., Rig], tmp_path: Path
    ) -> None:
        """`ca_file`, with a client certificate in one file and in two."""
        ca_file, both, cert, key = (str(tmp_path / name) for name in ("ca", "both", "cert", "key"))
        issued = authority.issue_cert("client@example.com")
        authority.cert_pem.write_to_path(ca_file)
        issued.private_key_and_cert_chain_pem.write_to_path(both)
        issued.cert_chain_pems[0].write_to_path(cert)
        issued.private_key_pem.write_to_path(key)
        settings = (
            TlsConfig(ca_file=ca_file),
            TlsConfig(ca_file=ca_file, cert_file=both),
            TlsConfig(ca_file=ca_file, cert_file=cert, key_file=key),
        )

        outcomes = [rig(secured.url, tls_config=tls).walk(20) for tls in settings]

        assert all(outcome.snapshot for outcome in outcomes)

    def test_verifies_nothing_where_told_so(self, secured: FaultyApi, rig: Callable[..., Rig]) -> None:
        """`insecure_skip_verify`, without a warning at every request."""
        made = rig(secured.url, tls_config=TlsConfig(insecure_skip_verify=True))

        assert made.walk(20).snapshot is not None

    def test_a_certificates_file_that_is_gone_is_a_failure_of_tls(
        self, secured: FaultyApi, rig: Callable[..., Rig]
    ) -> None:
        """Missing files fail the walk, not the exporter."""
        error = rig(secured.url, tls_config=TlsConfig(ca_file="/nowhere/ca.pem")).failure()

        assert error.reason is Reason.TLS
        assert "/nowhere/ca.pem" in error.message


class TestUnit:
    """The doubt about the unit of sizes."""

    @pytest.mark.parametrize(("unit", "data_warnings"), [("bytes", 1), ("GiB", 0)])
    def test_is_logged_once(
        self, api: FaultyApi, rig: Callable[..., Rig], unit: str, data_warnings: int
    ) -> None:
        """Sizes too small for bytes are said so at the first walk, and not again."""
        made = rig(api.url, size_unit=unit)
        with structlog.testing.capture_logs() as logs:
            made.walk(20)
            made.walk(20)

        assert sum("look like GiB" in line["event"] for line in logs) == data_warnings


class TestConcurrency:
    """Several requests of one walk at once."""

    def test_an_unchanged_list_costs_its_pages_and_says_the_same(
        self, started: StartedThreads, api: FaultyApi, rig: Callable[..., Rig]
    ) -> None:
        """The second walk knows where the pages begin; the third too, and no thread outlives a walk."""
        made = rig(api.url, max_concurrency=4)
        cold, *warm = (made.walk(20) for _ in range(3))
        started.join("fetch")

        assert len(api.requests) == 9
        assert all(outcome.stats.requests == 3 for outcome in warm)
        assert cold.snapshot
        assert [o.snapshot and o.snapshot.summary for o in warm] == [cold.snapshot.summary] * 2
        assert started.named("fetch")

    def test_what_waits_for_its_turn_when_the_walk_ends_is_not_sent(
        self, api: FaultyApi, rig: Callable[..., Rig]
    ) -> None:
        """A client that is closed sends nothing."""
        client = rig(api.url).api.client(30)
        client.close()

        with pytest.raises(ApiError) as failure:
            client.page(BACKUPS, None, 20)

        assert failure.value.reason is Reason.TIMEOUT
        assert api.requests == []


class TestWatchdog:
    """The thread that cuts."""

    def test_is_one_thread_however_many_watch(self, started: StartedThreads) -> None:
        """The first watch starts it."""
        deadlines = Deadlines()
        for _ in range(5):
            with deadlines.watch(30.0):
                pass

        assert [thread.name for thread in started.named("")] == ["deadlines"]

    def test_cuts_what_has_no_connection_yet_as_soon_as_it_has(self) -> None:
        """A watch that expires before there is a socket is no error."""
        deadlines = Deadlines()

        with deadlines.watch(0.0) as watch:
            wait_until(lambda: watch.expired)

        assert watch.expired

    def test_cuts_what_is_due_before_all_it_waits_for(self) -> None:
        """It is woken for a deadline that is sooner."""
        waits: SimpleQueue[float | None] = SimpleQueue()

        class Told(Deadlines):
            def _cut_expired(self) -> float | None:
                wait = super()._cut_expired()
                waits.put(wait)
                return wait

        deadlines, over = Told(), threading.Event()

        def hold() -> None:
            with deadlines.watch(60):
                over.wait()

        with ThreadPoolExecutor(1) as pool, ExitStack() as stack:
            stack.callback(over.set)
            pool.submit(hold)
            assert 50 < (waits.get(timeout=10) or 0) <= 60
            with deadlines.watch(0.0) as watch:
                assert waits.get(timeout=10) == pytest.approx(AGAIN)
                assert watch.expired


TCP = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")


def _resolving(names: Mapping[str, Sequence[str]], otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """Return a `getaddrinfo` that knows these names."""

    def getaddrinfo(host: str, port: int, *arguments: int) -> Any:
        if host in names and not arguments[-1]:
            return [(*TCP, (address, port)) for address in names[host]]
        return otherwise(host, port, *arguments)

    return getaddrinfo


class _Server(ThreadingTCPServer):
    """Answers heads of requests, over kept connections that it counts; or never, or without an end."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(
        self, answer: Callable[[bytes], bytes], *, silent: bool = False, drips: bool = False
    ) -> None:
        self.answer = answer
        self.drips = drips
        self.connections = 0
        self.closing = threading.Event()
        self.silent = silent
        super().__init__(("127.0.0.1", 0), _Exchange)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def port(self) -> int:
        """Return where it listens."""
        return int(self.server_address[1])

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Exchange(StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        """Answer until the client leaves."""
        self.server.connections += 1
        if self.server.silent:
            self.server.closing.wait(10)
            return
        head = b""
        while line := self.rfile.readline():
            head += line
            if line == b"\r\n":
                self.wfile.write(self.server.answer(head))
                head = b""
                while self.server.drips and not self.server.closing.wait(0.05):
                    self.wfile.write(b" ")


def _forward(api: FaultyApi) -> Callable[[bytes], bytes]:
    """Return an answer that asks the embedded API the same by way of a plain connection, and no proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def answer(head: bytes) -> bytes:
        place = head.split(b" ")[1].decode().split("/v1/", 1)[1]
        request = urllib.request.Request(f"{api.url}/v1/{place}", headers={"X-Api-Key": KEY})  # noqa: S310 - loopback
        with opener.open(request) as response:
            body: bytes = response.read()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    return answer
