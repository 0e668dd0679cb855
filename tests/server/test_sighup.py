"""Tests for reloading on SIGHUP."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
import requests
import structlog
from structlog.testing import capture_logs

from exporter.errors import ConfigError
from exporter.server.sighup import SighupReloads
from exporter.simulator import SimulatedApi, bulk_backups
from tests.support.command import listening_port
from tests.support.serving import PATIENCE


@contextmanager
def reloading(reload: Callable[[], None]) -> Iterator[None]:
    """Reload on signals during the block."""
    sighup = SighupReloads()
    with sighup.capture(), sighup.reloading(reload, structlog.get_logger()):
        yield


def send_sighup() -> None:
    """Send the signal to this process."""
    os.kill(os.getpid(), signal.SIGHUP)


@pytest.mark.parametrize("error", [None, ConfigError("no"), ZeroDivisionError("a bug")])
def test_each_signal_reloads(error: Exception | None) -> None:
    """A failed reload does not prevent the next; the previous signal handler is restored."""
    before = signal.getsignal(signal.SIGHUP)
    done = threading.Semaphore(0)

    def reload() -> None:
        done.release()
        if error:
            raise error

    with capture_logs() as logged, reloading(reload):
        for _ in range(3):
            send_sighup()

            assert done.acquire(timeout=PATIENCE)

    assert signal.getsignal(signal.SIGHUP) is before
    event = "unexpected error while reloading: the old configuration stays in force"
    assert all(entry["event"] == event for entry in logged)


def test_many_signals_share_a_reload() -> None:
    """All signals that arrive during a reload share the next one."""
    entered, release, reloads = threading.Semaphore(0), threading.Semaphore(0), [0]

    def reload() -> None:
        reloads[0] += 1
        entered.release()
        assert release.acquire(timeout=PATIENCE)

    with reloading(reload):
        send_sighup()
        assert entered.acquire(timeout=PATIENCE)
        for _ in range(3_000):
            send_sighup()
        release.release()
        assert entered.acquire(timeout=PATIENCE)
        release.release()
        send_sighup()
        assert entered.acquire(timeout=PATIENCE)
        release.release()

    assert reloads == [3]


def test_a_signal_before_the_start_is_complete() -> None:
    """It is not lost."""
    reloaded = threading.Event()
    sighup = SighupReloads()
    with sighup.capture():
        send_sighup()
        assert repr(sighup) == "SighupReloads(requested=True)"
        with sighup.reloading(reloaded.set, structlog.get_logger()):
            assert reloaded.wait(PATIENCE)


def test_a_signal_while_the_configuration_is_read(tmp_path: Path) -> None:
    """The process serves and then reloads."""
    path = tmp_path / "config.yml"
    os.mkfifo(path)
    command = [sys.executable, "-m", "exporter", "--web.listen-address=127.0.0.1:0", f"--config.file={path}"]
    with (
        SimulatedApi(backups=bulk_backups(1, 1)) as api,
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process,
    ):
        text = f"targets: [{{name: default, url: '{api.url}', api_key: 'demo:demo-secret'}}]"
        with path.open("w") as file:  # which waits until the process reads
            process.send_signal(signal.SIGHUP)
            file.write(text)
        assert process.stderr is not None
        path.unlink()
        path.write_text(text)
        lines = [process.stderr.readline() for _ in range(2)]
        process.kill()

    assert any(re.search("event=listening", line) for line in lines)
    assert any(re.search('event="configuration reloaded"', line) for line in lines)


HELD_RELOADS = """
import sys
from pathlib import Path

from exporter.cli.main import main
from exporter.config import load

gate, read = Path(sys.argv.pop(1)), load.reload_config


def reload_config(path, environ):
    gate.read_text()
    return read(path, environ)


