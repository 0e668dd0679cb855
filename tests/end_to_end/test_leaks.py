"""The search for secrets finds each one that a test shows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
LEAK = """
import subprocess, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
import requests

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"looking-glass")

def test_leaks(capsys, request):
    {body}
"""
PRINTING = [sys.executable, "-c", "print('a looking-glass')"]
LATE = [sys.executable, "-c", "import time; time.sleep(2); print('a looking-glass')"]


SERVING = """
    server = HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.handle_request).start()
    requests.get(f"http://127.0.0.1:{server.server_port}/")
"""


def verdict(folder: Path, body: str) -> str:
    """Run a test with this body in its own pytest session; return its output."""
    (folder / "test_leak.py").write_text(LEAK.replace("{body}", body.strip()))
    (folder / "conftest.py").write_text(
        "from tests.support.leaks import pytest_configure, pytest_runtest_makereport\n"
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    with (folder / "output").open("w") as out:
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder],
            cwd=folder,
            env=environ | {"PYTHONPATH": str(ROOT)},
            stdout=out,
            check=False,
        )
    return (folder / "output").read_text()


@pytest.mark.parametrize(
    "body",
    [
        "print('a looking-glass')",
        "print('a looking-glass'); capsys.readouterr()",
        "sys.stderr.write('demo-secret')",
        f"subprocess.run({PRINTING}, capture_output=True)",
        f"subprocess.run({PRINTING})",
        f"with subprocess.Popen({PRINTING}, stdout=subprocess.PIPE): pass",
        f"with subprocess.Popen({LATE}, stdout=subprocess.PIPE): pass",
        f"list(subprocess.Popen({PRINTING}, stdout=subprocess.PIPE, text=True).stdout)",
        "print('$2b$04$' + 53 * 'a')",
        "print('embedded API', 'looking-glass')",
        SERVING,
    ],
    ids=[
        "printed",
        "captured",
        "stderr",
        "run",
        "inherited",
        "unread",
        "late",
        "lines",
        "hash",
        "demo",
        "page",
    ],
)
def test_a_leak_fails_the_test(tmp_path: Path, body: str) -> None:
    """A secret is found in every output of a test, its commands and its requests."""
    output = verdict(tmp_path, body)

    assert "lets a secret show" in output
    assert "1 error" in output


def test_it_hides_no_other_failure(tmp_path: Path) -> None:
    """A failure at the end of the test is reported too."""
    output = verdict(tmp_path, "print('a looking-glass'); request.addfinalizer(lambda: 1 / 0)")

    assert "lets a secret show" in output
    assert "ZeroDivisionError" in output


def test_a_test_without_secrets_passes(tmp_path: Path) -> None:
    """The demo may print its own key next to its address."""
    output = verdict(tmp_path, "print('fine'); print('embedded API (X-Api-Key: demo:demo-secret)')")

    assert "1 passed" in output
    assert "lets a secret show" not in output
