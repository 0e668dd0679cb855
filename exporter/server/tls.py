"""TLS: from files to a context, or to one line on what is wrong with them; replaced at run time."""

import ssl
from pathlib import Path
from typing import Any, Final, NoReturn, Self, cast

from exporter.errors import ConfigError
from exporter.server.client_certificates import Refused, ServerContext, VerifiedConnection, ignore
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
"""The suites up to TLS 1.2, by Go's name, as OpenSSL calls them: `openssl ciphers -stdname`."""


class CurrentContext(ssl.SSLContext):
    """The context that the server is given: each handshake begins with whatever `current` is by then.

    Unlike a chain loaded into a live context, this replaces client CAs and versions too, and ends the
    resumption of sessions that were opened under the old ones.
    """

    current: ServerContext
    refused: Refused

    def __new__(cls, current: ServerContext, refused: Refused = ignore) -> Self:
        """Stand in for `current`; `refused` counts clients without an accepted certificate."""
        self = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)
        self.current = current
        self.refused = refused
        return self

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:  # noqa: ANN401 - ssl's signature
        """Begin a handshake."""
        connection = cast("VerifiedConnection", self.current.wrap_bio(*args, **kwargs))
        connection.refused = self.refused
        return connection


class Certificate:
    """The certificate, key and client CAs that handshakes use: re-read when told to, kept if that fails."""

    def __init__(self, config: TlsServerConfig) -> None:
        """Read the files; raise `ConfigError`."""
        self._config = config
        self.files = _named_files(config)
        with self.files.reading():
            self.context = CurrentContext(server_context(config))

    def reload(self) -> None:
        """Re-read the files; raise `ConfigError` and keep the old ones."""
        with self.files.reading():
            self.context.current = server_context(self._config)

    def reconfigure(self, config: TlsServerConfig) -> None:
        """Use other settings; raise `ConfigError` and keep the old ones. The same settings change nothing."""
        if config == self._config:
            return
        files = _named_files(config)
        with files.reading():
            self.context.current = server_context(config)
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
    """Allow the configured suites: those of TLS 1.3 cannot be chosen, but alone they rule TLS 1.2 out."""
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
        raise ConfigError("tls_server_config.cipher_suites: this machine's OpenSSL offers none") from None


def _check_readable(config: TlsServerConfig) -> None:
    for key in ("cert_file", "key_file", "client_ca_file"):
        path = getattr(config, key)
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
            f"tls_server_config: {config.cert_file} and {config.key_file} are no certificate and key in PEM,"
            f" or too weak ({error.reason or 'no reason given'})"
        ) from None
    except OSError as error:  # the file was there a moment ago: a renewal deletes it and writes it again
        raise ConfigError(
            f"tls_server_config: cannot read {config.cert_file} or {config.key_file}: {error.strerror}"
        ) from None


def _no_password() -> NoReturn:
    """Keep OpenSSL from asking for a password on the terminal."""
    raise ConfigError("tls_server_config.key_file: is encrypted, allowed: a key without a password")


def _load_client_ca(context: ssl.SSLContext, path: Path) -> None:
    try:
        context.load_verify_locations(path)
    except ssl.SSLError as error:
        raise ConfigError(
            f"tls_server_config.client_ca_file: {path} holds no certificate in PEM"
            f" ({error.reason or 'no reason given'})"
        ) from None
    except OSError as error:
        raise ConfigError(f"tls_server_config.client_ca_file: cannot read {path}: {error.strerror}") from None
