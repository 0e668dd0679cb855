"""Contexts for TLS, and the one line where there can be none. Handshakes are in `test_serving`."""

import socket
import ssl
from pathlib import Path
from typing import get_args

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from msgspec.structs import replace

from exporter.errors import ConfigError
from exporter.server.refusals import Refusal
from exporter.server.schema import TLS13_SUITES, CipherSuite, TlsServerConfig
from exporter.server.tls import CIPHERS, Certificate, server_context
from tests.support.certificates import Authority, Files
from tests.support.serving import App, serving


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return an authority."""
    return Authority(tmp_path)


@pytest.fixture
def config(authority: Authority) -> TlsServerConfig:
    """Return a good configuration."""
    files = authority.issue("server")
    return TlsServerConfig(
        cert_file=str(files.cert),
        key_file=str(files.key),
        client_ca_file=str(authority.file),
        client_auth_type="VerifyClientCertIfGiven",
    )


@pytest.mark.parametrize(
    ("policy", "mode"),
    [("VerifyClientCertIfGiven", ssl.CERT_OPTIONAL), ("RequireAndVerifyClientCert", ssl.CERT_REQUIRED)],
)
def test_a_context(config: TlsServerConfig, policy: str, mode: ssl.VerifyMode) -> None:
    """Versions and the policy are as configured; nobody renegotiates."""
    plain = replace(config, client_auth_type="NoClientCert", client_ca_file=None)
    context = server_context(replace(config, min_version="TLS13", client_auth_type=policy))

    assert (context.minimum_version, context.maximum_version) == (
        ssl.TLSVersion.TLSv1_3,
        ssl.TLSVersion.TLSv1_3,
    )
    assert context.verify_mode is mode
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert server_context(plain).verify_mode is ssl.CERT_NONE


def test_the_key_of_another_certificate(config: TlsServerConfig, authority: Authority) -> None:
    """It is said to be that."""
    other = authority.issue("other")
    with pytest.raises(ConfigError) as raised:
        server_context(replace(config, key_file=str(other.key)))

    assert str(raised.value) == (
        f"tls_server_config.key_file: {other.key} is not the key of {config.cert_file}"
    )


@pytest.mark.parametrize("key", ["cert_file", "key_file", "client_ca_file"])
def test_files_that_are_not_there(config: TlsServerConfig, key: str) -> None:
    """The key and the path are named."""
    with pytest.raises(ConfigError) as raised:
        server_context(replace(config, **{key: "/nowhere.pem"}))

    assert str(raised.value) == (
        f"tls_server_config.{key}: cannot read /nowhere.pem: No such file or directory"
    )


@pytest.mark.parametrize("key", ["cert_file", "key_file", "client_ca_file"])
@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_names_that_no_file_can_have(config: TlsServerConfig, key: str, name: str) -> None:
    """They are one line too."""
    with pytest.raises(ConfigError) as raised:
        server_context(replace(config, **{key: name}))

    assert str(raised.value) == f"tls_server_config.{key}: no file can have the name {name!a}"


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("cert_file", "are not a certificate and key in PEM, or too weak"),
        ("key_file", "are not a certificate and key in PEM, or too weak"),
        ("client_ca_file", "has no certificate in PEM"),
    ],
)
@pytest.mark.parametrize(
    "content", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"]
)
def test_files_that_hold_something_else(
    config: TlsServerConfig, tmp_path: Path, key: str, line: str, content: str
) -> None:
    """One line, without what they hold."""
    path = tmp_path / "odd.pem"
    path.write_text(content)
    with pytest.raises(ConfigError, match=line) as raised:
        server_context(replace(config, **{key: str(path)}))

    assert "\n" not in str(raised.value)
    assert "nonsense" not in str(raised.value)


def test_an_encrypted_key(config: TlsServerConfig) -> None:
    """Nobody is asked for its password on a terminal."""
    path = Path(config.key_file)
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password"))
    )
    with pytest.raises(
        ConfigError, match=r"key_file: the key is encrypted, allowed: a key without a password"
    ):
        server_context(config)


def test_the_current_context_is_used(config: TlsServerConfig) -> None:
    """A reconfiguration replaces the context, its client policy included; a failed one keeps it."""
    certificate = Certificate(config)
    before = certificate.context
    certificate.reconfigure(replace(config, client_auth_type="RequireAndVerifyClientCert"))
    after = certificate.context
    with pytest.raises(ConfigError):
        certificate.reconfigure(replace(config, cert_file="/nowhere.pem"))

    assert before.verify_mode is ssl.CERT_OPTIONAL
    assert after.verify_mode is ssl.CERT_REQUIRED
    assert certificate.context is after


def verified(config: TlsServerConfig, *names: str) -> TlsServerConfig:
    """Return a configuration that accepts clients of these names only."""
    return replace(config, client_auth_type="RequireAndVerifyClientCert", client_allowed_sans=names or None)


def enters(port: int, authority: Authority, client: Files | None) -> bool:
    """Say whether a client's request is answered."""
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
def test_client_names(  # noqa: PLR0913 - a table's columns
    config: TlsServerConfig,
    authority: Authority,
    version: str,
    identity: str,
    allowed: list[str],
    *,
    good: bool,
) -> None:
    """One name must be in the list exactly; else no request is served, and the refusal is counted."""
    app, refused = App(), list[Refusal]()
    is_uri = "://" in identity
    client = authority.issue_for_uri("client", identity) if is_uri else authority.issue("client", identity)
    context = server_context(replace(verified(config, *allowed), min_version=version, max_version=version))
    with serving(app, tls=lambda: context, refused=refused.append) as port:
        entered = enters(port, authority, client)

    assert entered is good
    assert len(app.paths) == good
    assert refused == ([] if good else ["client_certificate"])


