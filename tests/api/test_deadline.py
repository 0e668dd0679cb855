"""Deadlines that hold in total."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue

import pytest

from exporter.api import Deadlines, HttpTransport
from exporter.api.deadline import RECHECK_INTERVAL
from exporter.config import Timeout
from exporter.errors import Reason, UnsentRequestError
from tests.support.client_rig import MakeRig
from tests.support.faults import DripBody, DripHeaders, Fault, FaultyApi, HangBeforeHeaders, HangInBody
from tests.support.plain_server import PlainServer
from tests.support.serving import wait_until
from tests.support.started import StartedThreads


@pytest.mark.parametrize("fault", [DripHeaders(0.05), DripBody(0.05), HangInBody(10)], ids=repr)
def test_a_dripping_response_is_cut_at_the_deadline(api: FaultyApi, rig: MakeRig, fault: Fault) -> None:
    """Bytes that keep arriving do not extend it, neither in headers nor in the body."""
    made = rig(api.url)
    api.faults.add(fault, times=None)

    error = made.failure(seconds=0.5)

    assert error.reason is Reason.TIMEOUT


def test_a_cut_connection_is_not_reused(api: FaultyApi, rig: MakeRig) -> None:
    """The next walk succeeds."""
    made = rig(api.url, request_timeout=Timeout(2))
    api.faults.add(HangInBody(300))

    first, second = made.walk(5), made.walk(5)

    assert first.error is not None
    assert second.snapshot is not None


def test_a_drip_on_a_closing_connection_is_cut_too(rig: MakeRig) -> None:
    """The connection object no longer has its socket."""
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n"
    with PlainServer(lambda _head: head, drips=True) as server:
        made = rig(f"http://127.0.0.1:{server.port}", request_timeout=Timeout(0.4))

        error = made.failure(seconds=20)

    assert error.reason is Reason.TIMEOUT
    assert error.message == "no complete response within 0.4s"


def test_a_cut_body_without_a_length_is_a_timeout(rig: MakeRig) -> None:
    """It seems to end where it is cut."""
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    with PlainServer(lambda _head: head, drips=True) as server:
        made = rig(f"http://127.0.0.1:{server.port}", request_timeout=Timeout(0.4))
        outcome = made.walk(20)

    assert outcome.error is not None
    assert outcome.error.reason is Reason.TIMEOUT
    assert outcome.stats.requests == 1


@pytest.mark.parametrize("fault", [HangBeforeHeaders(), HangInBody(300)], ids=repr)
def test_the_sockets_own_timeout_has_the_same_reason(api: FaultyApi, rig: MakeRig, fault: Fault) -> None:
    """Under load it may come first: the reason is still `timeout`, and nothing is retried."""

    class Late(Deadlines):
        def _cut_overdue(self) -> None:
            """Cut nothing."""

    api.faults.add(fault, times=None)
    made = rig(api.url, request_timeout=Timeout(0.4))
    made.api.transport.close()
    made.api.transport = HttpTransport(made.target, Late())

    outcome = made.walk(20)

    assert outcome.error is not None
    assert outcome.error.reason is Reason.TIMEOUT
    assert outcome.stats.requests == 1


def test_one_thread_cuts_all_exchanges(started: StartedThreads) -> None:
    """The first exchange starts it."""
    deadlines = Deadlines()
    for _ in range(5):
        with deadlines.limit(30.0):
            pass

    assert [thread.name for thread in started.named("")] == ["deadlines"]


def test_an_exchange_without_a_connection_can_be_cut() -> None:
    """A deadline may pass before there is a socket."""
    deadlines = Deadlines()

    with deadlines.limit(0.0) as exchange:
        wait_until(lambda: exchange.was_cut)

    assert exchange.was_cut


def test_an_earlier_deadline_wakes_the_thread() -> None:
    """The thread does not sleep until the deadlines that it knows."""
    waits: SimpleQueue[float | None] = SimpleQueue()

    class Recording(Deadlines):
        def _cut_overdue(self) -> float | None:
            wait = super()._cut_overdue()
            waits.put(wait)
            return wait

    deadlines, over = Recording(), threading.Event()

    def hold() -> None:
        with deadlines.limit(60):
            over.wait()

    with ThreadPoolExecutor(1) as pool, ExitStack() as stack:
        stack.callback(over.set)
        pool.submit(hold)
        assert 50 < (waits.get(timeout=10) or 0) <= 60
        with deadlines.limit(0.0) as exchange:
            assert waits.get(timeout=10) == pytest.approx(RECHECK_INTERVAL)
            assert exchange.was_cut


def test_an_exchange_without_a_thread_for_its_deadline_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every exchange has a deadline; the next one tries to start the thread again."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    deadlines = Deadlines()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with (
            pytest.raises(UnsentRequestError, match="cannot start a thread for request deadlines"),
            deadlines.limit(30.0),
        ):
            pytest.fail("the block must not run")

    with deadlines.limit(30.0) as exchange:
        assert not exchange.was_cut


def test_repr_names_the_state() -> None:
    """The thread starts with the first exchange."""
    deadlines = Deadlines()
    before = repr(deadlines)
    with deadlines.limit(30.0) as exchange:
        during = repr(deadlines)
        of_exchange = repr(exchange)

    assert before == "Deadlines(NOT_STARTED, 0 exchanges)"
    assert during.endswith("1 exchanges)")
    assert of_exchange.endswith("s left, was_cut=False)")
