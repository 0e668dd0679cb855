"""Tests for users and client certificates of the whole program."""

import base64
import re
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.support.certificates import Authority, Files
from tests.support.command import LOOPBACK, ended, run, running
from tests.support.serving import Client, get, status, wait_until
from tests.support.web_config import LOGIN, PASSWORD, Server, Web, hashed, serving, tls, users


@pytest.fixture(autouse=True)
def _environ(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set an unreachable API in the environment."""
    monkeypatch.setenv("BYCLOUD_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("BYCLOUD_API_KEY", "demo:demo-secret")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return the authority of servers and clients."""
    return Authority(tmp_path)


@pytest.fixture
def web(tmp_path: Path) -> Web:
    """Return a web configuration beside the certificates."""
    return Web(tmp_path)


@pytest.mark.slow
def test_a_stop_while_logins_wait(web: Web) -> None:
    """They are refused, and the exit status is 0 without a traceback."""
    flag = web.write(f"basic_auth_users: {{alice: {hashed(PASSWORD, cost=13)}}}")
    with running(LOOPBACK, flag) as (process, url), ExitStack() as stack:
        port = int(url.rpartition(":")[2])
        logins = [base64.b64encode(b"alice:%d" % number) for number in range(30)]
        waiting = [
            stack.enter_context(Client(port)).send(get(b"/", b"Authorization: Basic " + login))
            for login in logins
        ]
        assert requests.get(f"{url}/", timeout=60).status_code == 401  # so that those before have arrived
        exit_status = ended(process, signal.SIGTERM)
        statuses = {status(client.rest()) for client in waiting}
        log = process.stderr.read() if process.stderr else ""

    assert exit_status == 0
    assert "Traceback" not in log
    assert "error" not in log
    assert 503 in statuses
    assert statuses <= {503, 401, 0}


@pytest.mark.slow
def test_the_gauge_is_0_while_the_file_is_invalid(authority: Authority, web: Web) -> None:
    """A renewed certificate is in force, and so are the old users."""
    authority.issue("server")
    name = "bycloud_exporter_web_config_last_reload_successful"
    with serving(web.write(tls(), users(alice=PASSWORD))) as server:
        assert f"{name} 1.0\n" in server.get(authority.file, login=LOGIN).text
        web.write("nonsense: 1")
        wait_until(lambda: f"{name} 0.0\n" in server.get(authority.file, login=LOGIN).text)
        first = server.certificate()
        authority.issue("server")
        wait_until(lambda: server.certificate() != first)
        web.write(tls(), users(bob=PASSWORD))
        wait_until(lambda: server.get(authority.file, login=LOGIN).status_code == 401)
        text = server.get(authority.file, login=("bob", PASSWORD)).text

    assert f"{name} 1.0\n" in text


@pytest.mark.slow
def test_the_time_of_the_last_good_reload(web: Web) -> None:
    """It moves with every good reload, and a bad one leaves it."""
    flag = web.write(users(alice=PASSWORD))
    with running(LOOPBACK, flag) as (_, url):
        first = _reloads(url)
        web.write("nonsense: 1")
        wait_until(lambda: _reloads(url)[0] == 0)
        bad = _reloads(url)
        web.write(users(alice=PASSWORD))
        wait_until(lambda: _reloads(url)[0] == 1)
        good = _reloads(url)
        web.write(users(alice=PASSWORD, bob=PASSWORD))
        wait_until(lambda: _reloads(url) > good)
        again = _reloads(url)

    assert first[0] == good[0] == again[0] == 1
    assert abs(time.time() - again[1]) < 3600
    assert first[1] == bad[1] < good[1] < again[1]


def _reloads(url: str) -> tuple[float, float]:
    """Return whether the last reload succeeded, and the time of the last that did."""
    text = requests.get(f"{url}/metrics", auth=LOGIN, timeout=20).text
    name = "bycloud_exporter_web_config_last_reload"
    (found,) = re.findall(rf"^{name}_successful (\S+)$", text, re.MULTILINE)
    (moment,) = re.findall(rf"^{name}_success_timestamp_seconds (\S+)$", text, re.MULTILINE)
    return float(found), float(moment)


def test_without_a_file_there_is_no_gauge() -> None:
    """The metric is absent."""
    with running(LOOPBACK) as (_, url):
        text = requests.get(f"{url}/metrics", timeout=20).text

    assert "bycloud_exporter_config_last_reload_successful 1.0" in text
    assert "web_config" not in text


def test_check_warns_of_a_slow_hash(web: Web) -> None:
    """The warning is before the targets' report."""
    flag = web.write(f"basic_auth_users: {{alice: {hashed(PASSWORD).replace('$04$', '$16$')}}}")
    _, out, _ = run("check", flag)

    assert out.startswith("warn  basic_auth_users: 'alice' has a bcrypt cost of 16: ")


def test_only_named_clients_are_accepted(authority: Authority, web: Web) -> None:
    """The list of names is reloaded at run time."""
    authority.issue("server")
    ours, other = authority.issue("ours", "scraper.example.com"), authority.issue("other", "db.example.com")
    verified = "client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert"
    with serving(web.write(tls(f", {verified}, client_allowed_sans: [scraper.example.com]"))) as server:
        first = server.get(authority.file, client=ours).status_code
        for client in (other, None):
            with pytest.raises(requests.ConnectionError):
                server.get(authority.file, client=client)
        metrics = server.get(authority.file, client=ours).text
        web.write(tls(f", {verified}, client_allowed_sans: [db.example.com]"))
        wait_until(lambda: _enters(server, authority, other))
        with pytest.raises(requests.ConnectionError):
            server.get(authority.file, client=ours)

    assert first == 200
    assert 'refused_requests_total{reason="client_certificate"} 2.0' in metrics
    assert 'refused_requests_total{reason="tls_handshake"} 0.0' in metrics


def _enters(server: Server, authority: Authority, client: Files) -> bool:
    try:
        return server.get(authority.file, client=client).ok
    except requests.ConnectionError:
        return False
