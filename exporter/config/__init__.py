"""What the user configured: YAML and environment become a frozen `Config` or a `ConfigError`.

- `load`: from a file and the environment; `environment`, `variables`: the environment's part
- `schema`, `target`, `objective`: the keys
- `credentials`, `duration`, `exclusion`, `labels`, `number`, `statuses`, `url`: the types of their values
"""

from exporter.config.credentials import Credential, Secret
from exporter.config.duration import NEVER, Duration, MaxDuration, PositiveDuration, Timeout
from exporter.config.exclusion import Exclusion
from exporter.config.labels import Labels
from exporter.config.load import load_config
from exporter.config.number import Count, Share
from exporter.config.objective import Match, Objective
from exporter.config.schema import Config
from exporter.config.statuses import Statuses
from exporter.config.target import (
    DEFAULT_URL,
    ChainMode,
    ExpectedInstance,
    SizeUnit,
    Target,
    Tier,
    TlsConfig,
)
from exporter.config.url import ProxyUrl, Url

__all__ = [
    "DEFAULT_URL",
    "NEVER",
    "ChainMode",
    "Config",
    "Count",
    "Credential",
    "Duration",
    "Exclusion",
    "ExpectedInstance",
    "Labels",
    "Match",
    "MaxDuration",
    "Objective",
    "PositiveDuration",
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
