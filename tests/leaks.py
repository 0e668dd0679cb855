"""No test lets a secret show: whatever the exporter says, prints or serves in any of them is searched.

What tests read of it passes by three places: the pages and metrics that they fetch, the streams of the
commands that they run, and their own captured streams and logs. A test in which a secret passed there fails,
whatever else it found.
"""

import base64
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, Final

import pytest
import requests
from pytest import MonkeyPatch  # noqa: PT013 - of the session, not a fixture

OURS: Final = "bycloud-backup-exporter/"
PUBLISHED: Final = "embedded API"
"""What the demo prints beside its key, which opens nothing but itself."""

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
    "u:p4ssw0rd",
)
FORMS: Final = (
    TOKEN,
    *(login.partition(":")[2] for login in LOGINS),
    *(base64.b64encode(login.encode()).decode() for login in LOGINS),
)
"""The suite's secrets, in every form in which they are sent."""

said: list[str] = []
"""What was said since the last test ended."""


class Said(subprocess.Popen[Any]):
    """A command whose streams are noted, also what nobody has read by its end."""

    def communicate(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Note what it returns."""
        streams = super().communicate(*args, **kwargs)
        _note(*streams)
        return streams

    def __exit__(self, *error: Any) -> None:  # noqa: PYI036 - passed on to Popen, which is stricter
        with suppress(subprocess.TimeoutExpired):
            self.wait(1)
            _note(*(stream.read() for stream in (self.stdout, self.stderr) if stream and not stream.closed))
        super().__exit__(*error)


def showing(text: str, forms: Iterable[str] = FORMS) -> list[str]:
    """Return the lines of a text that show a secret."""
    lines = (line for line in text.splitlines() if PUBLISHED not in line)
    return [line for line in lines if any(form in line for form in forms)]


def _note(*texts: str | bytes | None) -> None:
    said.extend(text.decode(errors="replace") if isinstance(text, bytes) else text for text in texts if text)


def _noting_pages(send: Callable[..., requests.Response]) -> Callable[..., requests.Response]:
    def note(*args: Any, **kwargs: Any) -> requests.Response:
        response = send(*args, **kwargs)
        if not str(response.request.headers.get("User-Agent")).startswith(OURS) and not kwargs.get("stream"):
            _note(f"{response.headers}", response.content)
        return response

    return note


def _noting_streams(read: Callable[..., Any]) -> Callable[..., Any]:
    def note(capture: Any) -> Any:
        streams = read(capture)
        _note(*streams)
        return streams

    return note


def pytest_configure(config: pytest.Config) -> None:
    """Listen for as long as the session lasts."""
    patch = MonkeyPatch()
    patch.setattr(subprocess, "Popen", Said)
    patch.setattr(requests.Session, "send", _noting_pages(requests.Session.send))
    patch.setattr(pytest.CaptureFixture, "readouterr", _noting_streams(pytest.CaptureFixture.readouterr))
    config.add_cleanup(patch.undo)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:  # the value is pluggy's
    """Search all that a test brought, once it is over."""
    report: pytest.TestReport = yield  # type: ignore[assignment] # pluggy sends what the others return
    if call.when == "teardown":
        _note(*(text for _, text in report.sections))
        lines = showing("\n".join(said))
        said.clear()
        if lines:
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} lets a secret show:\n" + "\n".join(lines)
    return report  # type: ignore[return-value] # the same
