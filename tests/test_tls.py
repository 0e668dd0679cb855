"""Contexts for TLS, and the one line where there can be none. Handshakes are in `test_serving`."""

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from msgspec.structs import replace

from exporter.errors import ConfigError
from exporter.tls import CurrentContext, server_context
from exporter.web_config import TlsServerConfig
from tests.certificates import Authority


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


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("cert_file", "are no certificate and key in PEM, or too weak"),
        ("key_file", "are no certificate and key in PEM, or too weak"),
        ("client_ca_file", "holds no certificate in PEM"),
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
    with pytest.raises(ConfigError, match=r"key_file: is encrypted, allowed: a key without a password"):
        server_context(config)


def test_the_current_context_is_used(config: TlsServerConfig) -> None:
    """A handshake begins with what is current, its policy included."""
    context = CurrentContext(server_context(config))
    before = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_side=True)
    context.current = server_context(replace(config, client_auth_type="RequireAndVerifyClientCert"))
    after = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_side=True)

    assert before.context.verify_mode is ssl.CERT_OPTIONAL
    assert after.context.verify_mode is ssl.CERT_REQUIRED
