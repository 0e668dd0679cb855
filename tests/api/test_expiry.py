"""Tests of `exporter.api.expiry`: only a JWT with a usable `exp` says when it expires."""

import json
from base64 import urlsafe_b64encode
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.api.expiry import EARLIEST, LATEST, expiry_of
from exporter.config import Secret

EXPIRY: Final = 1_767_225_600.0
HEADER: Final = b'{"alg":"RS256","typ":"JWT"}'
VISIBLE: Final = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1)
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def encoded(part: bytes) -> str:
    """Return a part of a JWT."""
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def token(payload: bytes, header: bytes = HEADER, signature: bytes = b"\xff\x00signature") -> Secret:
    """Return a JWT with this payload."""
    return Secret(".".join(map(encoded, (header, payload, signature))))


@pytest.mark.parametrize(
    ("payload", "expiry"),
    [
        (b'{"exp":1767225600}', EXPIRY),
        (b'{"iss":"bycloud","exp":1767225600,"scope":["backups"]}', EXPIRY),
        (b'{"exp":1767225600.5}', EXPIRY + 0.5),
        (b'{"exp":1.7672256e9}', EXPIRY),
        (b'{"exp":0}', 0),
        (b'{"exp":253402300799}', LATEST),
        (b'{"exp":-62135596800}', EARLIEST),
    ],
)
def test_a_jwt_tells_when_it_expires(payload: bytes, expiry: float) -> None:
    """Its `exp` is any number of seconds, also a fraction, that a calendar can show."""
    assert expiry_of(token(payload)) == expiry


@pytest.mark.parametrize(
    "payload",
    [
        b"{}",
        b'{"exp":null}',
        b'{"exp":true}',
        b'{"exp":"1767225600"}',
        b'{"exp":[1767225600]}',
        b'{"exp":NaN}',
        b'{"exp":Infinity}',
        b'{"exp":1e999}',
        b'{"exp":253402300800}',
        b'{"exp":-62135596801}',
        b'{"exp":' + b"9" * 400 + b"}",
        b'{"nested":{"exp":1767225600}}',
        b'[{"exp":1767225600}]',
        b"1767225600",
        b'{"exp":1767225600',
        b'{"a":' + b"[" * 40_000,
        b"\xff\xfe",
    ],
)
def test_another_payload_tells_nothing(payload: bytes) -> None:
    """It has no `exp`, or one that is not a finite number of a year from 1 to 9999."""
    assert expiry_of(token(payload)) is None


HEAD, CLAIMS = encoded(HEADER), encoded(b'{"exp":1767225600}')


@pytest.mark.parametrize(
    "text",
    [
        "opaque",
        "demo:demo-secret",
        "a.b",
        "a.a.a",
        CLAIMS,
        f"{HEAD}.{CLAIMS}",
        f"{HEAD}.{CLAIMS}.",
        f".{CLAIMS}.c2ln",
        f"{HEAD}.{CLAIMS}.c2ln.more",
        f"id:{HEAD}.{CLAIMS}.c2ln",
        f"{HEAD}.{CLAIMS}=.c2ln",
    ],
)
def test_a_credential_that_is_no_jwt_tells_nothing(text: str) -> None:
    """A JWT has exactly three parts in base64url without padding."""
    assert expiry_of(Secret(text)) is None


@given(VISIBLE | st.lists(VISIBLE, min_size=3, max_size=3).map(".".join))
@example("a" * 65_536)
@example("." * 65_536)
def test_no_credential_is_an_error(text: str) -> None:
    """Any credential either tells when it expires or does not."""
    expiry = expiry_of(Secret(text))

    assert expiry is None or EARLIEST <= expiry <= LATEST


@given(st.binary())
def test_no_payload_is_an_error(payload: bytes) -> None:
    """Whatever its bytes are."""
    expiry = expiry_of(token(payload))

    assert expiry is None or EARLIEST <= expiry <= LATEST


@given(JSON | JSON.map(lambda value: {"exp": value}))
def test_an_expiry_is_always_a_finite_number_that_a_calendar_can_show(claims: object) -> None:
    """It is the payload's `exp` if that is such a number and no bool, else there is none."""
    claimed = claims.get("exp") if isinstance(claims, dict) else None
    expected = None
    if isinstance(claimed, int | float) and not isinstance(claimed, bool):
        expected = claimed if EARLIEST <= claimed <= LATEST else None

    assert expiry_of(token(json.dumps(claims).encode())) == expected
