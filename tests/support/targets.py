"""Targets, with every setting typed."""

from pathlib import Path
from typing import Final, Literal, Protocol, TypedDict, Unpack

from exporter.config import (
    DEFAULT_URL,
    Count,
    Duration,
    Exclusion,
    ExpectedInstance,
    ProxyUrl,
    Secret,
    Share,
    SizeUnit,
    Statuses,
    Target,
    Tier,
    Timeout,
    TlsConfig,
    Url,
)

DEMO_KEY: Final = Secret("demo:demo-secret")
"""The key that the embedded API accepts by default."""
CREDENTIALS: Final = frozenset({"api_key", "api_key_file", "token", "token_file"})


class TargetSettings(TypedDict, total=False):
    """The settings of a target except its name and URL."""

    api_key: Secret | None
    api_key_file: Path | None
    token: Secret | None
    token_file: Path | None
    page_size: Count | Literal["auto"]
    max_concurrency: Count
    scrape_timeout: Timeout
    request_timeout: Timeout
    min_walk_interval: Duration
    stale_after: Duration
    size_unit: SizeUnit
    tls_config: TlsConfig
    proxy_url: ProxyUrl | None
    api_tier: Tier
    budget_share: Share
    instances: Literal["auto", "on", "off"]
    expected_instances: tuple[ExpectedInstance, ...]
    exclude: tuple[Exclusion, ...]
    max_backups: Count | None
    statuses: Statuses


def target(name: str = "default", url: str = DEFAULT_URL, **settings: Unpack[TargetSettings]) -> Target:
    """Make a target; without a credential among its settings it has the embedded API's key."""
    if not CREDENTIALS & settings.keys():
        settings["api_key"] = DEMO_KEY
    return Target(name=name, url=Url(url), **settings)


class MakeTarget(Protocol):
    """Makes a target of these settings."""

    def __call__(self, name: str, **settings: Unpack[TargetSettings]) -> Target:
        """Make one of this name."""
