"""What went wrong in an exchange, without the layers of exceptions around it, and a hint."""

import ssl
from typing import Final

NOT_TLS: Final = frozenset({"HTTP_REQUEST", "RECORD_LAYER_FAILURE", "WRONG_VERSION_NUMBER"})
"""OpenSSL's reasons for bytes that are not TLS."""

_BY_REASON: Final = {
    "KEY_VALUES_MISMATCH": "`tls_config.key_file` is not the key of `tls_config.cert_file`",
    "NO_CERTIFICATE_OR_CRL_FOUND": "`tls_config.ca_file` holds no certificate in PEM",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": (
        "the server requires a client certificate: set `tls_config.cert_file`"
    ),
}
"""What is wrong with the settings, by OpenSSL's reason: its own messages name no file."""
_MALFORMED: Final = {
    "SSL": "`tls_config.cert_file` and `key_file` are not a certificate and its key in PEM",
    "X509": "`tls_config.ca_file` holds no certificate in PEM",
}
"""The same for files that OpenSSL cannot parse, by its library: it gives no reason."""


def describe_cause(error: BaseException, url: str) -> str:
    """Return the message of the innermost exception.

    :param url: what was requested: its scheme decides on the hint.
    """
    while inner := _inner(error):
        error = inner
    is_plain = url.startswith("http:")
    match error:
        case ssl.SSLCertVerificationError():
            hint = "; does `tls_config.ca_file` hold the CA that signed it?" if _is_untrusted(error) else ""
            return f"certificate verify failed: {error.verify_message}{hint}"
        case ssl.SSLError(reason=reason) if reason in NOT_TLS:
            return f"the server does not speak TLS; did you mean http://? ({reason})"
        case ssl.SSLError() if problem := _problem_of_settings(error):
            return problem
        case ssl.SSLEOFError():
            return "the server closed the connection during the TLS handshake; did you mean http://?"
        case ConnectionResetError() | ConnectionAbortedError() if is_plain:
            return f"{error.strerror or error}; did you mean https://?"
    return str(getattr(error, "strerror", None) or str(error) or type(error).__name__)


def _inner(error: BaseException) -> BaseException | None:
    """Return the exception that another one is about. urllib3's for TLS has it as its argument only."""
    wrapped = next(iter(error.args), None)
    return error.__cause__ or error.__context__ or (wrapped if isinstance(wrapped, BaseException) else None)


def _is_untrusted(error: ssl.SSLCertVerificationError) -> bool:
    """Return whether OpenSSL does not know the issuer: X509_V_ERR_… 2, 18, 19, 20 and 21."""
    return error.verify_code in {2, 18, 19, 20, 21}


def _problem_of_settings(error: ssl.SSLError) -> str | None:
    """Return what is wrong with `tls_config`; `None` if nothing is known to be."""
    if problem := _BY_REASON.get(error.reason or ""):
        return problem
    return _MALFORMED.get(error.library or "") if "PEM lib" in str(error) else None
