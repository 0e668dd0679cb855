"""What can be configured: frozen types, each with what it allows."""

import re
from fnmatch import fnmatchcase
from ipaddress import IPv6Address
from typing import Annotated, ClassVar, Final, Literal, Self
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from exporter.config.credentials import Credential, Secret, check_api_key
from exporter.durations import UNITS, parse_duration
from exporter.errors import ConfigError
from exporter.validation import FilePath, NotAllowedError, Text, quote_name

DEFAULT_URL: Final = "https://api.spo1.mycloud.com"
SIZE_UNITS: Final = {
    "bytes": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}
LARGEST_PORT: Final = 65535
CREDENTIALS: Final = ("api_key", "api_key_file", "token", "token_file")
_PROXY: Final = re.compile(
    r"(?i:https?)://"
    r"(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})+@)?"
    r"(?:[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?|\[(?P<ipv6>[0-9A-Fa-f:.]+)\])"
    r"(?::(?P<port>[0-9]{1,5}))?/?"
)
"""After https://www.rfc-editor.org/rfc/rfc3986#section-3.2, without a path, a query or a fragment."""
SizeUnit = Literal["bytes", "KB", "MB", "GB", "KiB", "MiB", "GiB"]
Tier = Literal["auto", "standard", "professional", "enterprise", "unlimited"]
Count = Annotated[int, Meta(ge=1, extra_json_schema={"description": "a whole number from 1"})]
Share = Annotated[float, Meta(gt=0, le=1, extra_json_schema={"description": "a number above 0, at most 1"})]


class Duration(float):
    """Seconds, written as a Prometheus duration."""

    ALLOWED: ClassVar = "a duration such as 90s, 5m, 1h30m or 7d"

    @classmethod
    def parse(cls, found: object) -> Self:
        """Read a value of the configuration; raise `NotAllowedError`."""
        return cls(_seconds(found))


class Period(Duration):
    """A duration above zero and of a day at most: sockets take no time-outs of months."""

    ALLOWED: ClassVar = "a duration above zero and up to 1d, such as 10s or 1m"

    @classmethod
    def parse(cls, found: object) -> Self:
        """Read a value of the configuration; raise `NotAllowedError`."""
        period = cls(_seconds(found))
        if not 0 < period <= UNITS["d"]:
            raise NotAllowedError
        return period


class MaxDuration(Duration):
    """A duration that may not be exceeded; `never` is infinite."""

    ALLOWED: ClassVar = "a duration such as 26h or 7d, or never"

    @classmethod
    def parse(cls, found: object) -> Self:
        """Read a value of the configuration; raise `NotAllowedError`."""
        return cls("inf" if found == "never" else _seconds(found))


class Url(str):
    """An `http` or `https` address without credentials, query or fragment; no slash at its end."""

    ALLOWED: ClassVar = "an address such as https://api.spo1.mycloud.com, without user, query or fragment"
    __slots__ = ()

    @classmethod
    def parse(cls, found: object) -> Self:
        """Read a value of the configuration; raise `NotAllowedError`."""
        if not isinstance(found, str) or not _is_url(found):
            raise NotAllowedError
        return cls(found.rstrip("/"))


def _seconds(found: object) -> float:
    if not isinstance(found, str):
        raise NotAllowedError
    try:
        return parse_duration(found)
    except ValueError:
        raise NotAllowedError from None


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises `ValueError` unless it is a number in range
    except ValueError:
        return False
    is_plain = text.isprintable() and not any(character in text for character in "?#@ ")
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and is_plain


class ProxyUrl(Secret):
    """The address of a proxy; kept secret, since it may hold a password."""

    ALLOWED: ClassVar = (
        "http://HOST:PORT or https://HOST:PORT, with USER:PASSWORD@ before HOST if needed and special"
        " characters percent-encoded (# is %23, / %2F, ? %3F, @ %40)"
    )
    __slots__ = ()

    def __init__(self, text: str) -> None:
        """Check the whole of it: what the HTTP library cannot split, its errors quote.

        :raises ConfigError: whose message does not hold the text
        """
        if not _is_proxy(text):
            raise ConfigError("is not the address of a proxy", allowed=self.ALLOWED)
        super().__init__(text)


def _is_proxy(text: str) -> bool:
    match = _PROXY.fullmatch(text)
    if not match or not 1 <= int(match["port"] or 1) <= LARGEST_PORT:
        return False
    try:
        return match["ipv6"] is None or bool(IPv6Address(match["ipv6"]))
    except ValueError:
        return False


class TlsConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """How the API's certificate is verified, and which one is shown to it."""

    ca_file: FilePath | None = None
    cert_file: FilePath | None = None
    key_file: FilePath | None = None
    insecure_skip_verify: bool = False

    def __post_init__(self) -> None:
        if self.key_file and not self.cert_file:
            raise ConfigError("needs a cert_file as well", key="key_file")


class ExpectedInstance(Struct, frozen=True, forbid_unknown_fields=True):
    """A database that must have backups."""

    id: Text
    name: Text | None = None
    datastore_type: Text | None = None


class Statuses(Struct, frozen=True, forbid_unknown_fields=True):
    """Which statuses mean what. The vendor documents no list: the defaults follow OpenStack Trove's."""

    usable: frozenset[str] = frozenset({"COMPLETED", "RESTORED"})
    running: frozenset[str] = frozenset({"NEW", "BUILDING", "SAVING"})
    failed: frozenset[str] = frozenset({"FAILED"})
    other: frozenset[str] = frozenset({"DELETE_FAILED", "DELETING", "DELETED"})

    @property
    def finished(self) -> frozenset[str]:
        """The statuses of an attempt that is over, well or not."""
        return self.usable | self.failed

    @property
    def known(self) -> frozenset[str]:
        """The statuses of any class."""
        return self.finished | self.running | self.other


class Match(Struct, frozen=True, forbid_unknown_fields=True):
    """Which instances an objective is for: shell patterns, all of which must match."""

    instance_id: Text | None = None
    instance_name: Text | None = None
    datastore_type: Text | None = None

    def covers(self, instance_id: str, instance_name: str | None, datastore_type: str) -> bool:
        """Say whether an instance is meant; one without a name is meant by no pattern of a name."""
        pairs = (
            (self.instance_id, instance_id),
            (self.instance_name, instance_name),
            (self.datastore_type, datastore_type),
        )
        return all(
            value is not None and fnmatchcase(value, pattern)
            for pattern, value in pairs
            if pattern is not None
        )


class Objective(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked of a database's backups."""

    match: Match = Match()
    max_age: MaxDuration | None = None
    max_duration: MaxDuration | None = None


class Target(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One organization at one of the API's addresses."""

    name: Text
    url: Url = Url(DEFAULT_URL)
    api_key: Secret | None = None
    api_key_file: FilePath | None = None
    token: Secret | None = None
    token_file: FilePath | None = None
    page_size: Count | Literal["auto"] = "auto"
    max_concurrency: Count = 4
    scrape_timeout: Period = Period(30)
    request_timeout: Period = Period(10)
    min_walk_interval: Duration = Duration(0)
    stale_after: Duration = Duration(300)
    size_unit: SizeUnit = "bytes"
    tls_config: TlsConfig = TlsConfig()
    proxy_url: ProxyUrl | None = None
    api_tier: Tier = "auto"
    budget_share: Share = 0.5
    instances: Literal["auto", "on", "off"] = "auto"
    expected_instances: tuple[ExpectedInstance, ...] = ()
    statuses: Statuses = Statuses()

    def __post_init__(self) -> None:
        given = [key for key in CREDENTIALS if getattr(self, key)]
        if len(given) != 1:
            raise ConfigError(
                found=" and ".join(given) or "no credential",
                allowed=f"exactly one of {', '.join(CREDENTIALS)}",
            )
        if self.api_key:
            check_api_key(self.api_key)

    @property
    def credential(self) -> Credential:
        """The one credential that was given."""
        if source := self.api_key or self.api_key_file:
            return Credential("api_key", source, self.name)
        source = self.token or self.token_file
        assert source is not None  # noqa: S101 - checked when the target was made
        return Credential("token", source, self.name)

    @property
    def bytes_per_unit(self) -> int:
        """How many bytes the API's unit of size has, by the user's word."""
        return SIZE_UNITS[self.size_unit]


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that the exporter was told."""

    targets: tuple[Target, ...] = ()
    objectives: tuple[Objective, ...] = (
        Objective(max_age=MaxDuration(26 * 3600), max_duration=MaxDuration(6 * 3600)),
    )

    def __post_init__(self) -> None:
        names = [target.name for target in self.targets]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigError(
                key="targets", found=f"the name {quote_name(twice)} twice", allowed="each name once"
            )
