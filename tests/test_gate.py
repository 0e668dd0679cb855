"""Who comes in, and what every answer carries."""

import base64
from pathlib import Path

import pytest
import structlog

from exporter import passwords
from exporter.gate import Gate
from exporter.passwords import Passwords
from exporter.web_file import WebFile
from tests.serving import App, Client, get, serving
from tests.test_passwords import ALICE

ALICES = b"Authorization: Basic " + base64.b64encode(b"alice:wonderland")


def gate(app: App, folder: Path, text: str) -> Gate:
    """Put a gate before an application."""
    path = folder / "web.yml"
    path.write_text(text)
    return Gate(app, WebFile(path, structlog.get_logger()), Passwords())


USERS = f"basic_auth_users: {{alice: '{ALICE.decode()}'}}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([ALICES], 200),
        ([], 401),
        ([b"Authorization: Basic " + base64.b64encode(b"alice:Wonderland")], 401),
        ([b"Authorization: Basic " + base64.b64encode(b"alice:" + b"w" * 73)], 401),
        ([ALICES, ALICES], 401),
        ([b"Authorization: Bearer x"], 401),
    ],
)
@pytest.mark.parametrize("path", [b"/metrics", b"/", b"/-/healthy", b"/nope"])
def test_users(tmp_path: Path, path: bytes, headers: list[bytes], status: int) -> None:
    """One header with the right login opens every path, and nothing else any."""
    app = App()
    with serving(gate(app, tmp_path, USERS)) as port, Client(port) as client:
        answer = client.send(get(path, b"Connection: close", *headers)).rest()

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert (b'www-authenticate: Basic realm="bycloud-backup-exporter"' in answer) is (status == 401)
    assert len(app.paths) == (status == 200)


def test_too_many_logins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who cannot be checked in time is told so."""
    monkeypatch.setattr(passwords, "WAITING", 0)
    with serving(gate(App(), tmp_path, USERS)) as port, Client(port) as client:
        answer = client.send(get(b"/", ALICES, b"Connection: close")).rest()

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1" in answer


@pytest.mark.parametrize("authorized", [[], [ALICES]])
def test_headers(tmp_path: Path, authorized: list[bytes]) -> None:
    """What is configured stands on every answer, be it 200 or 401."""
    headers = "http_server_config: {headers: {X-Frame-Options: deny, Strict-Transport-Security: max-age=1}}"
    with serving(gate(App(), tmp_path, f"{USERS}\n{headers}")) as port, Client(port) as client:
        answer = client.send(get(b"/", b"Connection: close", *authorized)).rest()

    assert b"\r\nx-frame-options: deny\r\n" in answer
    assert b"\r\nstrict-transport-security: max-age=1\r\n" in answer


def test_an_endpoint_s_own_header_stays(tmp_path: Path) -> None:
    """What it says of itself is not said twice."""
    app = App()
    app.headers = [(b"x-frame-options", b"deny")]
    web = gate(app, tmp_path, "http_server_config: {headers: {X-Frame-Options: sameorigin}}")
    with serving(web) as port, Client(port) as client:
        answer = client.send(get(b"/", b"Connection: close")).rest()

    assert b"x-frame-options: deny" in answer
    assert b"sameorigin" not in answer
