"""SIGHUP."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from exporter.errors import ConfigError
from exporter.server.sighup import SighupReloads
from exporter.simulator import SimulatedApi, many
from tests.support.serving import PATIENCE


@contextmanager
def answering(reload: Callable[[], None]) -> Iterator[None]:
    """Reload at each signal."""
    hangups = SighupReloads()
    with hangups.capture(), hangups.reloading(reload, structlog.get_logger()):
        yield


def hang_up() -> None:
    """Send the signal to this process."""
    os.kill(os.getpid(), signal.SIGHUP)


@pytest.mark.parametrize("error", [None, ConfigError("no"), ZeroDivisionError("a bug")])
def test_each_signal_reloads(error: Exception | None) -> None:
    """Whether the one before went well or not; the handler of before is restored."""
    before = signal.getsignal(signal.SIGHUP)
    done = threading.Semaphore(0)

    def reload() -> None:
        done.release()
        if error:
            raise error

    with capture_logs() as logged, answering(reload):
        for _ in range(3):
            hang_up()

            assert done.acquire(timeout=PATIENCE)

    assert signal.getsignal(signal.SIGHUP) is before
    event = "unexpected error while reloading: the old configuration stays in force"
    assert all(entry["event"] == event for entry in logged)


def test_a_storm_is_two_reloads() -> None:
    """All signals that arrive during a reload share the next one, which reads what they were sent for."""
    entered, release, reloads = threading.Semaphore(0), threading.Semaphore(0), [0]

    def reload() -> None:
        reloads[0] += 1
        entered.release()
        assert release.acquire(timeout=PATIENCE)

    with answering(reload):
        hang_up()
        assert entered.acquire(timeout=PATIENCE)
        for _ in range(3_000):
            hang_up()
        release.release()
        assert entered.acquire(timeout=PATIENCE)
        release.release()
        hang_up()
        assert entered.acquire(timeout=PATIENCE)
        release.release()

    assert reloads == [3]


def test_a_signal_before_there_is_anything_to_reload() -> None:
    """It is not lost: what it was sent for may have been read already."""
    reloaded = threading.Event()
    hangups = SighupReloads()
    with hangups.capture():
        hang_up()
        with hangups.reloading(reloaded.set, structlog.get_logger()):
            assert reloaded.wait(PATIENCE)


def test_a_signal_while_the_configuration_is_read(tmp_path: Path) -> None:
    """It does not end the process, which serves and reloads."""
    path = tmp_path / "config.yml"
    os.mkfifo(path)
    command = [sys.executable, "-m", "exporter", "--web.listen-address=127.0.0.1:0", f"--config.file={path}"]
    with (
        SimulatedApi(backups=many(1, 1)) as api,
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
    assert any(re.search("event=reloaded", line) for line in lines)


HUNG_UP_WHILE_IMPORTED = """
import os, signal, sys
from exporter.__main__ import main


class HangUp:
    def find_spec(self, name, *_):
        if name == "exporter.cli.main":
            os.kill(os.getpid(), signal.SIGHUP)


sys.meta_path.insert(0, HangUp())
main()
"""


@pytest.mark.parametrize(("arguments", "status"), [(["--web.listen-address=nonsense"], 2), (["check"], -1)])
def test_a_signal_while_the_command_is_imported(arguments: list[str], status: int) -> None:
    """It ends no `serve`, which here goes on to say what is wrong; any other command it ends."""
    command = ["env", "--default-signal=HUP", sys.executable, "-c", HUNG_UP_WHILE_IMPORTED, *arguments]
    environ = {"PATH": os.environ["PATH"], "BYCLOUD_API_KEY": "demo:demo-secret"}
    ended = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE, env=environ)

    assert ended.returncode == (status if status > 0 else -signal.SIGHUP)