def test_a_name_of_another_authority(config: TlsServerConfig, authority: Authority, tmp_path: Path) -> None:
    """The right name opens nothing without the right signature; nor does no certificate at all."""
    app, refused = App(), list[Refusal]()
    rogue = Authority(tmp_path, "rogue-ca").issue("rogue", "scraper.example.com")
    context = server_context(verified(config, "scraper.example.com"))
    with serving(app, tls=lambda: context, refused=refused.append) as port:
        entered = [enters(port, authority, client) for client in (rogue, None)]

    assert entered == [False, False]
    assert app.paths == []
    assert refused == ["client_certificate"] * 2


def test_a_resumed_session_is_compared_too(config: TlsServerConfig, authority: Authority) -> None:
    """A name that is no longer allowed does not enter by a session of before."""
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


def test_every_suite_has_its_name() -> None:
    """Those up to TLS 1.2 are known to OpenSSL, and those of TLS 1.3 are always there."""
    names = set(get_args(CipherSuite))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(":".join(CIPHERS.values()))
    known = {cipher["name"] for cipher in context.get_ciphers()}

    assert CIPHERS.keys() | TLS13_SUITES == names
    assert not CIPHERS.keys() & TLS13_SUITES
    assert known == set(CIPHERS.values()) | TLS13_SUITES


def agreed(port: int, authority: Authority, offered: str, version: ssl.TLSVersion) -> str | None:
    """Shake hands; return the suite, None where there is none."""
    context = ssl.create_default_context(cafile=authority.file)
    context.minimum_version = context.maximum_version = version
    context.set_ciphers(offered)
    try:
        with (
            socket.create_connection(("127.0.0.1", port), 20) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
        ):
            cipher = secured.cipher()
    except OSError:
        return None
    return cipher and cipher[0]


GCM, CHACHA = "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"
GCM_SUITE, CHACHA_SUITE = (
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
)


@pytest.mark.parametrize(
    ("suites", "prefers", "offered", "version", "suite"),
    [
        ([GCM_SUITE], True, GCM, ssl.TLSVersion.TLSv1_2, GCM),
        ([GCM_SUITE], True, CHACHA, ssl.TLSVersion.TLSv1_2, None),
        ([CHACHA_SUITE, GCM_SUITE], True, f"{GCM}:{CHACHA}", ssl.TLSVersion.TLSv1_2, CHACHA),
        ([CHACHA_SUITE, GCM_SUITE], False, f"{GCM}:{CHACHA}", ssl.TLSVersion.TLSv1_2, GCM),
        ([GCM_SUITE, "TLS_AES_128_GCM_SHA256"], True, GCM, ssl.TLSVersion.TLSv1_2, GCM),
        (["TLS_AES_128_GCM_SHA256"], True, GCM, ssl.TLSVersion.TLSv1_2, None),
        ([GCM_SUITE], True, GCM, ssl.TLSVersion.TLSv1_3, "TLS_AES_256_GCM_SHA384"),
        ([], True, GCM, ssl.TLSVersion.TLSv1_2, GCM),
    ],
)
def test_suites(  # noqa: PLR0913, PLR0917 - a table's columns
    authority: Authority,
    suites: list[CipherSuite],
    prefers: bool,  # noqa: FBT001 - the same
    offered: str,
    version: ssl.TLSVersion,
    suite: str | None,
) -> None:
    """Only what is configured is agreed on up to TLS 1.2, in the server's order if it is to be."""
    files = authority.issue("server")
    config = TlsServerConfig(
        cert_file=str(files.cert),
        key_file=str(files.key),
        cipher_suites=tuple(suites),
        prefer_server_cipher_suites=prefers,
    )
    context = server_context(config)
    with serving(App(), tls=lambda: context) as port:
        found = agreed(port, authority, offered, version)

    assert found == suite


def test_suites_that_openssl_lacks(config: TlsServerConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build without any of them is told apart from a wrong name."""
    monkeypatch.setitem(CIPHERS, GCM_SUITE, "ABSENT")
    with pytest.raises(ConfigError, match="this machine's OpenSSL supports none of them"):
        server_context(replace(config, cipher_suites=(GCM_SUITE,)))
