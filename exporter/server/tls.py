"""Builds the TLS context from the configured files, and builds it again when they change."""

import ssl
from pathlib import Path
from typing import Final, NoReturn

from exporter.errors import ConfigError
from exporter.server.client_certificates import ServerContext
from exporter.server.schema import TlsServerConfig
from exporter.server.watched_files import WatchedFiles

VERSIONS: Final = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
VERIFY: Final = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
CIPHERS: Final = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
}
"""OpenSSL's names of the suites up to TLS 1.2, by Go's names. Source: `openssl ciphers -stdname`."""


class Certificate:
    """The TLS context of the certificate, key and client CA in force.

    A reload builds a new context instead of loading files into the one in use: so it also replaces client
    CAs and versions, fails as a whole, and ends the resumption of older sessions.
    """

    def __init__(self, config: TlsServerConfig) -> None:
        """Read the files; raise `ConfigError`."""
        self._config = config
        self.files = _named_files(config)
        with self.files.reading():
            self.context = server_context(config)

    def __repr__(self) -> str:
        return f"Certificate({self._config.cert_file!r})"

    def reload(self) -> None:
        """Re-read the files; on `ConfigError` the old context stays in force."""
        with self.files.reading():
            self.context = server_context(self._config)

    def reconfigure(self, config: TlsServerConfig) -> None:
        """Apply other settings; on `ConfigError` the old context stays in force."""
        if config == self._config:
            return
        files = _named_files(config)
        with files.reading():
            self.context = server_context(config)
        self._config, self.files = config, files


def _named_files(config: TlsServerConfig) -> WatchedFiles:
    return WatchedFiles([file for file in (config.cert_file, config.key_file, config.client_ca_file) if file])


def server_context(config: TlsServerConfig) -> ServerContext:
    """Read the certificate, the key and the CAs; raise `ConfigError`."""
    context = ServerContext()
    context.allow(config.client_allowed_sans or ())
    context.minimum_version = VERSIONS[config.min_version]
    context.maximum_version = VERSIONS[config.max_version]
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    _choose_ciphers(context, config)
    _check_readable(config)
    _load_chain(context, config)
    if config.client_ca_file:
        _load_client_ca(context, config.client_ca_file)
    context.verify_mode = VERIFY[config.client_auth_type]
    return context


def _choose_ciphers(context: ssl.SSLContext, config: TlsServerConfig) -> None:
    """Allow the configured suites. TLS 1.3 always offers its own; a list of those alone excludes TLS 1.2."""
    if not config.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    if not config.cipher_suites:
        return
    older = [CIPHERS[suite] for suite in config.cipher_suites if suite in CIPHERS]
    if not older:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        return
    try:
        context.set_ciphers(":".join(older))
    except ssl.SSLError:
        raise ConfigError(
            "tls_server_config.cipher_suites: this machine's OpenSSL supports none of them"
        ) from None


def _check_readable(config: TlsServerConfig) -> None:
    for key in ("cert_file", "key_file", "client_ca_file"):
        path = getattr(config, key)
        if path and WatchedFiles([path]).not_regular:
            raise ConfigError(f"tls_server_config.{key}: {path}: not a regular file")
        try:
            _ = path and Path(path).read_bytes()
        except OSError as error:
            raise ConfigError(f"tls_server_config.{key}: cannot read {path}: {error.strerror}") from None
        except ValueError:
            raise ConfigError(f"tls_server_config.{key}: no file can have the name {str(path)!a}") from None


def _load_chain(context: ssl.SSLContext, config: TlsServerConfig) -> None:
    try:
        context.load_cert_chain(config.cert_file, config.key_file, _no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ConfigError(
                f"tls_server_config.key_file: {config.key_file} is not the key of {config.cert_file}"
            ) from None
        raise ConfigError(
            f"tls_server_config: {config.cert_file} and {config.key_file} are not a certificate and key in"
            f" PEM, or too weak ({error.reason or 'no reason given'})"
        ) from None
    except OSError as error:  # deleted since `_check_readable`: a renewal may delete and rewrite it
        raise ConfigError(
            f"tls_server_config: cannot read {config.cert_file} or {config.key_file}: {error.strerror}"
        ) from None


def _no_password() -> NoReturn:
    """Refuse an encrypted key: OpenSSL would prompt for its password."""
    raise ConfigError("tls_server_config.key_file: the key is encrypted, allowed: a key without a password")


def _load_client_ca(context: ssl.SSLContext, path: Path) -> None:
    try:
        context.load_verify_locations(path)
    except ssl.SSLError as error:
        raise ConfigError(
            f"tls_server_config.client_ca_file: {path} has no certificate in PEM"
            f" ({error.reason or 'no reason given'})"
        ) from None
    except OSError as error:
        raise ConfigError(f"tls_server_config.client_ca_file: cannot read {path}: {error.strerror}") from None
