"""The format of `--web.config.file`, the Prometheus exporter-toolkit's, as frozen types.

https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
"""

import re
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, Literal, Self

import bcrypt
import msgspec
from msgspec import Meta, Struct, field

from exporter.errors import ConfigError
from exporter.validation import FilePath, NotAllowedError, Text, quote_name
from exporter.yaml_file import load_yaml_file

COSTS: Final = range(4, 21)
SLOW_COST: Final = 14  # a bcrypt of this cost takes about a second; each step doubles it
_HASH: Final = re.compile(r"\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}")
_NOT_OFFERED: Final = {
    "": ("rate_limit",),
    "tls_server_config": ("cert", "key", "client_ca", "curve_preferences"),
}
"""Keys of the exporter-toolkit's format that are not supported, by block."""
_UNVERIFIED: Final = ("RequestClientCert", "RequireAnyClientCert", "RequireClientCert")
_OLD: Final = ("TLS10", "TLS11")

Line = Annotated[
    str, Meta(pattern=r"^[ -~]*\Z", extra_json_schema={"description": "one line of printable ASCII"})
]
CipherSuite = Literal[
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
]
"""The secure suites of Go: https://pkg.go.dev/crypto/tls#CipherSuites"""
TLS13_SUITES: Final = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
"""Suites that TLS 1.3 always offers. Neither Python's ssl nor Go can choose among them."""
Version = Literal["TLS12", "TLS13"]
ClientAuth = Literal["NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"]


class BasicAuthUsers:
    """User names and the bcrypt hashes of their passwords. Its `repr` shows neither."""

    ALLOWED: ClassVar = "names, each with a bcrypt hash"
    SECRET: ClassVar = True
    __slots__ = ("hashes",)

    def __init__(self, found: object = MappingProxyType({})) -> None:
        """Check each name and hash; raise `ConfigError`, whose message holds no hash."""
        if not isinstance(found, dict | MappingProxyType):
            raise NotAllowedError
        for name, hashed in found.items():
            if not name or ":" in name:
                raise ConfigError(
                    f"no client can send the name {quote_name(name)}", allowed="text without a colon"
                )
            if not (isinstance(hashed, str) and _is_hash(hashed)):
                raise ConfigError(
                    found=f"no bcrypt hash of a cost from {COSTS[0]} to {COSTS[-1]} for {quote_name(name)}",
                    allowed="what `htpasswd -nBC 10 NAME` prints after the colon",
                )
        self.hashes = {name.encode(): hashed.encode() for name, hashed in found.items()}

    @classmethod
    def parse(cls, found: object) -> Self:
        """Read a value of the configuration; raise `NotAllowedError` or `ConfigError`."""
        return cls(found)

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for each user whose hash makes logins slow."""
        costs = {name.decode(): int(hashed[4:6]) for name, hashed in self.hashes.items()}
        return tuple(
            f"basic_auth_users: {name!a} has a bcrypt cost of {cost}: each new login takes"
            f" about {2 ** (cost - SLOW_COST)} s or more; use a cost of 10 to 12"
            for name, cost in costs.items()
            if cost > SLOW_COST
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BasicAuthUsers) and other.hashes == self.hashes

    def __hash__(self) -> int:
        return hash(frozenset(self.hashes.items()))

    def __repr__(self) -> str:
        return f"BasicAuthUsers({len(self.hashes)})"


class TlsServerConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The server's certificate, and the client certificates that it accepts."""

    cert_file: FilePath
    key_file: FilePath
    client_ca_file: FilePath | None = None
    client_auth_type: ClientAuth = "NoClientCert"
    client_allowed_sans: tuple[Text, ...] | None = None
    min_version: Version = "TLS12"
    max_version: Version = "TLS13"
    cipher_suites: tuple[CipherSuite, ...] = ()
    prefer_server_cipher_suites: bool = True

    def __post_init__(self) -> None:
        self._check_clients()
        if self.min_version > self.max_version:
            raise ConfigError(
                f"{self.min_version} is above max_version {self.max_version}", key="min_version"
            )
        if self.max_version == "TLS12" and self.cipher_suites and TLS13_SUITES.issuperset(self.cipher_suites):
            raise ConfigError("has only suites of TLS 1.3, but max_version is TLS12", key="cipher_suites")

    def _check_clients(self) -> None:
        verifies = self.client_auth_type != "NoClientCert"
        if verifies and not self.client_ca_file:
            raise ConfigError(
                f"{self.client_auth_type} needs a client_ca_file as well", key="client_auth_type"
            )
        if self.client_ca_file and not verifies:
            raise ConfigError(
                "is not used without a client_auth_type of VerifyClientCertIfGiven or"
                " RequireAndVerifyClientCert",
                key="client_ca_file",
            )
        if self.client_allowed_sans == ():
            raise ConfigError("is empty, so that no client could connect", key="client_allowed_sans")
        if self.client_allowed_sans and self.client_auth_type != "RequireAndVerifyClientCert":
            raise ConfigError(
                "needs a client_auth_type of RequireAndVerifyClientCert:"
                " a client without a certificate has no name to compare",
                key="client_allowed_sans",
            )


class HeadersConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Headers of every response. An empty one is not sent."""

    strict_transport_security: Line = field(default="", name="Strict-Transport-Security")
    content_type_options: Literal["nosniff"] | None = field(default=None, name="X-Content-Type-Options")
    frame_options: Literal["deny", "sameorigin"] | None = field(default=None, name="X-Frame-Options")
    xss_protection: Line = field(default="", name="X-XSS-Protection")
    content_security_policy: Line = field(default="", name="Content-Security-Policy")

    @property
    def pairs(self) -> tuple[tuple[bytes, bytes], ...]:
        """The headers as ASGI has them: lower-case names, bytes."""
        found = msgspec.to_builtins(self).items()
        return tuple((name.lower().encode(), value.encode()) for name, value in found if value)


class HttpServerConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """HTTP settings. `http2` has no effect: the server offers HTTP/1.1 only."""

    http2: bool = False
    headers: HeadersConfig = HeadersConfig()


class WebConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. The defaults are plain HTTP without users."""

    tls_server_config: TlsServerConfig | None = None
    http_server_config: HttpServerConfig = HttpServerConfig()
    basic_auth_users: BasicAuthUsers = BasicAuthUsers()


def load_web_config(path: Path) -> WebConfig:
    """Read the file; relative paths in it are relative to its folder. Raise `ConfigError`."""
    return load_yaml_file(path, WebConfig, flag="--web.config.file", check=_check_offered)


def _is_hash(text: str) -> bool:
    match = _HASH.fullmatch(text)
    if not match or int(match[1]) not in COSTS:
        return False
    try:
        bcrypt.checkpw(b"", f"{text[:4]}{COSTS[0]:02}{text[6:]}".encode())  # cheap, and it reads the salt
    except ValueError:
        return False
    return True


def _check_offered(document: object) -> None:
    for place, keys in _NOT_OFFERED.items():
        block = _block(document, place) if place else document
        for key in keys:
            if isinstance(block, dict) and key in block:
                name = f"{place}.{key}".lstrip(".")
                raise ConfigError("the exporter-toolkit has this key, but this exporter does not", key=name)
    tls = _block(document, "tls_server_config")
    if isinstance(tls, dict):
        _check_supported(tls)


def _check_supported(tls: dict[str, Any]) -> None:
    if (policy := tls.get("client_auth_type")) in _UNVERIFIED:
        raise ConfigError(
            f"{policy} accepts certificates without verifying them, which Python's ssl cannot do",
            key="tls_server_config.client_auth_type",
            found=policy,
            allowed="NoClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert",
        )
    for key in ("min_version", "max_version"):
        if tls.get(key) in _OLD:
            raise ConfigError(
                f"{tls[key]} is too old for Python's ssl",
                key=f"tls_server_config.{key}",
                found=tls[key],
                allowed="TLS12, TLS13",
            )


def _block(document: object, name: str) -> object:
    return document.get(name) if isinstance(document, dict) else None
