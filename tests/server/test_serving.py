"""Tests for the whole program over TLS and with users."""

import base64
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from exporter.server.run import listen, port_of
from exporter.simulator import SimulatedApi, bulk_backups
from tests.support.certificates import Authority
from tests.support.command import COMMAND, LOOPBACK, ended, run, running
from tests.support.real_prometheus import running_prometheus
from tests.support.serving import Client, get, wait_until
from tests.support.web_config import LOGIN, PASSWORD, Web, hashed, serving, tls, users


@pytest.fixture(autouse=True)
def _environ(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the API's URL and key in the environment."""
    for name in list(os.environ):
        if name.startswith("BYCLOUD_"):
            monkeypatch.delenv(name)
    with SimulatedApi(backups=bulk_backups(20, 4)) as api:
        monkeypatch.setenv("BYCLOUD_API_URL", api.url)
        monkeypatch.setenv("BYCLOUD_API_KEY", "demo:demo-secret")
        yield


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return the authority of servers and clients."""
    return Authority(tmp_path)


@pytest.fixture
def web(tmp_path: Path) -> Web:
    """Return one beside the certificates."""
    return Web(tmp_path)


VERIFIED = ", client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert"
GIVEN = ", client_ca_file: ca.pem, client_auth_type: VerifyClientCertIfGiven"


def test_tls(authority: Authority, web: Web) -> None:
    """Metrics are served over TLS only, and SIGTERM ends the process with exit status 0."""
    authority.issue("server")
    with serving(web.write(tls())) as server:
        answer = server.get(authority.file)
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://127.0.0.1:{server.port}/metrics", timeout=60)
        status = ended(server.process, signal.SIGTERM)

    assert "bycloud_up 1.0\n" in answer.text
    assert status == 0


@pytest.mark.parametrize(
    ("more", "version", "agreed"),
    [
        ("", ssl.TLSVersion.TLSv1_1, None),
        ("", ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
        ("", ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
        (", min_version: TLS13", ssl.TLSVersion.TLSv1_2, None),
        (", max_version: TLS12", ssl.TLSVersion.TLSv1_3, None),
    ],
)
def test_tls_versions(
    authority: Authority, web: Web, more: str, version: ssl.TLSVersion, agreed: str | None
) -> None:
    """TLS 1.1 and excluded versions are refused; ALPN selects HTTP/1.1."""
    authority.issue("server")
    context = ssl.create_default_context(cafile=authority.file)
    context.set_alpn_protocols(["h2", "http/1.1"])
    context.set_ciphers("ALL:@SECLEVEL=0")  # without which OpenSSL's client would refuse TLS 1.1 itself
    with (
        pytest.warns(DeprecationWarning, match="TLSv1_1") if version is ssl.TLSVersion.TLSv1_1 else _nothing()
    ):
        context.minimum_version = context.maximum_version = version
    with serving(web.write(tls(more))) as server:
        found, protocol = _shake_hands(context, server.port)

    assert found == agreed
    assert protocol == (agreed and "http/1.1")


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _shake_hands(context: ssl.SSLContext, port: int) -> tuple[str | None, str | None]:
    try:
        with (
            socket.create_connection(("127.0.0.1", port), 10) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
        ):
            return secured.version(), secured.selected_alpn_protocol()
    except OSError:  # asyncio ends the connection without OpenSSL's reason
        return None, None


def test_client_certificates(authority: Authority, web: Web, tmp_path: Path) -> None:
    """Only a valid certificate of the configured CA is accepted."""
    authority.issue("server")
    good, expired = authority.issue("good"), authority.issue("expired", expired=True)
    rogue = Authority(tmp_path, "rogue-ca").issue("rogue")
    with serving(web.write(tls(VERIFIED))) as server:
        answer = server.get(authority.file, client=good)
        for bad in (None, expired, rogue):
            with pytest.raises(requests.ConnectionError):
                server.get(authority.file, client=bad)
        again = server.get(authority.file, client=good)

    assert (answer.status_code, again.status_code) == (200, 200)


def test_a_client_certificate_if_given(authority: Authority, web: Web, tmp_path: Path) -> None:
    """It is optional, but an invalid one is refused."""
    authority.issue("server")
    rogue = Authority(tmp_path, "rogue-ca").issue("rogue")
    with serving(web.write(tls(GIVEN))) as server:
        answers = [server.get(authority.file, client=client) for client in (None, authority.issue("good"))]
        with pytest.raises(requests.ConnectionError):
            server.get(authority.file, client=rogue)

    assert [answer.status_code for answer in answers] == [200, 200]


def test_users_protect_every_path(authority: Authority, web: Web) -> None:
    """Metrics, the status page and health require the same login."""
    authority.issue("server")
    with serving(web.write(tls(), users(alice=PASSWORD))) as server:
        statuses = {
            path: [server.get(authority.file, path, login=login).status_code for login in (None, LOGIN)]
            for path in ("/", "/metrics", "/-/healthy", "/-/ready", "/probe?target=default")
        }

    assert set(map(tuple, statuses.values())) == {(401, 200)}


def test_everything_is_reloaded(authority: Authority, web: Web, tmp_path: Path) -> None:
    """Users, headers, client CAs and the certificate change at run time; an invalid file changes nothing."""
    authority.issue("server")
    with serving(web.write(tls(), users(alice=PASSWORD))) as server:
        first = server.certificate()
        assert server.get(authority.file, login=LOGIN).status_code == 200
        authority.issue("server")
        wait_until(lambda: server.certificate() != first)
        web.write(tls(), users(bob=PASSWORD), "http_server_config: {headers: {X-Frame-Options: deny}}")
        wait_until(lambda: server.get(authority.file, login=("bob", PASSWORD)).status_code == 200)
        gone = server.get(authority.file, login=LOGIN)
        web.write("nonsense: 1")
        new = Authority(tmp_path, "other-ca")
        (tmp_path / "ca.pem").write_bytes((tmp_path / "ca.pem").read_bytes())
        assert server.get(authority.file, login=("bob", PASSWORD)).status_code == 200
        (tmp_path / "clients.pem").write_bytes(new.file.read_bytes())
        web.write(tls(VERIFIED.replace("ca.pem", "clients.pem")))
        client = new.issue("client")
        wait_until(lambda: _is_refused(lambda: server.get(authority.file)))
        status = server.get(authority.file, client=client).status_code

    assert gone.status_code == 401
    assert gone.headers["x-frame-options"] == "deny"
    assert status == 200


def _is_refused(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except requests.ConnectionError:
        return True
    return False


def test_three_hundred_logins_at_once(web: Web) -> None:
    """Each gets a response, and a cached login does not wait for them."""
    flag = web.write(f"basic_auth_users: {{alice: {hashed(PASSWORD, cost=8)}}}")
    stop = threading.Event()
    known_answers: list[int] = []
    with running(LOOPBACK, flag) as (_, url), ThreadPoolExecutor(301) as pool:

        def ask(login: tuple[str, str]) -> int:
            return requests.get(f"{url}/-/healthy", auth=login, timeout=60).status_code

        def known() -> None:
            while not stop.is_set():
                known_answers.append(ask(LOGIN))

        assert ask(LOGIN) == 200
        knowing = pool.submit(known)
        logins = [LOGIN if number % 2 else ("alice", str(number)) for number in range(300)]
        statuses = list(pool.map(ask, logins))
        answered_meanwhile = len(known_answers)
        stop.set()
        knowing.result()

    assert set(statuses[1::2]) == {200}
    assert set(statuses[::2]) <= {401, 503}
    assert answered_meanwhile > 3  # who waited for all the others would have been answered once


def test_several_addresses() -> None:
    """IPv4 and IPv6 addresses each have a line in the log."""
    command = [str(COMMAND), LOOPBACK, "--web.listen-address=[::1]:0"]
    with subprocess.Popen(command, text=True, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        lines = [process.stderr.readline() for _ in range(2)]
        ports = [re.findall(r" port=(\d+)", line)[0] for line in lines]
        texts = [
            requests.get(f"http://{host}:{port}/metrics", timeout=60).text
            for host, port in zip(("127.0.0.1", "[::1]"), ports, strict=True)
        ]
        process.terminate()
        status = process.wait(10)
        process.stderr.read()

    assert all("bycloud_up 1.0\n" in text for text in texts)
    assert status == 0


def test_systemd_is_notified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It learns when the exporter serves and when it stops."""
    place = tmp_path / "notify"
    monkeypatch.setenv("NOTIFY_SOCKET", str(place))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(place))
        receiver.settimeout(20)
        with running(LOOPBACK) as (process, _):
            ready = receiver.recv(100)
            process.terminate()
            stopping = receiver.recv(100)
            process.wait(10)
            assert process.stderr is not None
            process.stderr.read()

    assert (ready, stopping) == (b"READY=1", b"STOPPING=1")


