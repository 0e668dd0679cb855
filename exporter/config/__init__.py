"""What the user configured: YAML and environment become a frozen `Config` or a `ConfigError`."""

from exporter.config.credentials import Credential, Secret
from exporter.config.duration import NEVER, Duration, MaxDuration, Timeout
from exporter.config.load import load_config
from exporter.config.objective import Match, Objective
from exporter.config.schema import Config
from exporter.config.statuses import Statuses
from exporter.config.target import (
    DEFAULT_URL,
    Count,
    ExpectedInstance,
    Share,
    SizeUnit,
    Target,
    Tier,
    TlsConfig,
)
from exporter.config.url import ProxyUrl, Url

__all__ = [
    "DEFAULT_URL",
    "NEVER",
    "Config",
    "Count",
    "Credential",
    "Duration",
    "ExpectedInstance",
    "Match",
    "MaxDuration",
    "Objective",
    "ProxyUrl",
    "Secret",
    "Share",
    "SizeUnit",
    "Statuses",
    "Target",
    "Tier",
    "Timeout",
    "TlsConfig",
    "Url",
    "load_config",
]
