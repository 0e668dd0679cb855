"""Tests for reloading the web configuration."""

import os
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import CapturingLogger

from exporter.errors import ConfigError
from exporter.server import tls
from exporter.server import watched as web_file
from exporter.server.schema import WebConfig
from exporter.server.watched import WatchedWebConfig
from tests.support.certificates import Authority
from tests.support.serving import wait_until
from tests.support.started import StartedThreads
from tests.support.web_config import HASH
from tests.support.world import World


class Log:
    """A log that keeps its lines."""

    def __init__(self) -> None:
        self.lines = CapturingLogger()
        self.written = threading.Event()
        self.bound = structlog.wrap_logger(self.lines, processors=[self._note])

    def _note(self, _logger: object, _method: str, event: Any) -> Any:
        self.written.set()
        return (event.pop("event"),), event

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Return the level and event of every line."""
        return [(call.method_name, call.args[0]) for call in self.lines.calls]


@pytest.fixture
def log() -> Log:
    """Return a log."""
    return Log()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file with TLS."""
    Authority(tmp_path).issue("server")
    path = tmp_path / "web.yml"
    write(path, "")
    return path


def write(path: Path, more: str, cert: str = "server") -> None:
    """Write a file with TLS and more."""
    path.write_text(f"tls_server_config: {{cert_file: {cert}.crt, key_file: {cert}.key}}\n{more}")


def test_no_file(started: StartedThreads, log: Log) -> None:
    """The defaults apply and no thread runs."""
    web = WatchedWebConfig(None, log.bound)
    web.refresh()
    with web.watched(0.001):
        watchers = started.named("")

    assert web.config == WebConfig()
    assert web.tls is None
    assert repr(web) == "WatchedWebConfig(None, last_reload_ok=True)"
    assert watchers == []
    assert log.calls == []


def test_an_invalid_file_at_the_start(log: Log, path: Path) -> None:
    """An invalid file and a missing certificate are errors."""
    path.write_text("nonsense: 1")
    with pytest.raises(ConfigError, match="unknown key 'nonsense'"):
        WatchedWebConfig(path, log.bound)
    write(path, "", cert="other")
    with pytest.raises(ConfigError, match="cannot read"):
        WatchedWebConfig(path, log.bound)


def test_http2_has_no_effect(log: Log, path: Path) -> None:
    """The log says so."""
    write(path, "http_server_config: {http2: true}")
    WatchedWebConfig(path, log.bound)

    assert log.calls == [("info", "http2 has no effect: the server offers HTTP/1.1 only")]


def test_a_change(log: Log, path: Path) -> None:
    """The new users are in force; an unchanged certificate is not read again."""
    web = WatchedWebConfig(path, log.bound)
    assert web.tls is not None
    before = web.tls
    web.refresh()
    write(path, f"basic_auth_users: {{alice: {HASH}}}")
    web.refresh()

    assert set(web.config.basic_auth_users.hashes) == {b"alice"}
    assert web.tls is before
    assert log.calls == [("info", "web configuration reloaded")]


def test_a_change_without_tls(log: Log, tmp_path: Path) -> None:
    """It is reloaded too."""
    path = tmp_path / "web.yml"
    path.write_text("")
    web = WatchedWebConfig(path, log.bound)
    path.write_text(f"basic_auth_users: {{alice: {HASH}}}")
    web.refresh()

    assert set(web.config.basic_auth_users.hashes) == {b"alice"}
    assert web.tls is None


def test_a_new_certificate(log: Log, path: Path) -> None:
    """Until certificate and key match, the old ones stay in force."""
    web = WatchedWebConfig(path, log.bound)
    assert web.tls is not None
    before = web.tls
    other = Authority(path.parent, "other-ca").issue("other")
    os.replace(other.cert, path.parent / "server.crt")  # noqa: PTH105 - as a renewal does it
    web.refresh()
    kept = web.tls
    os.replace(other.key, path.parent / "server.key")  # noqa: PTH105 - the same
    web.refresh()

    assert kept is before
    assert web.tls is not before
    assert log.calls == [
        ("error", "cannot reload the web configuration: the old one stays in force"),
        ("info", "web configuration reloaded"),
    ]