def _in_use(_web: Web, _authority: Authority, port: int) -> tuple[list[str], str]:
    address = f"127.0.0.1:{port}"
    flags = [LOOPBACK, f"--web.listen-address={address}"]
    return flags, f"--web.listen-address: cannot listen on {address}: Address already in use"


def _mismatch(web: Web, authority: Authority, _port: int) -> tuple[list[str], str]:
    server, other = authority.issue("server"), authority.issue("other")
    flag = web.write(f"tls_server_config: {{cert_file: server.crt, key_file: {other.key}}}")
    return [LOOPBACK, flag], f"tls_server_config.key_file: {other.key} is not the key of {server.cert}"


def _no_certificate(web: Web, _authority: Authority, _port: int) -> tuple[list[str], str]:
    problem = "No such file or directory"
    return [LOOPBACK, web.write(tls())], (
        f"tls_server_config.cert_file: cannot read {web.path.parent}/server.crt: {problem}"
    )


def _bad_hash(web: Web, _authority: Authority, _port: int) -> tuple[list[str], str]:
    return [LOOPBACK, web.write("basic_auth_users: {alice: looking-glass}")], (
        f"{web.path}: basic_auth_users: found no bcrypt hash of a cost from 4 to 20 for 'alice',"
        " allowed: what `htpasswd -nBC 10 NAME` prints after the colon"
    )


