"""Compares the names of client certificates with `client_allowed_sans`, during the TLS handshake."""

import ipaddress
import ssl
from collections.abc import Iterable, Iterator
from typing import Any, Final, Self, cast

SAN_KINDS: Final = {"DNS", "IP Address", "email", "URI"}
UNVERIFIED: Final = {"PEER_DID_NOT_RETURN_A_CERTIFICATE", "CERTIFICATE_VERIFY_FAILED"}
"""OpenSSL's reasons for a handshake that fails because of the client's certificate."""


class ServerContext(ssl.SSLContext):
    """A server's context that can require a name of client certificates."""

    allowed_sans: frozenset[str]
    """Subject alternative names. A client certificate must have one of them; if empty, it may have any."""

    def __new__(cls) -> Self:
        """Accept any verified client certificate."""
        self = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)
        self.sslobject_class = VerifiedConnection
        self.allowed_sans = frozenset()
        return self

    def allow(self, names: Iterable[str]) -> None:
        """Accept client certificates with one of these names only; with any name if there are none."""
        self.allowed_sans = frozenset(map(_normalize, names))


class VerifiedConnection(ssl.SSLObject):
    """A connection whose handshake fails if the client's certificate has none of the allowed names.

    Python's ssl has no hook within the handshake: a TLS 1.3 client may consider it complete, and then finds
    the connection closed before any response.
    """

    def do_handshake(self) -> None:
        """Shake hands; raise `ssl.SSLError`."""
        super().do_handshake()
        allowed = cast("ServerContext", self.context).allowed_sans
        if allowed and allowed.isdisjoint(_alternative_names(self.getpeercert())):
            error = ssl.SSLCertVerificationError("the client certificate has none of client_allowed_sans")
            error.reason = "CERTIFICATE_VERIFY_FAILED"
            raise error


def _alternative_names(certificate: dict[str, Any] | None) -> Iterator[str]:
    for kind, name in (certificate or {}).get("subjectAltName", ()):
        if kind in SAN_KINDS:
            yield _normalize(name)


def _normalize(name: str) -> str:
    """Write an IP address in its shortest form, as Go does; return any other name as it is."""
    try:
        return str(ipaddress.ip_address(name.strip()))
    except ValueError:
        return name
