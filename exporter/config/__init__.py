"""What the user configured: YAML, environment and flags become a frozen `Config` or a `ConfigError`."""

from exporter.config.credentials import Credential, Secret
from exporter.config.duration import NEVER, Duration, MaxDuration, Period
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
    "Period",
    "ProxyUrl",
    "Secret",
    "Share",
    "SizeUnit",
    "Statuses",
    "Target",
    "Tier",
    "TlsConfig",
    "Url",
    "load_config",
]
