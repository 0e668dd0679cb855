"""The window of a minute, by times that tests choose."""

from exporter.api.minute_window import MinuteWindow, Window
from exporter.api.rate_headers import ReportedWindow


def reported(remaining: int, seconds: float = 42.0) -> ReportedWindow:
    """Make a report of `remaining` of 100 requests."""
    return ReportedWindow(100, remaining, seconds)


def window_with(remaining: int, seconds: float = 42.0) -> MinuteWindow:
    """Make a window that the API reported at time 0."""
    made = MinuteWindow()
    made.observe(reported(remaining, seconds), 0.0)
    return made


def test_is_unknown_before_the_first_report() -> None:
    """Requests don't wait before the API has reported a window."""
    window = MinuteWindow()

    assert (window.limit, window.current(0.0)) == (None, None)
    assert window.seconds_until_room(1_000, 0.0) == 0


def test_has_room_for_what_remains() -> None:
    """More must wait for the window's end."""
    window = window_with(10)

    assert window.seconds_until_room(10, 2.0) == 0
    assert window.seconds_until_room(11, 2.0) == 40


def test_ends_at_its_reset() -> None:
    """The limit is kept."""
    window = window_with(0)

    assert window.current(42.0) is None
    assert window.seconds_until_room(1, 42.0) == 0
    assert window.limit == 100


def test_counts_requests_before_their_responses() -> None:
    """A request in flight no longer remains."""
    window = window_with(2)
    window.take()

    assert window.current(0.0) == Window(100, 1, 42.0)


def test_keeps_its_own_count_while_others_are_in_flight() -> None:
    """Responses overtake one another: a report may miss requests that are still in flight."""
    window = window_with(3)
    for _ in range(3):
        window.take()
    window.observe(reported(2), 0.0)

    assert window.current(0.0) == Window(100, 0, 42.0)


def test_believes_the_report_of_the_only_request() -> None:
    """With nothing else in flight the API knows best."""
    window = window_with(3)
    window.take()
    window.finish()
    window.take()
    window.observe(reported(7), 0.0)

    assert window.current(0.0) == Window(100, 7, 42.0)


def test_believes_a_report_of_less() -> None:
    """Other clients use the API too."""
    window = window_with(50)
    window.take()
    window.take()
    window.observe(reported(1), 0.0)

    assert window.current(0.0) == Window(100, 1, 42.0)


def test_a_new_window_replaces_the_old_one() -> None:
    """Even if the old one has not ended by this machine's clock."""
    window = window_with(2, seconds=0.5)
    window.take()
    window.take()
    window.observe(reported(99, seconds=60), 0.0)

    assert window.current(0.0) == Window(100, 99, 60.0)


def test_a_cancelled_request_remains() -> None:
    """The API never saw it."""
    window = window_with(3)
    window.cancel(window.take())

    assert window.current(0.0) == Window(100, 3, 42.0)


def test_a_cancelled_request_adds_nothing_to_a_newer_window() -> None:
    """It was counted in the window before: the new one has what the API reported, and no more."""
    window = window_with(2, seconds=0.5)
    window.take()
    counted_in = window.take()
    window.observe(reported(50, seconds=60), 0.0)
    window.cancel(counted_in)

    assert window.current(0.0) == Window(100, 50, 60.0)


def test_a_request_cancelled_before_the_first_report_does_not_count() -> None:
    """It was counted in no window."""
    window = MinuteWindow()
    counted_in = window.take()
    window.observe(reported(50), 0.0)
    window.cancel(counted_in)

    assert window.current(0.0) == Window(100, 50, 42.0)


def test_repr_shows_its_state() -> None:
    """A log or a debugger shows what was reported and counted."""
    window = window_with(3)
    window.take()

    assert "remaining=3" in repr(window)
    assert "1 sent since, 1 in flight" in repr(window)