load.reload_config = reload_config
main()
"""
"""Runs the command; each reload waits until the test has written the FIFO of the first argument."""


@pytest.mark.parametrize("hangs", [True, False])
def test_a_stop_after_many_signals(tmp_path: Path, *, hangs: bool) -> None:
    """It waits for no reload: one that hangs ends with the process, and no more than one follows it."""
    path, gate = tmp_path / "config.yml", tmp_path / "gate"
    os.mkfifo(gate)
    with SimulatedApi(backups=bulk_backups(1, 1)) as api:
        path.write_text(fifty_targets(api.url, "first"))
        with serving_process(path, gate) as (process, url):
            path.write_text(fifty_targets(api.url, "second"))
            process.send_signal(signal.SIGHUP)
            with gate.open("w") as file:  # which waits until the process reads
                for _ in range(300):
                    process.send_signal(signal.SIGHUP)
                    assert requests.get(f"{url}/-/healthy", timeout=PATIENCE).ok  # so it has arrived
                gate.unlink()
                gate.touch()
                reloads = [] if hangs else finish(file, process.stderr)
                process.send_signal(signal.SIGTERM)
                later = process.communicate(timeout=PATIENCE)[1]

    assert process.returncode == 0
    assert all("configuration reloaded" in line for line in reloads)
    assert "configuration reloaded" not in later
    assert "Traceback" not in later


def test_a_stop_during_a_reload_over_http(tmp_path: Path) -> None:
    """It does not wait for one that hangs."""
    path, gate = tmp_path / "config.yml", tmp_path / "gate"
    os.mkfifo(gate)
    path.write_text(fifty_targets("http://127.0.0.1:9", "first"))
    with (
        serving_process(path, gate, "--web.enable-lifecycle") as (process, url),
        ThreadPoolExecutor(1) as pool,
    ):
        pool.submit(requests.post, f"{url}/-/reload", timeout=PATIENCE)
        with gate.open("w"):  # which waits until the process reads
            process.send_signal(signal.SIGTERM)
            later = process.communicate(timeout=PATIENCE)[1]

    assert process.returncode == 0
    assert "Traceback" not in later


def test_a_fifo_is_not_read_again(tmp_path: Path) -> None:
    """The reload would wait for a writer, and all later ones for the reload."""
    path, gate = tmp_path / "config.yml", tmp_path / "gate"
    gate.touch()
    path.write_text(fifty_targets("http://127.0.0.1:9", "first"))
    with serving_process(path, gate) as (process, _):
        path.unlink()
        os.mkfifo(path)
        process.send_signal(signal.SIGHUP)
        assert process.stderr is not None
        refused = process.stderr.readline()

    assert f"--config.file: cannot read {path}: not a regular file" in refused


@contextmanager
def serving_process(path: Path, gate: Path, *flags: str) -> "Iterator[tuple[subprocess.Popen[str], str]]":
    """Run `serve` with a configuration file; yield the process and its URL.

    :param gate: what a reload waits for.
    """
    command = [sys.executable, "-c", HELD_RELOADS, str(gate)]
    command += ["--web.listen-address=127.0.0.1:0", f"--config.file={path}", *flags]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process, f"http://127.0.0.1:{listening_port(process.stderr)}"
        finally:
            process.kill()


def finish(file: IO[str], log: IO[str] | None) -> list[str]:
    """Let a reload that waits continue; return the log lines of that reload and the next."""
    assert log is not None
    file.close()
    return [log.readline() for _ in range(2)]


def fifty_targets(url: str, name: str) -> str:
    """Return a configuration."""
    targets = [f"{{name: {name}-{number}, url: '{url}', api_key: 'a:b'}}" for number in range(50)]
    return f"targets: [{', '.join(targets)}]"


SIGHUP_WHILE_IMPORTING = """
import os, signal, sys
from exporter.__main__ import main


class SendSighup:
    def find_spec(self, name, *_):
        if name == "exporter.cli.main":
            os.kill(os.getpid(), signal.SIGHUP)


sys.meta_path.insert(0, SendSighup())
main()
"""


@pytest.mark.parametrize(("arguments", "status"), [(["--web.listen-address=nonsense"], 2), (["check"], -1)])
def test_a_signal_while_the_command_is_imported(arguments: list[str], status: int) -> None:
    """`serve` survives it; other commands end."""
    command = ["env", "--default-signal=HUP", sys.executable, "-c", SIGHUP_WHILE_IMPORTING, *arguments]
    environ = {"PATH": os.environ["PATH"], "BYCLOUD_API_KEY": "demo:demo-secret"}
    ended = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE, env=environ)

    assert ended.returncode == (status if status > 0 else -signal.SIGHUP)