@pytest.mark.parametrize("bad", ["nonsense: 1", "basic_auth_users: {}", None])
def test_an_invalid_change(log: Log, path: Path, bad: str | None) -> None:
    """The old content stays in force and the problem is logged once."""
    write(path, f"basic_auth_users: {{alice: {HASH}}}")
    web = WatchedWebConfig(path, log.bound)
    before = web.tls
    path.unlink() if bad is None else path.write_text(bad)
    web.refresh()
    web.refresh()

    assert set(web.config.basic_auth_users.hashes) == {b"alice"}
    assert web.tls
    assert web.tls is before
    assert log.calls == [("error", "cannot reload the web configuration: the old one stays in force")]


def test_a_certificate_that_comes_late(log: Log, path: Path) -> None:
    """The change that names it applies once the certificate exists."""
    web = WatchedWebConfig(path, log.bound)
    write(path, f"basic_auth_users: {{alice: {HASH}}}", cert="late")
    web.refresh()
    Authority(path.parent).issue("late")
    web.refresh()

    assert set(web.config.basic_auth_users.hashes) == {b"alice"}


def test_watched(started: StartedThreads, log: Log, path: Path) -> None:
    """A thread finds the change, and ends with the block."""
    web = WatchedWebConfig(path, log.bound)
    with web.watched(0.001):
        write(path, f"basic_auth_users: {{alice: {HASH}}}")
        found = log.written.wait(60)
    started.join("web-file")

    assert found
    assert len(started.named("web-file")) == 1
    assert set(web.config.basic_auth_users.hashes) == {b"alice"}


HOSTILE = (
    "!!timestamp x",
    '!!float ""',
    "!!bool maybe",
    "!!int x",
    "!!set 1",
    '"\\Uffffffff"',
    "basic_auth_users: !!timestamp x",
    'tls_server_config: {cert_file: "server\\0.crt", key_file: server.key}',
    'tls_server_config: {cert_file: "\\ud800.crt", key_file: server.key}',
    'tls_server_config: {cert_file: a, key_file: b, client_auth_type: X, client_ca_file: "\\0"}',
    'basic_auth_users: {"\\ud800": x}',
    "[" * 400,
)
"""What ended the watching thread, and its like."""


def users_of(web: WatchedWebConfig) -> set[bytes]:
    """Return the names of the users in force."""
    return set(web.config.basic_auth_users.hashes)


@pytest.mark.parametrize("content", HOSTILE)
def test_no_content_ends_the_watch(log: Log, path: Path, content: str) -> None:
    """The next valid content is in force, whatever the file had before."""
    write(path, f"basic_auth_users: {{alice: {HASH}}}")
    web = WatchedWebConfig(path, log.bound)
    with web.watched(0.001):
        path.write_text(content)
        assert log.written.wait(20)
        write(path, f"basic_auth_users: {{bob: {HASH}}}")
        wait_until(lambda: users_of(web) == {b"bob"})

    assert log.calls[0] == ("error", "cannot reload the web configuration: the old one stays in force")


YAML_LIKE = st.text(
    st.sampled_from("!!timestamp float bool set omap binary []{}:,\"'\n\\x0ud80 &*|>-?%@`~<0123456789"),
    max_size=60,
)


@settings(deadline=None)
@given(st.one_of(YAML_LIKE.map(str.encode), st.binary(max_size=40)))
def test_refresh_never_raises(content: bytes) -> None:
    """Any bytes log one line at most, and the next valid content is read."""
    with TemporaryDirectory() as folder:
        path, log = Path(folder, "web.yml"), Log()
        path.write_text(f"basic_auth_users: {{alice: {HASH}}}")
        web = WatchedWebConfig(path, log.bound)
        path.write_bytes(content)
        web.refresh()
        path.write_text(f"# {len(content)} bytes before\nbasic_auth_users: {{bob: {HASH}}}")
        web.refresh()

    assert users_of(web) == {b"bob"}
    assert [level for level, _ in log.calls][-1] == "info"