@pytest.mark.parametrize("prepare", [_in_use, _mismatch, _no_certificate, _bad_hash])
def test_startup_errors(
    authority: Authority, web: Web, prepare: Callable[[Web, Authority, int], tuple[list[str], str]]
) -> None:
    """The exit status is 2 and stderr has one line without any password."""
    with listen("127.0.0.1:0") as used:
        flags, line = prepare(web, authority, port_of(used))
        done = run(*flags)

    assert done == (2, "", f"bycloud-backup-exporter: {line}\n")


def test_check_validates_the_file(authority: Authority, web: Web) -> None:
    """It fails before it sends a request to the API."""
    flag = web.write(tls())
    bad = run("check", flag)
    authority.issue("server")
    good = run("check", flag)

    assert bad[0] == 2
    assert bad[1] == ""
    assert len(bad[2].splitlines()) == 1
    assert good[0] == 0


def test_the_access_log() -> None:
    """It is at debug level, has no login and no query, and omits what is not HTTP."""
    authorization = base64.b64encode(b"alice:hunter2").decode()
    with running(LOOPBACK, "--log.level=debug") as (process, url):
        requests.get(f"{url}/-/healthy?hunter2", auth=("alice", "hunter2"), timeout=60)
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 10) as client:
            client.sendall(b"hunter2\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 400")
        ended(process, signal.SIGTERM)
        said = process.stderr.read() if process.stderr else ""

    assert re.search(
        r"level=debug event=request client=127\.0\.0\.1 method=GET path=/-/healthy status=200", said
    )
    assert "hunter2" not in said
    assert authorization not in said
    assert "Invalid HTTP" not in said


def test_the_demo_prints_its_url(authority: Authority, web: Web) -> None:
    """Over TLS, the URL has the https scheme."""
    authority.issue("server")
    with running("demo", LOOPBACK, web.write(tls())) as (process, url):
        assert process.stdout is not None
        named = next(line for line in process.stdout if line.startswith("exporter"))

    assert named.split()[1] == f"{url.replace('http', 'https')}/"


@pytest.mark.slow
def test_a_real_prometheus(authority: Authority, web: Web, tmp_path: Path) -> None:
    """It scrapes with a client certificate and a login; a job without either fails."""
    authority.issue("server")
    client = authority.issue("client")
    shown = f"cert_file: {client.cert}, key_file: {client.key}"
    jobs = {"good": (shown, PASSWORD), "no_certificate": ("", PASSWORD), "wrong_password": (shown, "wrong")}
    with serving(web.write(tls(VERIFIED), users(alice=PASSWORD))) as server:
        scrapes = "scrape_configs:\n" + "".join(
            f"  - {{job_name: {name}, scheme: https,\n"
            f"     static_configs: [{{targets: ['127.0.0.1:{server.port}']}}],\n"
            f"     tls_config: {{ca_file: {authority.file}, {certificate}}},\n"
            f"     basic_auth: {{username: alice, password: {password}}}}}\n"
            for name, (certificate, password) in jobs.items()
        )
        with running_prometheus(scrapes, tmp_path) as prometheus:

            def newest(metric: str, job: str) -> float:
                return prometheus.value(f'max_over_time({metric}{{job="{job}"}}[1m])')

            wait_until(lambda: newest("up", "good") == 1 and all(newest("up", job) >= 0 for job in jobs))
            ups = {job: newest("up", job) for job in jobs}
            well = newest("bycloud_up", "good")

    assert ups == {"good": 1, "no_certificate": 0, "wrong_password": 0}
    assert well == 1


def test_sigterm_is_logged(authority: Authority, web: Web) -> None:
    """The line has the number of requests in flight and the grace."""
    authority.issue("server")
    with serving(web.write(tls())) as server:
        server.get(authority.file, "/-/healthy")
        process = server.process
        status = ended(process, signal.SIGTERM)
        said = process.stderr.read() if process.stderr else ""

    assert status == 0
    assert re.search(r'event="shutting down" signal=SIGTERM requests=0 grace_seconds=\d', said)


def test_headers_are_on_every_response(web: Web) -> None:
    """Refusals have them too, and are counted."""
    flag = web.write("http_server_config: {headers: {X-Frame-Options: deny}}")
    with running(LOOPBACK, flag) as (_, url):
        answers = []
        large = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n"
        healthy = get(b"/-/healthy", b"Connection: close")
        for sent in (b"nonsense\r\n\r\n", large, get(b"/" + b"a" * 9_000), healthy):
            with Client(int(url.rpartition(":")[2])) as client:
                answers.append(client.send(sent).rest())
        metrics = requests.get(f"{url}/metrics", timeout=20).text

    assert [answer.split()[1] for answer in answers] == [b"400", b"413", b"414", b"200"]
    assert all(answer.count(b"x-frame-options: deny") == 1 for answer in answers)
    assert 'bycloud_exporter_refused_requests_total{reason="malformed"} 1.0' in metrics
    assert 'bycloud_exporter_refused_requests_total{reason="too_large"} 2.0' in metrics
