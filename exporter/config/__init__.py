"""What the user configured: YAML, environment and flags become a frozen `Config` or a `ConfigError`."""

from exporter.config.credentials import Credential, Secret
from exporter.config.load import load_config
from exporter.config.schema import (
    DEFAULT_URL,
    Config,
    Duration,
    ExpectedInstance,
    Match,
    MaxDuration,
    Objective,
    Period,
    ProxyUrl,
    Statuses,
    Target,
    TlsConfig,
    Url,
)

__all__ = [
    "DEFAULT_URL",
    "Config",
    "Credential",
    "Duration",
    "ExpectedInstance",
    "Match",
    "MaxDuration",
    "Objective",
    "Period",
    "ProxyUrl",
    "Secret",
    "Statuses",
    "Target",
    "TlsConfig",
    "Url",
    "load_config",
]