def test_a_certificate_that_is_deleted_during_a_refresh(
    log: Log, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next refresh reads it."""
    web = WatchedWebConfig(path, log.bound)
    assert web.tls is not None
    before = web.tls
    renewed = Authority(path.parent, "other-ca").issue("renewed")
    with monkeypatch.context() as patch:
        patch.setattr(tls, "_check_readable", lambda config: Path(config.cert_file).unlink())
        os.utime(path.parent / "server.key")
        web.refresh()
    kept = web.tls
    os.replace(renewed.cert, path.parent / "server.crt")  # noqa: PTH105 - as a renewal does it
    os.replace(renewed.key, path.parent / "server.key")  # noqa: PTH105 - the same
    web.refresh()

    assert kept is before
    assert web.tls is not before
    assert [level for level, _ in log.calls] == ["error", "info"]


def test_client_cas_that_are_deleted_during_a_refresh(
    log: Log, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old ones stay in force until the file exists again."""
    more = "client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert"
    path.write_text(f"tls_server_config: {{cert_file: server.crt, key_file: server.key, {more}}}")
    web = WatchedWebConfig(path, log.bound)
    assert web.tls is not None
    before, authorities = web.tls, (path.parent / "ca.pem").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(tls, "_check_readable", lambda config: Path(config.client_ca_file).unlink())
        os.utime(path.parent / "ca.pem")
        web.refresh()
    kept = web.tls
    (path.parent / "ca.pem").write_bytes(authorities)
    web.refresh()

    assert kept is before
    assert web.tls is not before


class Full(Log):
    """A log on a full disk."""

    def _note(self, logger: object, method: str, event: Any) -> Any:
        super()._note(logger, method, event)
        raise OSError(28, "No space left on device")


def test_a_log_that_cannot_be_written_ends_no_watch(path: Path) -> None:
    """Later changes are still found."""
    log = Full()
    web = WatchedWebConfig(path, log.bound)
    with web.watched(0.001):
        path.write_text("nonsense: 1")
        assert log.written.wait(20)
        write(path, f"basic_auth_users: {{alice: {HASH}}}")
        wait_until(lambda: users_of(web) == {b"alice"})


def test_a_transient_error_is_retried(log: Log, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is read again at the next refresh, and the error is logged once."""
    web = WatchedWebConfig(path, log.bound)
    write(path, f"basic_auth_users: {{alice: {HASH}}}")

    def fail(_path: Path) -> WebConfig:
        raise ConfigError("cannot be read: Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(web_file, "load_web_config", fail)
        web.refresh()
        web.refresh()
    web.refresh()

    assert users_of(web) == {b"alice"}
    assert [level for level, _ in log.calls] == ["error", "info"]


def test_an_unexpected_exception_shows_no_value(
    log: Log, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log has its type and place only: its text may quote a hash."""
    web = WatchedWebConfig(path, log.bound)

    def fail(_path: Path) -> WebConfig:
        raise KeyError(HASH)

    monkeypatch.setattr(web_file, "load_web_config", fail)
    path.touch()
    os.utime(path, (1, 1))
    web.refresh()

    (call,) = log.lines.calls
    assert call.kwargs["problem"].startswith(f"unexpected KeyError in fail, {__file__}:")
    assert HASH not in call.kwargs["problem"]


def test_a_certificate_is_renewed_while_the_file_is_invalid(log: Log, path: Path) -> None:
    """The two are reloaded independently."""
    web = WatchedWebConfig(path, log.bound)
    assert web.tls is not None
    before = web.tls
    path.write_text("nonsense: 1")
    web.refresh()
    Authority(path.parent, "other-ca").issue("server")
    web.refresh()

    assert web.tls is not before
    assert not web.last_reload_ok


def test_a_user_is_removed_while_the_certificate_is_invalid(log: Log, path: Path) -> None:
    """The two are reloaded independently while the TLS settings stay the same."""
    write(path, f"basic_auth_users: {{alice: {HASH}, bob: {HASH}}}")
    web = WatchedWebConfig(path, log.bound)
    write(path, f"basic_auth_users: {{bob: {HASH}}}")
    (path.parent / "server.crt").write_text("nonsense")
    web.refresh()

    assert users_of(web) == {b"bob"}
    assert not web.last_reload_ok


def test_users_and_tls_settings_change_together(log: Log, path: Path) -> None:
    """If the TLS settings of an edit cannot be applied, its users are not applied either."""
    write(path, f"basic_auth_users: {{alice: {HASH}}}")
    web = WatchedWebConfig(path, log.bound)
    path.write_text(
        "tls_server_config: {cert_file: server.crt, key_file: server.key,"
        " client_ca_file: absent.pem, client_auth_type: RequireAndVerifyClientCert}"
    )
    web.refresh()

    assert users_of(web) == {b"alice"}


def test_the_state_of_the_last_reload(log: Log, path: Path) -> None:
    """It fails with the first invalid refresh, and recovers with a new time."""
    world = World(100.0)
    web = WatchedWebConfig(path, log.bound, world)
    good = path.read_text()
    found = [(web.last_reload_ok, web.loaded_at)]
    for content in ("nonsense: 1", good, good + "# the same\n"):
        world.time += 100
        path.write_text(content)
        web.refresh()
        found.append((web.last_reload_ok, web.loaded_at))
    world.time += 100
    web.refresh()

    assert found == [(True, 100), (False, 100), (True, 300), (True, 400)]
    assert web.loaded_at == 400


@pytest.mark.parametrize("name", ["web.yml", "server.crt"])
def test_a_fifo_is_not_read(log: Log, path: Path, name: str) -> None:
    """It is an error, and the next regular file is read."""
    web = WatchedWebConfig(path, log.bound)
    fifo = path.parent / name
    content = fifo.read_bytes()
    fifo.unlink()
    os.mkfifo(fifo)
    web.refresh()
    refused = web.last_reload_ok
    fifo.unlink()
    fifo.write_bytes(content)
    web.refresh()

    assert not refused
    assert web.last_reload_ok


def test_a_certificate_that_becomes_a_fifo(log: Log, path: Path) -> None:
    """An edit that names one is an error. The next valid edit counts: the file is still watched."""
    write(path, f"basic_auth_users: {{alice: {HASH}, bob: {HASH}}}")
    web = WatchedWebConfig(path, log.bound)
    os.mkfifo(path.parent / "fifo.crt")
    write(path, f"basic_auth_users: {{alice: {HASH}}}", cert="fifo")
    web.refresh()
    refused = web.last_reload_ok
    write(path, f"basic_auth_users: {{alice: {HASH}}}")
    web.refresh()

    assert not refused
    assert web.last_reload_ok
    assert web.config.basic_auth_users.hashes.keys() == {b"alice"}


def test_a_slow_hash_is_warned_of(log: Log, tmp_path: Path) -> None:
    """The log warns at the start and at a reload; a cost of 14 is allowed."""
    path = tmp_path / "web.yml"
    slow = HASH.replace("$04$", "$15$")
    path.write_text(f"basic_auth_users: {{alice: {HASH.replace('$04$', '$14$')}, bob: {slow}}}")
    web = WatchedWebConfig(path, log.bound)
    path.write_text(f"basic_auth_users: {{carol: {slow}}}")
    web.refresh()

    assert [level for level, _ in log.calls] == ["warning", "info", "warning"]
    assert log.calls[0][1] == (
        "basic_auth_users: 'bob' has a bcrypt cost of 15: each new login takes about 2 s or more;"
        " use a cost of 10 to 12"
    )
    assert "carol" in log.calls[2][1]


@pytest.mark.parametrize("content", ["", "# cut", "{}"])
def test_an_empty_file_removes_no_users(log: Log, tmp_path: Path, content: str) -> None:
    """A truncated file does not disable authentication; a restart does."""
    path = tmp_path / "web.yml"
    path.write_text(f"basic_auth_users: {{alice: {HASH}}}")
    web = WatchedWebConfig(path, log.bound)
    path.write_text(content)
    web.refresh()

    assert users_of(web) == {b"alice"}
    assert log.calls == [("error", "cannot reload the web configuration: the old one stays in force")]
    assert users_of(WatchedWebConfig(path, log.bound)) == set()
