"""`make stress`, and the idle threads that it leaves in the processes of the tests."""

import base64
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from exporter.simulator import SimulatedApi, bulk_backups
from tests.support.bystanders import EACH, NAMES, thread_names
from tests.support.command import UNHARDENED, listening_port
from tests.support.serving import Client, get, status
from tests.support.web_config import LOGIN, Web, users

ROOT: Final = Path(__file__).parents[2]
SERVE_AND_LOG_THREADS: Final = """
import os, sys, threading
from exporter.__main__ import main

start = threading.Thread.start


def log(thread):
    start(thread)
    os.write(1, f"{thread.name}\\n".encode())  # at once: print writes the line's end apart


threading.Thread.start = log
main()
"""


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("Thread(target=work, name='a', daemon=True)", "a"),
        ("threading.Thread(\n    daemon=True,\n    name='a',\n)", "a"),
        ("threading.Thread(None, work, 'a')", "a"),
        ("thread_starter('a')", "a"),
        ("runner.thread_starter(name='a')", "a"),
        ("ThreadPoolExecutor(1, 'a')", "a_0"),
        ("futures.ThreadPoolExecutor(thread_name_prefix='a')", "a_0"),
    ],
)
def test_every_form_of_a_name_is_found(call: str, name: str) -> None:
    """A thread, a pool and what starts threads take names by position or keyword."""
    assert list(thread_names(f"def run(work):\n    return [{call}]")) == [name]


def test_a_name_that_is_no_literal_is_not_found() -> None:
    """It is the parameter of a function, whose callers have the literal."""
    assert list(thread_names("Thread(target=work, name=name); Thread(target=work); open(name='a')")) == []


def test_every_thread_of_a_running_exporter_is_known(tmp_path: Path) -> None:
    """An exporter that walks, serves, checks a login and reloads starts threads of exactly these names."""
    named = base64.b64encode(":".join(LOGIN).encode())
    command = [*UNHARDENED, sys.executable, "-c", SERVE_AND_LOG_THREADS, "--web.listen-address=127.0.0.1:0"]
    path = tmp_path / "config.yml"
    flags = [f"--config.file={path}", Web(tmp_path).write(users(alice=LOGIN[1]))]
    with SimulatedApi(backups=bulk_backups(20, 4)) as api:
        url = api.url.replace("127.0.0.1", "localhost")
        path.write_text(f"targets: [{{name: a, url: '{url}', api_key: 'demo:demo-secret'}}]")
        with subprocess.Popen(
            [*command, *flags], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            port = int(listening_port(process.stderr))
            for page in (b"/metrics", b"/"):
                with Client(port) as client:
                    client.send(get(page, b"Authorization: Basic " + named, b"Connection: close"))
                    assert status(client.rest()) == 200
            process.send_signal(signal.SIGTERM)
            started = process.communicate(timeout=60)[0].splitlines()

    assert {re.sub(r"_\d+$", "_0", name) for name in started} == set(NAMES)


ONE_FAILURE: Final = f"""
import threading
from pathlib import Path
from tests.support.bystanders import NAMES


def test_bystanders():
    names = [thread.name for thread in threading.enumerate()]
    assert {{name: names.count(name) for name in NAMES}} == dict.fromkeys(NAMES, {EACH})


def test_fails_in_the_first_run():
    mark = Path(__file__).with_name("mark")
    failed = mark.exists()
    mark.touch()
    assert failed
"""


def test_stress_counts_failed_runs(tmp_path: Path) -> None:
    """Tests run beside idle threads; the status is the number of failed runs."""
    (tmp_path / "test_it.py").write_text(ONE_FAILURE)
    command = [sys.executable, "tools/stress.py", "--runs=2", "--loops=1", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 1
    assert done.stdout.endswith("\n1 of 2 runs passed under 1 busy loops\n")
