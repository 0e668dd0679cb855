"""Each event is one line on stderr."""

import io
import json
import logging
import re
import sys
from errno import ENOSPC
from typing import Literal

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.cli.flags import LOG_FORMATS
from exporter.cli.logs import configure_logs


def test_logfmt(capsys: pytest.CaptureFixture[str]) -> None:
    """Time in UTC, level and event come first; absent values are omitted, special characters quoted."""
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
    """In JSON, each line is an object."""
    configure_logs("info", "json")
    structlog.get_logger().warning("walks fail", reason="auth", message=None)
    event = json.loads(capsys.readouterr().err)

    assert event.pop("timestamp").endswith("Z")
    assert event == {"level": "warning", "event": "walks fail", "reason": "auth"}


@pytest.mark.parametrize(("level", "lines"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_levels(capsys: pytest.CaptureFixture[str], level: str, lines: int) -> None:
    """Events below the level are not logged."""
    configure_logs(level, "logfmt")
    log = structlog.get_logger()
    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)("event")

    assert len(capsys.readouterr().err.splitlines()) == lines


def test_libraries_log_in_the_same_format(capsys: pytest.CaptureFixture[str]) -> None:
    """Their warnings and errors are logged at any level of our own, and nothing below."""
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


def test_a_traceback_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A library's traceback has one line too."""
    configure_logs("error", "logfmt")
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        structlog.get_logger().exception("bug")
        logging.getLogger("library").exception("theirs")
    lines = capsys.readouterr().err.splitlines()

    assert len(lines) == 2
    assert all("Traceback" in line and "ZeroDivisionError" in line for line in lines)


class Broken(io.StringIO):
    """A stream on a full disk: writes or flushes fail until `error` is reset."""

    def __init__(self, error: Exception, *, on: str) -> None:
        super().__init__()
        self.error: Exception | None = error
        self.on = on

    def write(self, text: str) -> int:
        """Fail, or write."""
        if self.error and self.on == "write":
            raise self.error
        return super().write(text)

    def flush(self) -> None:
        """Fail, or flush."""
        if self.error and self.on == "flush":
            raise self.error


class Unprintable:
    """A value whose `__str__` raises."""

    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__


@pytest.mark.parametrize("style", LOG_FORMATS)
@pytest.mark.parametrize("on", ["write", "flush"])
@pytest.mark.parametrize(
    "error", [OSError(ENOSPC, "disk full"), BrokenPipeError(), ValueError("I/O operation on closed file")]
)
def test_a_failing_stream_raises_nothing(
    monkeypatch: pytest.MonkeyPatch, error: Exception, on: str, style: Literal["logfmt", "json"]
) -> None:
    """Lines that cannot be written are lost; later ones are written."""
    stream = Broken(error, on=on)
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logs("info", style)
    structlog.get_logger().error("lost")
    logging.getLogger("library").error("lost too")
    stream.error = None
    structlog.get_logger().error("written")

    assert "written" in stream.getvalue()


def test_lines_go_to_the_stderr_of_their_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What replaces standard error later, such as a progress display, gets the lines."""
    configure_logs("info", "logfmt")
    replacement = io.StringIO()
    monkeypatch.setattr(sys, "stderr", replacement)
    structlog.get_logger().error("a line")

    assert "a line" in replacement.getvalue()
    assert capsys.readouterr().err == ""


def test_a_process_without_a_stderr_logs_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python sets `sys.stderr` to `None` if descriptor 2 is closed; nothing is logged to stdout instead."""
    monkeypatch.setattr(sys, "stderr", None)
    configure_logs("info", "logfmt")
    structlog.get_logger().error("lost")

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("style", LOG_FORMATS)
def test_an_event_that_cannot_be_rendered_is_logged_by_its_name(
    capsys: pytest.CaptureFixture[str], style: Literal["logfmt", "json"]
) -> None:
    """The failing value may belong to the event or to the logger."""
    configure_logs("info", style)
    structlog.get_logger().info("own", value=Unprintable())
    structlog.get_logger().bind(value=Unprintable()).info("bound")
    lines = capsys.readouterr().err.splitlines()

    assert ["own" in lines[0], "bound" in lines[1]] == [True, True]
    assert all("log_error" in line and "RuntimeError" in line for line in lines)


@settings(deadline=None)
@given(
    event=st.text(),
    key=st.text(),
    value=st.one_of(
        st.text(st.characters()), st.floats(), st.binary(), st.lists(st.text()), st.builds(Unprintable)
    ),
    style=st.sampled_from(LOG_FORMATS),
)
def test_logging_never_raises_and_always_writes_one_line(
    event: str, key: str, value: object, style: Literal["logfmt", "json"]
) -> None:
    """Control characters, lone surrogates and keys that logfmt cannot write are escaped."""
    stream = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        configure_logs("info", style)
        facts = {key: value} if key not in {"event", "self", "method_name"} else {}
        structlog.get_logger().info(event, **facts)
    lines = stream.getvalue().split("\n")

    assert len(lines) == 2
    assert lines[1] == ""
    assert json.loads(lines[0]) if style == "json" else lines[0].isprintable()


@pytest.mark.parametrize(("level", "name"), [(35, "warning"), (45, "error"), (60, "critical")])
def test_a_librarys_custom_level_is_rounded_down(
    capsys: pytest.CaptureFixture[str], level: int, name: str
) -> None:
    """Python allows any number as level; structlog knows five levels."""
    configure_logs("info", "json")
    logging.getLogger("library").log(level, "odd")

    assert json.loads(capsys.readouterr().err)["level"] == name


def test_a_librarys_message_that_does_not_fit_its_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    """Such a message is logged without its arguments."""
    configure_logs("info", "json")
    wrong = "%d of %d"
    logging.getLogger("library").warning(wrong, "x")

    assert json.loads(capsys.readouterr().err)["event"] == wrong


def test_booleans_have_a_value(capsys: pytest.CaptureFixture[str]) -> None:
    """Not every parser of logfmt reads a key without a value."""
    configure_logs("info", "logfmt")
    structlog.get_logger().info("listening", tls=True, other=False)

    assert capsys.readouterr().err.endswith(" tls=true other=false\n")
