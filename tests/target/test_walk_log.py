"""What the log says about the ends of walks."""

from collections.abc import Sequence
from typing import Any

import structlog
from structlog.testing import capture_logs

from exporter.errors import Reason
from exporter.target import WalkOutcome
from exporter.target.walk_log import WalkLog
from tests.support.outcomes import complete, failed

STALE_AFTER = 300.0
MINUTE = 60.0


def logged(results: Sequence[WalkOutcome | BaseException]) -> list[dict[str, Any]]:
    """Return the lines about walks that each take a second and begin every minute.

    The last snapshot is served for `STALE_AFTER`, as a scraper does.
    """
    log = WalkLog(structlog.get_logger())
    with capture_logs() as lines:
        for minute, result in enumerate(results):
            began = minute * MINUTE
            log.note(result, began=began, now=began + 1, serves_snapshot=began < STALE_AFTER)
            log.write()
    return [dict(line) for line in lines]


def test_an_outage_is_one_line_with_its_cause_and_what_is_served() -> None:
    """Ten failures of one kind are one line."""
    lines = logged([complete()] * 2 + [failed(status=503, request_id="req-1")] * 3)

    assert lines == [
        {"event": "read the backup list", "log_level": "info", "backups": 0, "pages": 1, "seconds": 1.0},
        {
            "event": "cannot read the backup list: no luck",
            "log_level": "warning",
            "reason": "server_error",
            "status": 503,
            "request_id": "req-1",
            "serving": "last snapshot",
        },
    ]


def test_a_new_cause_is_logged_with_the_duration_of_the_outage() -> None:
    """The outage is as old as its first walk, even if that failed for another reason."""
    (_, line) = logged([failed(status=503), failed(status=503), failed(Reason.AUTH, status=401)])

    assert (line["reason"], line["failed_walks"], line["failing_for"]) == ("auth", 3, "2m 1s")


def test_the_end_of_the_snapshot_is_a_line() -> None:
    """Once it is too old to be served, the backup metrics are gone: alerts change."""
    lines = logged([complete(), *[failed()] * 8])

    assert [line.get("serving") for line in lines] == [None, "last snapshot", "no backup metrics"]


def test_the_end_of_an_outage_is_logged_with_its_duration() -> None:
    """It counts the failed walks and their time, from the first one's begin."""
    lines = logged([failed(), failed(), complete(), complete()])

    assert [line["event"] for line in lines] == [
        "cannot read the backup list: no luck",
        "reading the backup list works again",
    ]
    assert (lines[1]["failed_walks"], lines[1]["failing_for"]) == (2, "2m 1s")


def test_every_crash_is_logged_with_its_traceback() -> None:
    """A bug is always news, and so is the walk after it."""
    bugs = [ZeroDivisionError(), ZeroDivisionError()]
    lines = logged([complete(), *bugs, complete()])

    assert [line["log_level"] for line in lines] == ["info", "error", "error", "info"]
    assert [line["exc_info"] for line in lines[1:3]] == bugs
    assert lines[3]["failed_walks"] == 2


def test_its_repr_shows_the_outage() -> None:
    """For debuggers."""
    log = WalkLog(structlog.get_logger())
    log.note(failed(), began=5.0, now=6.0, serves_snapshot=False)

    assert repr(log) == "WalkLog(FailedWalks(since=5.0, walks=1))"
