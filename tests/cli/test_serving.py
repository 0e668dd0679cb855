"""What `serve` and `demo` share."""

import re
import signal
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from exporter.cli.serving import Listener, Service
from exporter.config import Config
from exporter.server.run import listen

ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"
TERMINATED_BEFORE_THE_LOOP = """
import os, signal
from exporter.cli import serving
from exporter.cli.main import main

def terminated(*_, **__):
    os.kill(os.getpid(), signal.SIGTERM)
    raise AssertionError("the signal did not end the process")

serving.serve = terminated
main(["serve", "--web.listen-address=127.0.0.1:0"])
"""

TUNED = """
import gc, sys
from exporter.cli import serving
from exporter.cli.main import main

serving.serve = lambda *_, **__: print(gc.get_freeze_count(), sys.getswitchinterval())
main(["serve", "--web.listen-address=127.0.0.1:0"])
"""

MIDDLEWARES = """
from exporter.cli import serving
from exporter.cli.main import main
from exporter.server.run import make_server

def show(app, *_, on_stop, **__):
    app = make_server(app, on_stop=on_stop).config.app
    while app is not None:
        print(type(app).__name__)
        app = getattr(app, "_app", None)

serving.serve = show
main(["serve", "--web.listen-address=127.0.0.1:0"])
"""


@pytest.mark.usefixtures("environ")
def test_a_sigterm_between_listening_and_serving_ends_it_with_status_0() -> None:
    """A supervisor that stops the exporter right after its start sees no failure."""
    command = [sys.executable, "-c", TERMINATED_BEFORE_THE_LOOP]
    done = subprocess.run(command, text=True, capture_output=True, check=False, timeout=60)

    assert re.search("event=listening", done.stderr)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("environ")
def test_the_interpreter_is_tuned_before_it_serves() -> None:
    """No walk pays for looking through modules that stay, or waits long for a thread that renders."""
    done = subprocess.run(
        [sys.executable, "-c", TUNED], text=True, capture_output=True, check=False, timeout=60
    )
    exempt, interval = map(float, done.stdout.split() or (0, 0))

    assert exempt > 10_000, done.stderr
    assert interval == pytest.approx(0.001)


@pytest.mark.usefixtures("environ")
def test_a_request_passes_the_middlewares_in_the_documented_order() -> None:
    """docs/architecture.md lists them from the server to the application."""
    done = subprocess.run(
        [sys.executable, "-c", MIDDLEWARES], text=True, capture_output=True, check=False, timeout=60
    )
    documented = re.findall(r"^\| \d \| `(\w+)` \|", ARCHITECTURE.read_text(encoding="utf-8"), re.MULTILINE)

    assert done.stdout.split() == [*documented, "Starlette"], done.stderr


def test_the_handler_of_sigterm_is_restored() -> None:
    """An error before it serves leaves the process's signals as they were."""
    before = signal.getsignal(signal.SIGTERM)
    options = Namespace(command="serve", web_config=None, addresses=["127.0.0.1:x"])
    with pytest.raises(Exception, match="listen-address"):
        Service(options, Config).run(Config())

    assert signal.getsignal(signal.SIGTERM) is before


def test_its_repr_names_the_command() -> None:
    """A debugger shows what it serves for."""
    assert repr(Service(Namespace(command="demo"), Config)) == "<Service of demo>"


@pytest.mark.parametrize(
    ("address", "host"),
    [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "[::1]"), (":0", None), ("0.0.0.0:0", None), ("[::]:0", None)],
)
def test_clients_connect_to_the_host_that_is_listened_on(address: str, host: str | None) -> None:
    """An address without a host, or for all hosts, names none that a client can connect to."""
    with listen(address) as opened:
        listener = Listener(address, opened)

        assert listener.host_and_port == (host and f"{host}:{listener.port}")
        assert listener.port > 0
