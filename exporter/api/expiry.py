"""When a credential expires, if it says so itself."""

import re
from base64 import urlsafe_b64decode
from typing import Final

import msgspec
from msgspec import Struct

from exporter.config import Secret

EARLIEST: Final = -62_135_596_800.0
"""The start of the year 1 in Unix seconds: no calendar shows an earlier time."""
LATEST: Final = 253_402_300_799.0
"""The end of the year 9999."""
_JWT: Final = re.compile(r"[\w-]+\.([\w-]+)\.[\w-]+", re.ASCII)


class _Claims(Struct):
    """The claims of a JWT that matter here."""

    exp: float | None = None


def expiry_of(credential: Secret) -> float | None:
    """Return when a credential expires, in Unix seconds; `None` unless it is a JWT with a usable `exp`.

    Its signature is not verified: only the API can do that. See RFC 7519, section 4.1.4.
    """
    jwt = _JWT.fullmatch(credential.reveal())
    expiry = _claimed_expiry(jwt[1]) if jwt else None
    return expiry if expiry is not None and EARLIEST <= expiry <= LATEST else None


def _claimed_expiry(payload: str) -> float | None:
    """Return the `exp` of a JWT's payload, whatever number it is. No error may quote the payload."""
    try:
        claims = urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        return msgspec.json.decode(claims, type=_Claims).exp
    except (ValueError, RecursionError):
        return None
