"""Tests for the format of the web configuration."""

import re
from pathlib import Path
from typing import Final

import msgspec
import pytest

from exporter.errors import ConfigError
from exporter.server.schema import (
    BasicAuthUsers,
    HeadersConfig,
    HttpServerConfig,
    TlsServerConfig,
    WebConfig,
    load_web_config,
)
from tests.support.web_config import HASH

TLS: Final = "cert_file: a.crt, key_file: a.key"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the file's path."""
    return tmp_path / "web.yml"


def test_an_empty_file(path: Path) -> None:
    """It means plain HTTP without users."""
    path.write_text("# nothing\n")

    assert load_web_config(path) == WebConfig()


def test_every_key(path: Path) -> None:
    """Relative paths are relative to the file's folder, and an empty header is not sent."""
    path.write_text(
        f"""
tls_server_config:
  cert_file: certs/a.crt
  key_file: /etc/a.key
  client_ca_file: ca.pem
  client_auth_type: RequireAndVerifyClientCert
  client_allowed_sans: [scraper.example.com, "192.0.2.7"]
  min_version: TLS13
  max_version: TLS13
  cipher_suites: [TLS_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: false
http_server_config:
  http2: true
  headers:
    Strict-Transport-Security: max-age=31536000
    X-Content-Type-Options: nosniff
    X-Frame-Options: deny
    X-XSS-Protection: ''
    Content-Security-Policy: "default-src 'self'"
basic_auth_users:
  alice: {HASH}
  josé: {HASH.replace("$2b", "$2y")}
"""
    )
    config = load_web_config(path)
    tls = config.tls_server_config

    assert tls is not None
    assert (tls.cert_file, tls.key_file, tls.client_ca_file) == (
        path.parent / "certs/a.crt",
        Path("/etc/a.key"),
        path.parent / "ca.pem",
    )
    assert (tls.client_auth_type, tls.min_version, tls.max_version) == (
        "RequireAndVerifyClientCert",
        "TLS13",
        "TLS13",
    )
    assert tls.client_allowed_sans == ("scraper.example.com", "192.0.2.7")
    assert tls.cipher_suites == ("TLS_AES_128_GCM_SHA256",)
    assert not tls.prefer_server_cipher_suites
    assert config.http_server_config.http2
    assert config.http_server_config.headers.pairs == (
        (b"strict-transport-security", b"max-age=31536000"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"deny"),
        (b"content-security-policy", b"default-src 'self'"),
    )
    assert set(config.basic_auth_users.hashes) == {b"alice", "josé".encode()}


def test_the_defaults_are_the_toolkit_s(path: Path) -> None:
    """TLS 1.2 and newer, and no client certificate is required."""
    path.write_text(f"tls_server_config: {{{TLS}}}")
    tls = load_web_config(path).tls_server_config

    assert tls is not None
    assert (tls.min_version, tls.max_version, tls.client_auth_type) == ("TLS12", "TLS13", "NoClientCert")


