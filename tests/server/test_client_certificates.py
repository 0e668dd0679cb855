"""Tests for the names in client certificates."""

import socket
import ssl
from pathlib import Path

import pytest
import requests
from msgspec.structs import replace

from exporter.server.refusals import Refusal
from exporter.server.schema import TlsServerConfig
from exporter.server.tls import server_context
from tests.support.certificates import Authority, Files
from tests.support.serving import App, serving


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return a certificate authority."""
    return Authority(tmp_path)


@pytest.fixture
def config(authority: Authority) -> TlsServerConfig:
    """Return a configuration with a client CA."""
    files = authority.issue("server")
    return TlsServerConfig(
        cert_file=files.cert,
        key_file=files.key,
        client_ca_file=authority.file,
        client_auth_type="RequireAndVerifyClientCert",
    )


def verified(config: TlsServerConfig, *names: str) -> TlsServerConfig:
    """Return a configuration that accepts clients of these names only."""
    return replace(config, client_auth_type="RequireAndVerifyClientCert", client_allowed_sans=names or None)


def is_served(port: int, authority: Authority, client: Files | None) -> bool:
    """Return whether a client's request is answered."""
    try:
        answer = requests.get(
            f"https://127.0.0.1:{port}/",
            verify=str(authority.file),
            cert=client.pair if client else None,
            timeout=20,
        )
    except requests.ConnectionError:
        return False
    return answer.status_code == 200


@pytest.mark.parametrize(
    ("identity", "allowed", "good"),
    [
        ("scraper.example.com", ["other.example.com", "scraper.example.com"], True),
        ("scraper.example.com", ["example.com", "*.example.com", "Scraper.example.com", "scraper"], False),
        ("192.0.2.7", ["192.0.2.7"], True),
        ("192.0.2.7", ["192.0.2.0/24", "192.0.2.70"], False),
        ("2001:db8::1", ["2001:DB8:0:0::1"], True),
        ("scraper@example.com", ["scraper@example.com"], True),
        ("scraper@example.com", ["example.com"], False),
        ("spiffe://example.com/scraper", ["spiffe://example.com/scraper"], True),
        ("spiffe://example.com/scraper", ["spiffe://example.com/other", "1.2.3.4"], False),
    ],
)
@pytest.mark.parametrize("version", ["TLS12", "TLS13"])
def test_allowed_client_names(  # noqa: PLR0913 - a table's columns
    config: TlsServerConfig,
    authority: Authority,
    version: str,
    identity: str,
    allowed: list[str],
    *,
    good: bool,
) -> None:
    """The certificate must have one allowed name exactly; otherwise the refusal is counted."""
    app, refused = App(), list[Refusal]()
    is_uri = "://" in identity
    client = authority.issue_for_uri("client", identity) if is_uri else authority.issue("client", identity)
    context = server_context(replace(verified(config, *allowed), min_version=version, max_version=version))
    with serving(app, tls=lambda: context, refused=refused.append) as port:
        entered = is_served(port, authority, client)

    assert entered is good
    assert len(app.paths) == good
    assert refused == ([] if good else ["client_certificate"])


def test_a_name_of_another_authority(config: TlsServerConfig, authority: Authority, tmp_path: Path) -> None:
    """An allowed name in another CA's certificate is refused, as is no certificate."""
    app, refused = App(), list[Refusal]()
    rogue = Authority(tmp_path, "rogue-ca").issue("rogue", "scraper.example.com")
    context = server_context(verified(config, "scraper.example.com"))
    with serving(app, tls=lambda: context, refused=refused.append) as port:
        entered = [is_served(port, authority, client) for client in (rogue, None)]

    assert entered == [False, False]
    assert app.paths == []
    assert refused == ["client_certificate"] * 2


def test_names_are_compared_for_a_resumed_session(config: TlsServerConfig, authority: Authority) -> None:
    """A name that is no longer allowed is refused."""
    client = authority.issue("client", "scraper.example.com")
    context = server_context(verified(config, "scraper.example.com"))
    ours = ssl.create_default_context(cafile=authority.file)
    ours.load_cert_chain(*client.pair)
    ours.maximum_version = ssl.TLSVersion.TLSv1_2
    with serving(App(), tls=lambda: context) as port:
        with (
            socket.create_connection(("127.0.0.1", port), 20) as plain,
            ours.wrap_socket(plain, server_hostname="127.0.0.1") as first,
        ):
            session = first.session
        context.allow(["other.example.com"])
        with (
            socket.create_connection(("127.0.0.1", port), 20) as plain,
            ours.wrap_socket(
                plain, server_hostname="127.0.0.1", do_handshake_on_connect=False, session=session
            ) as again,
        ):
            received = _received(again)

    assert received == b""


def _received(connection: ssl.SSLSocket) -> bytes:
    try:
        connection.do_handshake()
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        return connection.recv(100)
    except OSError:
        return b""
