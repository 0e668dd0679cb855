"""The threads of a walk."""

import gc
import subprocess
import sys
import threading
import weakref

import pytest

from exporter.walk.threads import Threads
from tests.support.started import StartedThreads
from tests.support.threadless import no_threads

HANGING = """
import threading
from exporter.walk.threads import Threads
with Threads(1) as threads:
    threads.submit(threading.Event().wait)
"""


def test_the_size_limits_concurrent_tasks() -> None:
    """Three threads meet, which two could not."""
    meeting = threading.Barrier(3)
    with Threads(3) as threads:
        met = [threads.submit(meeting.wait, 10) for _ in range(3)]

        assert sorted(future.result(10) for future in met) == [0, 1, 2]


def test_threads_are_started_when_they_are_needed(started: StartedThreads) -> None:
    """Two threads run ten tasks; one task needs one thread."""
    with Threads(2) as two, Threads(2) as one:
        names = {two.submit(threading.get_ident).result(10) for _ in range(10)}
        one.submit(threading.get_ident).result(10)

        assert len(names) <= 2
        assert len(started.named("fetch")) == 3


def test_threads_exit_after_the_block() -> None:
    """No thread is idle until the next walk."""
    with Threads(2) as threads:
        ours = threads.submit(threading.current_thread).result(10)
    ours.join(10)

    assert not ours.is_alive()


def test_a_failure_is_raised_where_the_result_is_awaited() -> None:
    """The thread continues."""
    with Threads(1) as threads:
        failing = threads.submit(int, "many")

        with pytest.raises(ValueError, match="many"):
            failing.result(10)

        assert threads.submit(int, "3").result(10) == 3


def test_an_idle_thread_keeps_no_result() -> None:
    """A page must not stay in memory until the next request."""

    class Result:
        pass

    with Threads(1) as threads:
        kept = weakref.ref(threads.submit(Result).result(10))
        while kept() is not None:
            gc.collect()

    assert kept() is None


def test_the_process_exits_while_a_request_hangs() -> None:
    """The interpreter does not wait for daemon threads."""
    ended = subprocess.run([sys.executable, "-c", HANGING], timeout=30, check=False)

    assert ended.returncode == 0


def test_the_caller_does_the_work_if_no_thread_can_be_started() -> None:
    """A process limit makes a walk slow, but does not fail it."""
    with Threads(2) as threads:
        with no_threads():
            here = threads.submit(threading.get_ident).result(0)
            failing = threads.submit(int, "many")
        there = threads.submit(threading.get_ident).result(10)

        assert here == threading.get_ident() != there
        with pytest.raises(ValueError, match="many"):
            failing.result(0)


def test_the_running_threads_do_the_work_if_no_other_can_be_started() -> None:
    """The first thread runs the second task, too."""
    with Threads(2) as threads:
        first = threads.submit(threading.get_ident).result(10)
        with no_threads():
            second = threads.submit(threading.get_ident).result(10)

        assert first == second != threading.get_ident()


def test_its_repr_shows_the_number_of_threads() -> None:
    """Its `repr` is for a debugger."""
    with Threads(2) as threads:
        threads.submit(int).result(10)

        assert repr(threads) == "Threads(size=2, started=1)"