NOT_HERE = "the exporter-toolkit has this key, but this exporter does not"
UNVERIFIED = (
    "accepts certificates without verifying them, which Python's ssl cannot do, allowed:"
    " NoClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert"
)
NO_HASH = (
    "basic_auth_users: found no bcrypt hash of a cost from 4 to 20 for 'a',"
    " allowed: what `htpasswd -nBC 10 NAME` prints after the colon"
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1", "unknown key 'a', allowed: the keys tls_server_config, "),
        ("[]", "found a list"),
        ("basic_auth_users: {}\nbasic_auth_users: {}", "line 2, column 1: duplicate key 'basic_auth_users'"),
        ("rate_limit: {interval: 1s}", f"rate_limit: {NOT_HERE}"),
        *(
            (f"tls_server_config: {{{TLS}, {key}: x}}", f"tls_server_config.{key}: {NOT_HERE}")
            for key in (
                "cert",
                "key",
                "client_ca",
                "curve_preferences",
            )
        ),
        *(
            (
                f"tls_server_config: {{{TLS}, client_auth_type: {policy}}}",
                f"tls_server_config.client_auth_type: {policy} {UNVERIFIED}",
            )
            for policy in ("RequestClientCert", "RequireAnyClientCert", "RequireClientCert")
        ),
        *(
            (
                f"tls_server_config: {{{TLS}, {key}: {version}}}",
                f"tls_server_config.{key}: {version} is too old for Python's ssl, allowed: TLS12, TLS13",
            )
            for key in ("min_version", "max_version")
            for version in ("TLS10", "TLS11")
        ),
        (f"tls_server_config: {{{TLS}, min_version: SSL3}}", "tls_server_config.min_version: found 'SSL3', "),
        (
            f"tls_server_config: {{{TLS}, min_version: TLS13, max_version: TLS12}}",
            "tls_server_config.min_version: TLS13 is above max_version TLS12",
        ),
        (
            f"tls_server_config: {{{TLS}, client_auth_type: Yes}}",
            "tls_server_config.client_auth_type: found 'Yes'",
        ),
        ("tls_server_config: {}", "tls_server_config: the key cert_file is missing"),
        ("tls_server_config: {cert_file: a}", "tls_server_config: the key key_file is missing"),
        ("tls_server_config: 1", "tls_server_config: found a value of another type"),
        (
            f"tls_server_config: {{{TLS}, client_auth_type: VerifyClientCertIfGiven}}",
            "tls_server_config.client_auth_type: VerifyClientCertIfGiven needs a client_ca_file as well",
        ),
        (
            f"tls_server_config: {{{TLS}, client_ca_file: a}}",
            "tls_server_config.client_ca_file: is not used without a client_auth_type of",
        ),
        (
            "http_server_config: {headers: {Server: x}}",
            "http_server_config.headers: unknown key 'Server', allowed: the keys Strict-Transport-Security, ",
        ),
        (
            "http_server_config: {headers: {X-Frame-Options: allow}}",
            "http_server_config.headers.X-Frame-Options: found 'allow', allowed: deny, sameorigin",
        ),
        (
            'http_server_config: {headers: {X-XSS-Protection: "a\\r\\nb"}}',
            "http_server_config.headers.X-XSS-Protection: found 'a\\r\\nb', allowed: one line of printable",
        ),
        (
            f"tls_server_config: {{{TLS}, cipher_suites: [TLS_AES_128_GCM_SHA256, RC4]}}",
            "tls_server_config.cipher_suites[1]: found 'RC4', allowed: TLS_AES_128_GCM_SHA256, TLS_AES_256",
        ),
        (
            f"tls_server_config: {{{TLS}, max_version: TLS12, cipher_suites: [TLS_AES_128_GCM_SHA256]}}",
            "tls_server_config.cipher_suites: has only suites of TLS 1.3, but max_version is TLS12",
        ),
        *(
            (
                f"tls_server_config: {{{TLS}, {more} client_allowed_sans: [a]}}",
                "tls_server_config.client_allowed_sans: needs a client_auth_type of RequireAndVerify",
            )
            for more in ("", "client_ca_file: a, client_auth_type: VerifyClientCertIfGiven,")
        ),
        (
            f"tls_server_config: {{{TLS}, client_allowed_sans: []}}",
            "tls_server_config.client_allowed_sans: is empty, so that no client could connect",
        ),
        (
            f"tls_server_config: {{{TLS}, client_allowed_sans: ['']}}",
            "tls_server_config.client_allowed_sans[0]: found '', allowed: text, not empty",
        ),
        ("http_server_config: {http2: maybe}", "http_server_config.http2: found 'maybe', allowed: true or"),
        ("basic_auth_users: {a: hunter2}", NO_HASH),
        ("basic_auth_users: {a: [hunter2]}", NO_HASH),
        (f"basic_auth_users: {{a: '{HASH}x'}}", NO_HASH),
        (f"basic_auth_users: {{a: '{HASH.replace('$04$', '$21$')}'}}", NO_HASH),
        (f"basic_auth_users: {{a: '{HASH.replace('DFGXSCD.oBGt.PCFrDKbPe', 'a' * 22)}'}}", NO_HASH),
        (
            f"basic_auth_users: {{'a:b': '{HASH}'}}",
            "basic_auth_users: no client can send the name 'a:b', allowed: text without a colon",
        ),
        (
            'basic_auth_users: {"a\\nb": x}',
            "basic_auth_users: found no bcrypt hash of a cost from 4 to 20 for 'a\\nb'",
        ),
        ('tls_server_config: {cert_file: "", key_file: a}', "tls_server_config.cert_file: found "),
        (
            'tls_server_config: {cert_file: "a\\0b", key_file: a}',
            "line 1, column 32: a NUL character",
        ),
        (f"basic_auth_users: {{'': '{HASH}'}}", "basic_auth_users: no client can send the name ''"),
        (
            "basic_auth_users: hunter2",
            "basic_auth_users: found a value of another type, allowed: names, each",
        ),
    ],
)
def test_invalid_content(path: Path, text: str, line: str) -> None:
    """One line names the file and the key, and has no password or hash."""
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load_web_config(path)
    said = str(raised.value)

    assert said.startswith(f"{path}: {line}")
    assert "\n" not in said
    assert "hunter2" not in said
    assert HASH[10:] not in said


def test_files_that_cannot_be_read(path: Path) -> None:
    """A missing file and one that is not UTF-8 are errors."""
    with pytest.raises(
        ConfigError, match=r"^--web\.config\.file: cannot read .*web\.yml: No such file or dir"
    ):
        load_web_config(path)
    path.write_bytes(b"a: \xff")
    with pytest.raises(ConfigError, match="found bytes that are not UTF-8 at offset 3, allowed: YAML"):
        load_web_config(path)


def test_the_repr_of_users() -> None:
    """It has neither names nor hashes; equal users are equal."""
    users = BasicAuthUsers({"alice": HASH})

    assert repr(users) == "BasicAuthUsers(1)"
    assert len({users, BasicAuthUsers({"alice": HASH}), BasicAuthUsers()}) == 2
    assert users != HASH


def test_the_documentation_s_examples(path: Path) -> None:
    """Each is valid, and the page names every key."""
    page = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
    shown = [block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "tls_server" in block]
    configs = []
    for block in shown:
        path.write_text(block)
        configs.append(load_web_config(path))
    kinds = (WebConfig, TlsServerConfig, HttpServerConfig, HeadersConfig)
    keys = [field.encode_name for kind in kinds for field in msgspec.structs.fields(kind)]

    assert len(configs) >= 2
    assert all(config.tls_server_config and config.basic_auth_users.hashes for config in configs)
    assert not [key for key in keys if key not in page]
