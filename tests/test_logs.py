"""One line an event, on stderr."""

import json
import logging
import re

import pytest
import structlog

from exporter.logs import configure_logs


def test_logfmt(capsys: pytest.CaptureFixture[str]) -> None:
    """Time in UTC, level and event first; what is absent is left out, what is odd is quoted."""
    configure_logs("info", "logfmt")
    structlog.get_logger().bind(target="prod").info("walks succeed", backups=3, status=None, odd='a "b"\nc')
    out, err = capsys.readouterr()

    assert out == ""
    assert re.fullmatch(
        r'timestamp=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z level=info event="walks succeed"'
        r' target=prod backups=3 odd="a \\"b\\"\\nc"\n',
        err,
    )


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The same as an object."""
    configure_logs("info", "json")
    structlog.get_logger().warning("walks fail", reason="auth", message=None)
    event = json.loads(capsys.readouterr().err)

    assert event.pop("timestamp").endswith("Z")
    assert event == {"level": "warning", "event": "walks fail", "reason": "auth"}


@pytest.mark.parametrize(("level", "lines"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_levels(capsys: pytest.CaptureFixture[str], level: str, lines: int) -> None:
    """What is below is not told."""
    configure_logs(level, "logfmt")
    log = structlog.get_logger()
    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)("event")

    assert len(capsys.readouterr().err.splitlines()) == lines


def test_libraries_speak_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    """Their warnings and errors, not their chatter, whatever the level of ours."""
    configure_logs("debug", "json")
    library = logging.getLogger("some.library")
    library.info("chatter")
    library.warning("pool of %s is full", "x")
    event = json.loads(capsys.readouterr().err)

    assert (event["event"], event["logger"], event["level"]) == (
        "pool of x is full",
        "some.library",
        "warning",
    )


def test_a_traceback_stays_in_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A library's as well as ours."""
    configure_logs("error", "logfmt")
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        structlog.get_logger().exception("bug")
        logging.getLogger("library").exception("theirs")
    lines = capsys.readouterr().err.splitlines()

    assert len(lines) == 2
    assert all("Traceback" in line and "ZeroDivisionError" in line for line in lines)
