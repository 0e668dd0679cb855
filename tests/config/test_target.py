"""The settings of one target."""

from pathlib import Path

import pytest

from exporter.config import Secret, Target, TlsConfig
from exporter.config.target import SizeUnit
from exporter.errors import ConfigError

KEY = Secret("id:key")


@pytest.mark.parametrize(
    ("target", "kind", "source"),
    [
        (Target(name="a", api_key=KEY), "api_key", KEY),
        (Target(name="a", api_key_file=Path("/key")), "api_key", Path("/key")),
        (Target(name="a", token=KEY), "token", KEY),
        (Target(name="a", token_file=Path("/token")), "token", Path("/token")),
    ],
)
def test_the_credential_is_the_one_that_is_configured(
    target: Target, kind: str, source: Secret | Path
) -> None:
    """Its kind decides the HTTP header."""
    assert (target.credential.kind, target.credential.source) == (kind, source)


def test_exactly_one_credential_is_required() -> None:
    """The error names what was found and what is allowed."""
    with pytest.raises(ConfigError) as missing:
        Target(name="a")
    with pytest.raises(ConfigError) as too_many:
        Target(name="a", api_key=KEY, token_file=Path("/token"))

    assert missing.value.found == "no credential"
    assert too_many.value.found == "api_key and token_file"
    assert too_many.value.allowed == "exactly one of api_key, api_key_file, token, token_file"


def test_an_api_key_has_two_parts() -> None:
    """The error names the setting and does not hold the key."""
    with pytest.raises(ConfigError) as raised:
        Target(name="a", api_key=Secret("hidden"))

    assert (raised.value.key, raised.value.allowed) == ("api_key", "ACCESS_KEY_ID:SECRET_ACCESS_KEY")
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize(("unit", "size"), [("bytes", 1), ("KB", 1000), ("GiB", 2**30)])
def test_units_of_size(unit: SizeUnit, size: int) -> None:
    """K, M and G are powers of ten, Ki, Mi and Gi of two."""
    assert Target(name="a", token=KEY, size_unit=unit).bytes_per_unit == size


def test_a_client_key_needs_its_certificate() -> None:
    """A certificate alone may hold its key."""
    with pytest.raises(ConfigError) as raised:
        TlsConfig(key_file=Path("/key.pem"))

    assert TlsConfig(cert_file=Path("/both.pem")).key_file is None
    assert raised.value.key == "key_file"
