"""TLS: from files to a context, or to one line on what is wrong with them; replaced at run time."""

import ssl
from pathlib import Path
from typing import Any, Final, NoReturn, Self

from exporter.errors import ConfigError
from exporter.watched_files import WatchedFiles
from exporter.web_config import TlsServerConfig

VERSIONS: Final = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
VERIFY: Final = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}


class CurrentContext(ssl.SSLContext):
    """The context that the server is given: each handshake begins with whatever `current` is by then.

    Unlike a chain loaded into a live context, this replaces client CAs and versions too, and ends the
    resumption of sessions that were opened under the old ones.
    """

    current: ssl.SSLContext

    def __new__(cls, current: ssl.SSLContext) -> Self:
        """Stand in for `current`."""
        self = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)
        self.current = current
        return self

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:  # noqa: ANN401 - ssl's signature
        """Begin a handshake."""
        return self.current.wrap_bio(*args, **kwargs)


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


def server_context(config: TlsServerConfig) -> ssl.SSLContext:
    """Read the certificate, the key and the CAs; raise `ConfigError`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = VERSIONS[config.min_version]
    context.maximum_version = VERSIONS[config.max_version]
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    _check_readable(config)
    _load_chain(context, config)
    if config.client_ca_file:
        _load_client_ca(context, config.client_ca_file)
    context.verify_mode = VERIFY[config.client_auth_type]
    return context


def _check_readable(config: TlsServerConfig) -> None:
    for key in ("cert_file", "key_file", "client_ca_file"):
        path = getattr(config, key)
        try:
            _ = path and Path(path).read_bytes()
        except OSError as error:
            raise ConfigError(f"tls_server_config.{key}: cannot read {path}: {error.strerror}") from None
        except ValueError:
            raise ConfigError(f"tls_server_config.{key}: no file can have the name {path!a}") from None


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


def _load_client_ca(context: ssl.SSLContext, path: str) -> None:
    try:
        context.load_verify_locations(path)
    except ssl.SSLError as error:
        raise ConfigError(
            f"tls_server_config.client_ca_file: {path} holds no certificate in PEM"
            f" ({error.reason or 'no reason given'})"
        ) from None
    except OSError as error:
        raise ConfigError(f"tls_server_config.client_ca_file: cannot read {path}: {error.strerror}") from None
