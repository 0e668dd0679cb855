"""Tests for TLS contexts. Client certificates are in `test_client_certificates`."""

import os
import socket
import ssl
from pathlib import Path
from typing import get_args

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from msgspec.structs import replace

from exporter.errors import ConfigError
from exporter.server.schema import TLS13_SUITES, CipherSuite, TlsServerConfig
from exporter.server.tls import CIPHERS, Certificate, server_context
from tests.support.certificates import Authority
from tests.support.serving import App, serving


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return a certificate authority."""
    return Authority(tmp_path)


@pytest.fixture
def config(authority: Authority) -> TlsServerConfig:
    """Return a valid configuration."""
    files = authority.issue("server")
    return TlsServerConfig(
        cert_file=files.cert,
        key_file=files.key,
        client_ca_file=authority.file,
        client_auth_type="VerifyClientCertIfGiven",
    )


@pytest.mark.parametrize(
    ("policy", "mode"),
    [("VerifyClientCertIfGiven", ssl.CERT_OPTIONAL), ("RequireAndVerifyClientCert", ssl.CERT_REQUIRED)],
)
def test_a_context(config: TlsServerConfig, policy: str, mode: ssl.VerifyMode) -> None:
    """Versions and client policy are as configured, and renegotiation is off."""
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
    """The error says so."""
    other = authority.issue("other")
    with pytest.raises(ConfigError) as raised:
        server_context(replace(config, key_file=other.key))

    assert str(raised.value) == (
        f"tls_server_config.key_file: {other.key} is not the key of {config.cert_file}"
    )


@pytest.mark.parametrize("key", ["cert_file", "key_file", "client_ca_file"])
def test_missing_files(config: TlsServerConfig, key: str) -> None:
    """The error has the key and the path."""
    with pytest.raises(ConfigError) as raised:
        server_context(replace(config, **{key: Path("/nowhere.pem")}))

    assert str(raised.value) == (
        f"tls_server_config.{key}: cannot read /nowhere.pem: No such file or directory"
    )


@pytest.mark.parametrize("key", ["cert_file", "key_file", "client_ca_file"])
@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_impossible_file_names(config: TlsServerConfig, key: str, name: str) -> None:
    """They are errors like missing files."""
    with pytest.raises(ConfigError) as raised:
        server_context(replace(config, **{key: Path(name)}))

    assert str(raised.value) == f"tls_server_config.{key}: no file can have the name {name!a}"


@pytest.mark.parametrize("key", ["cert_file", "key_file", "client_ca_file"])
def test_a_fifo_is_not_read(config: TlsServerConfig, tmp_path: Path, key: str) -> None:
    """To open it would wait for a writer forever."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    with pytest.raises(ConfigError) as raised:
        server_context(replace(config, **{key: path}))

    assert str(raised.value) == f"tls_server_config.{key}: {path}: not a regular file"


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
def test_files_that_are_not_pem(
    config: TlsServerConfig, tmp_path: Path, key: str, line: str, content: str
) -> None:
    """The error is one line without the file's content."""
    path = tmp_path / "odd.pem"
    path.write_text(content)
    with pytest.raises(ConfigError, match=line) as raised:
        server_context(replace(config, **{key: path}))

    assert "\n" not in str(raised.value)
    assert "nonsense" not in str(raised.value)


def test_an_encrypted_key(config: TlsServerConfig) -> None:
    """OpenSSL does not prompt for its password."""
    path = config.key_file
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password"))
    )
    with pytest.raises(
        ConfigError, match=r"key_file: the key is encrypted, allowed: a key without a password"
    ):
        server_context(config)


def test_reconfigure(config: TlsServerConfig) -> None:
    """It replaces the context and its client policy; a failed one changes nothing."""
    certificate = Certificate(config)
    before = certificate.context
    certificate.reconfigure(replace(config, client_auth_type="RequireAndVerifyClientCert"))
    after = certificate.context
    with pytest.raises(ConfigError):
        certificate.reconfigure(replace(config, cert_file="/nowhere.pem"))

    assert before.verify_mode is ssl.CERT_OPTIONAL
    assert after.verify_mode is ssl.CERT_REQUIRED
    assert certificate.context is after
    assert repr(certificate) == f"Certificate({config.cert_file!r})"


def test_every_suite_has_its_name() -> None:
    """OpenSSL knows all suites up to TLS 1.2, and always has those of TLS 1.3."""
    names = set(get_args(CipherSuite))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(":".join(CIPHERS.values()))
    known = {cipher["name"] for cipher in context.get_ciphers()}

    assert CIPHERS.keys() | TLS13_SUITES == names
    assert not CIPHERS.keys() & TLS13_SUITES
    assert known == set(CIPHERS.values()) | TLS13_SUITES


def agreed(port: int, authority: Authority, offered: str, version: ssl.TLSVersion) -> str | None:
    """Shake hands; return the cipher suite, None if there is none."""
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
    """Up to TLS 1.2 only configured suites are negotiated, in the configured order of preference."""
    files = authority.issue("server")
    config = TlsServerConfig(
        cert_file=files.cert,
        key_file=files.key,
        cipher_suites=tuple(suites),
        prefer_server_cipher_suites=prefers,
    )
    context = server_context(config)
    with serving(App(), tls=lambda: context) as port:
        found = agreed(port, authority, offered, version)

    assert found == suite


def test_suites_that_openssl_lacks(config: TlsServerConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says that OpenSSL lacks them."""
    monkeypatch.setitem(CIPHERS, GCM_SUITE, "ABSENT")
    with pytest.raises(ConfigError, match="this machine's OpenSSL supports none of them"):
        server_context(replace(config, cipher_suites=(GCM_SUITE,)))
