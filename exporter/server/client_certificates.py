"""The names in client certificates: what `client_allowed_sans` compares, before any request is read."""

import ipaddress
import ssl
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Self, cast

SAN_KINDS: Final = {"DNS", "IP Address", "email", "URI"}
UNVERIFIED: Final = {"PEER_DID_NOT_RETURN_A_CERTIFICATE", "CERTIFICATE_VERIFY_FAILED"}
"""OpenSSL's reasons for a handshake that fails for want of an accepted client certificate."""
Refused = Callable[[str], None]
"""Counts a refused connection, by its reason."""


def ignore(_reason: str) -> None:
    """Count nothing."""


class ServerContext(ssl.SSLContext):
    """A server's context that compares the names of client certificates too."""

    allowed_sans: frozenset[str]
    """Subject alternative names, of which a client certificate must have one; empty: it needs none."""

    def __new__(cls) -> Self:
        """Accept any client certificate that is verified."""
        self = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)
        self.sslobject_class = VerifiedConnection
        self.allowed_sans = frozenset()
        return self

    def allow(self, names: Iterable[str]) -> None:
        """Accept client certificates with one of these names only; with any, if there are none."""
        self.allowed_sans = frozenset(map(_normal, names))


class VerifiedConnection(ssl.SSLObject):
    """One connection, whose handshake fails if the client's certificate has none of the allowed names.

    Python's ssl cannot be asked during the handshake: in TLS 1.3 the client may take it for complete, and
    finds the connection closed before any answer.
    """

    refused: Refused = staticmethod(ignore)

    def do_handshake(self) -> None:
        """Shake hands; raise `ssl.SSLError`."""
        try:
            super().do_handshake()
            self._check_names()
        except ssl.SSLError as error:
            if error.reason in UNVERIFIED:
                self.refused("client_certificate")
            raise

    def _check_names(self) -> None:
        allowed = cast("ServerContext", self.context).allowed_sans
        if allowed and allowed.isdisjoint(_alternative_names(self.getpeercert())):
            error = ssl.SSLCertVerificationError("the client certificate has none of client_allowed_sans")
            error.reason = "CERTIFICATE_VERIFY_FAILED"
            raise error


def _alternative_names(certificate: dict[str, Any] | None) -> Iterator[str]:
    for kind, name in (certificate or {}).get("subjectAltName", ()):
        if kind in SAN_KINDS:
            yield _normal(name)


def _normal(name: str) -> str:
    """Write an IP address in its shortest form, as Go does; leave any other name alone."""
    try:
        return str(ipaddress.ip_address(name.strip()))
    except ValueError:
        return name
