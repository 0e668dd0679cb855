"""The whole configuration."""

from msgspec import Struct

from exporter.config.duration import MaxDuration
from exporter.config.objective import Objective
from exporter.config.target import Target
from exporter.durations import UNITS
from exporter.errors import ConfigError
from exporter.validation import quote_name


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The targets, and the objectives of their databases; the first objective that matches applies."""

    targets: tuple[Target, ...] = ()
    objectives: tuple[Objective, ...] = (
        Objective(max_age=MaxDuration(30 * UNITS["h"]), max_duration=MaxDuration(6 * UNITS["h"])),
    )

    def __post_init__(self) -> None:
        names = [target.name for target in self.targets]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigError(
                key="targets", found=f"the name {quote_name(twice)} twice", allowed="each name once"
            )
