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


def test_as_many_work_at_once_as_may() -> None:
    """Three meet, which two could not."""
    meeting = threading.Barrier(3)
    with Threads(3) as threads:
        met = [threads.submit(meeting.wait, 10) for _ in range(3)]

        assert sorted(future.result(10) for future in met) == [0, 1, 2]


def test_no_more_are_started_than_may_be_nor_than_are_needed(started: StartedThreads) -> None:
    """Two threads do ten pieces of work; one piece needs but one thread."""
    with Threads(2) as two, Threads(2) as one:
        names = {two.submit(threading.get_ident).result(10) for _ in range(10)}
        one.submit(threading.get_ident).result(10)

        assert len(names) <= 2
        assert len(started.named("fetch")) == 3


def test_they_end_with_the_block() -> None:
    """None idles until the next walk."""
    with Threads(2) as threads:
        ours = threads.submit(threading.current_thread).result(10)
    ours.join(10)

    assert not ours.is_alive()


def test_a_failure_is_the_callers() -> None:
    """And the thread goes on."""
    with Threads(1) as threads:
        failing = threads.submit(int, "many")

        with pytest.raises(ValueError, match="many"):
            failing.result(10)

        assert threads.submit(int, "3").result(10) == 3


def test_what_was_returned_is_let_go() -> None:
    """A thread that idles keeps no page alive."""

    class Result:
        pass

    with Threads(1) as threads:
        kept = weakref.ref(threads.submit(Result).result(10))
        while kept() is not None:
            gc.collect()

    assert kept() is None


def test_a_request_that_hangs_keeps_no_process_from_ending() -> None:
    """The interpreter does not wait for daemons."""
    ended = subprocess.run([sys.executable, "-c", HANGING], timeout=30, check=False)

    assert ended.returncode == 0


def test_without_a_thread_the_caller_does_the_work() -> None:
    """A limit of processes makes a walk slow, and fails none."""
    with Threads(2) as threads:
        with no_threads():
            here = threads.submit(threading.get_ident).result(0)
            failing = threads.submit(int, "many")
        there = threads.submit(threading.get_ident).result(10)

        assert here == threading.get_ident() != there
        with pytest.raises(ValueError, match="many"):
            failing.result(0)


def test_with_fewer_threads_than_wanted_those_that_run_do_the_work() -> None:
    """The first one does what the second one would have."""
    with Threads(2) as threads:
        first = threads.submit(threading.get_ident).result(10)
        with no_threads():
            second = threads.submit(threading.get_ident).result(10)

        assert first == second != threading.get_ident()
