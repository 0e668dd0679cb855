"""The web configuration's file: read anew when it changes, kept where the change is bad."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import CapturingLogger

from exporter.errors import ConfigError
from exporter.web_config import WebConfig
from exporter.web_file import WebFile
from tests.certificates import Authority
from tests.started import StartedThreads
from tests.test_web_config import HASH


class Log:
    """A log that remembers, and says when it was written to."""

    def __init__(self) -> None:
        self.lines = CapturingLogger()
        self.written = threading.Event()
        self.bound = structlog.wrap_logger(self.lines, processors=[self._note])

    def _note(self, _logger: object, _method: str, event: Any) -> Any:
        self.written.set()
        return (event.pop("event"),), event

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Every level and event."""
        return [(call.method_name, call.args[0]) for call in self.lines.calls]


@pytest.fixture
def log() -> Log:
    """Return such a log."""
    return Log()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file with TLS and nothing else."""
    Authority(tmp_path).issue("server")
    path = tmp_path / "web.yml"
    write(path, "")
    return path


def write(path: Path, more: str, cert: str = "server") -> None:
    """Write a file with TLS and something more."""
    path.write_text(f"tls_server_config: {{cert_file: {cert}.crt, key_file: {cert}.key}}\n{more}")


def test_no_file(started: StartedThreads, log: Log) -> None:
    """Nothing is asked for, and nothing watched."""
    web = WebFile(None, log.bound)
    web.refresh()
    with web.watched(0.001):
        watchers = started.named("")

    assert web.config == WebConfig()
    assert web.tls is None
    assert watchers == []
    assert log.calls == []


def test_a_file_that_is_bad_at_the_start(log: Log, path: Path) -> None:
    """It is an error, and so is a certificate that is not there."""
    path.write_text("nonsense: 1")
    with pytest.raises(ConfigError, match="unknown key 'nonsense'"):
        WebFile(path, log.bound)
    write(path, "", cert="other")
    with pytest.raises(ConfigError, match="cannot read"):
        WebFile(path, log.bound)


def test_http2_is_not_offered(log: Log, path: Path) -> None:
    """Who asks for it is told."""
    write(path, "http_server_config: {http2: true}")
    WebFile(path, log.bound)

    assert log.calls == [("info", "HTTP/2 is not offered: clients get HTTP/1.1")]


def test_a_change(log: Log, path: Path) -> None:
    """Users and certificates are the new ones; without a change nothing is read."""
    web = WebFile(path, log.bound)
    assert web.tls is not None
    before = web.tls.current
    web.refresh()
    assert web.tls.current is before
    write(path, f"basic_auth_users: {{alice: {HASH}}}")
    web.refresh()

    assert set(web.config.basic_auth_users.hashes) == {b"alice"}
    assert web.tls.current is not before
    assert log.calls == [("info", "web configuration read anew")]


def test_a_change_without_tls(log: Log, tmp_path: Path) -> None:
    """It is taken too."""
    path = tmp_path / "web.yml"
    path.write_text("")
    web = WebFile(path, log.bound)
    path.write_text(f"basic_auth_users: {{alice: {HASH}}}")
    web.refresh()

    assert set(web.config.basic_auth_users.hashes) == {b"alice"}
    assert web.tls is None


def test_a_new_certificate(log: Log, path: Path) -> None:
    """Its files are watched too; until certificate and key fit, the old ones stay."""
    web = WebFile(path, log.bound)
    assert web.tls is not None
    before = web.tls.current
    other = Authority(path.parent, "other-ca").issue("other")
    os.replace(other.cert, path.parent / "server.crt")  # noqa: PTH105 - as a renewal does it
    web.refresh()
    kept = web.tls.current
    os.replace(other.key, path.parent / "server.key")  # noqa: PTH105 - the same
    web.refresh()

    assert kept is before
    assert web.tls.current is not before
    assert log.calls == [
        ("error", "the web configuration stays as it was"),
        ("info", "web configuration read anew"),
    ]


@pytest.mark.parametrize("bad", ["nonsense: 1", "basic_auth_users: {}", None])
def test_a_bad_change(log: Log, path: Path, bad: str | None) -> None:
    """Neither nonsense, nor the end of TLS, nor the file's absence: told once, and the old stays."""
    write(path, f"basic_auth_users: {{alice: {HASH}}}")
    web = WebFile(path, log.bound)
    before = web.tls and web.tls.current
    path.unlink() if bad is None else path.write_text(bad)
    web.refresh()
    web.refresh()

    assert set(web.config.basic_auth_users.hashes) == {b"alice"}
    assert web.tls
    assert web.tls.current is before
    assert log.calls == [("error", "the web configuration stays as it was")]


def test_a_certificate_that_comes_late(log: Log, path: Path) -> None:
    """A change that named it is taken as soon as it is there."""
    web = WebFile(path, log.bound)
    write(path, f"basic_auth_users: {{alice: {HASH}}}", cert="late")
    web.refresh()
    Authority(path.parent).issue("late")
    web.refresh()

    assert set(web.config.basic_auth_users.hashes) == {b"alice"}


def test_it_is_watched(started: StartedThreads, log: Log, path: Path) -> None:
    """A thread finds the change by itself, and ends with the block."""
    web = WebFile(path, log.bound)
    with web.watched(0.001):
        write(path, f"basic_auth_users: {{alice: {HASH}}}")
        found = log.written.wait(60)
    started.join("web-file")

    assert found
    assert len(started.named("web-file")) == 1
    assert set(web.config.basic_auth_users.hashes) == {b"alice"}
