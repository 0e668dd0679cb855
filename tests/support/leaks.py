"""No test may show a secret: everything that the exporter logs, prints or serves in a test is searched.

Three kinds of output are searched: pages and metrics that tests fetch, the streams of the commands that they
run, and their own captured streams and logs. A test fails if any of these holds a secret.
"""

import base64
import re
import subprocess
from collections.abc import Callable, Generator, Iterator
from typing import Any, Final

import pytest
import requests
from pytest import MonkeyPatch  # noqa: PT013 - of the session, not a fixture

OURS: Final = "bycloud-backup-exporter/"
KEY: Final = "ACCESSKEYID:kAA3secretAccessKey"
TOKEN: Final = "tOKENofOAUTH0123456789"
PROXY_PASSWORD: Final = "pr0xyPassw0rd"
PASSWORD: Final = "c0rrectHorse"
WRONG: Final = "wr0ngBattery"
DEMO_KEY: Final = "demo:demo-secret"
LOGINS: Final = (
    KEY,
    DEMO_KEY,
    f"proxyuser:{PROXY_PASSWORD}",
    f"alice:{PASSWORD}",
    f"alice:{WRONG}",
    "alice:looking-glass",
    "alice:wonderland",
    "alice:hunter2",
    "u:p4ssw0rd",
)
FORMS: Final = (
    TOKEN,
    *(login.partition(":")[2] for login in LOGINS),
    *(base64.b64encode(login.encode()).decode() for login in LOGINS),
)
"""The secrets of the tests, in every form in which they are sent."""
SECRET: Final = re.compile("|".join(map(re.escape, FORMS)) + r"|\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}")
"""Matches one of them, or any bcrypt hash."""
PUBLISHED: Final = re.compile(
    rf"\(X-Api-Key: {DEMO_KEY}\)|BYCLOUD_API_URL=http://127\.0\.0\.1:\d+ BYCLOUD_API_KEY={DEMO_KEY}(?= )"
)
"""Matches what the demo prints next to the embedded API's address; the key is valid only there."""

PATIENCE: Final = 60.0
"""Seconds that a command may take to end after its block; then the test fails."""
output: list[str] = []
"""All output since the last test ended."""


class Noted:
    """A stream of a command that records what is read from it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.readline, self._stream.read(0))

    def read(self, *size: int) -> Any:
        """Record what is read."""
        return _noted(self._stream.read(*size))

    def readline(self) -> Any:
        """Record the line."""
        return _noted(self._stream.readline())


class Said(subprocess.Popen[Any]):
    """A command whose streams are recorded, including what is unread when it ends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stdout = self.stdout and Noted(self.stdout)  # type: ignore[assignment] # it does what one does
        self.stderr = self.stderr and Noted(self.stderr)  # type: ignore[assignment] # the same

    def communicate(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Record what it returns."""
        streams = super().communicate(*args, **kwargs)
        note(*streams)
        return streams

    def __exit__(self, *error: Any) -> None:  # noqa: PYI036 - Popen's own signature is stricter
        self.wait(PATIENCE)
        for stream in (self.stdout, self.stderr):
            if stream and not stream.closed:
                stream.read()
        super().__exit__(*error)


def showing(text: str) -> list[str]:
    """Return the lines of a text that show a secret."""
    return [line for line in PUBLISHED.sub("", text).splitlines() if SECRET.search(line)]


def note(*texts: str | bytes | None) -> None:
    """Add texts to those that are searched when the test ends."""
    output.extend(
        text.decode(errors="replace") if isinstance(text, bytes) else text for text in texts if text
    )


def _noted(text: Any) -> Any:
    note(text)
    return text


def _noting_pages(send: Callable[..., requests.Response]) -> Callable[..., requests.Response]:
    def send_and_note(*args: Any, **kwargs: Any) -> requests.Response:
        response = send(*args, **kwargs)
        if not str(response.request.headers.get("User-Agent")).startswith(OURS) and not kwargs.get("stream"):
            note(f"{response.headers}", response.content)
        return response

    return send_and_note


def _noting_streams(read: Callable[..., Any]) -> Callable[..., Any]:
    def read_and_note(capture: Any) -> Any:
        streams = read(capture)
        note(*streams)
        return streams

    return read_and_note


def pytest_configure(config: pytest.Config) -> None:
    """Record output until the session ends."""
    patch = MonkeyPatch()
    patch.setattr(subprocess, "Popen", Said)
    patch.setattr(requests.Session, "send", _noting_pages(requests.Session.send))
    patch.setattr(pytest.CaptureFixture, "readouterr", _noting_streams(pytest.CaptureFixture.readouterr))
    config.add_cleanup(patch.undo)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Search all output of a test when it ends."""
    report = yield
    if call.when == "teardown":
        note(*(text for _, text in report.sections))
        lines = showing("\n".join(output))
        output.clear()
        if lines:
            before = [report.longreprtext] if report.failed else []
            report.outcome = "failed"
            report.longrepr = "\n".join([*before, f"{item.nodeid} lets a secret show:", *lines])
    return report
