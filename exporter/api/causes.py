"""What went wrong in an exchange, without the layers of exceptions around it, and a hint."""

import ssl
from typing import Final

NOT_TLS: Final = frozenset({"HTTP_REQUEST", "RECORD_LAYER_FAILURE", "WRONG_VERSION_NUMBER"})
"""OpenSSL's reasons for bytes that are not TLS."""


def describe_cause(error: BaseException, url: str) -> str:
    """Return the message of the innermost exception.

    :param url: what was requested: its scheme decides on the hint.
    """
    while inner := error.__cause__ or error.__context__:
        error = inner
    is_plain = url.startswith("http:")
    match error:
        case ssl.SSLCertVerificationError():
            hint = "; does `tls_config.ca_file` hold the CA that signed it?" if _is_untrusted(error) else ""
            return f"certificate verify failed: {error.verify_message}{hint}"
        case ssl.SSLError(reason=reason) if reason in NOT_TLS:
            return f"the server does not speak TLS; did you mean http://? ({reason})"
        case ssl.SSLEOFError():
            return "the server closed the connection during the TLS handshake; did you mean http://?"
        case ConnectionResetError() | ConnectionAbortedError() if is_plain:
            return f"{error.strerror or error}; did you mean https://?"
    return str(getattr(error, "strerror", None) or str(error) or type(error).__name__)


def _is_untrusted(error: ssl.SSLCertVerificationError) -> bool:
    """Return whether OpenSSL does not know the issuer: X509_V_ERR_… 2, 18, 19, 20 and 21."""
    return error.verify_code in {2, 18, 19, 20, 21}
