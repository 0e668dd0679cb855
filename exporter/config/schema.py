"""The whole configuration."""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from exporter.config.duration import MaxDuration
from exporter.config.labels import MOST_LABELS
from exporter.config.objective import Objective
from exporter.config.target import Target
from exporter.durations import UNITS
from exporter.errors import ConfigError
from exporter.validation import quote_name

DEFAULT_OBJECTIVE: Final = Objective(
    max_age=MaxDuration(30 * UNITS["h"]), max_duration=MaxDuration(6 * UNITS["h"])
)
"""What applies without `objectives`: a daily backup, and the time that it may take."""
_DEFAULT_OBJECTIVES: Final = (DEFAULT_OBJECTIVE,)


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The targets, and what is required of their databases' backups.

    :param targets: what to walk; without any, the environment defines one.
    :param objectives: what is required of a database's backups; the first entry that matches applies.
    """

    targets: tuple[Target, ...] = ()
    objectives: tuple[Objective, ...] = _DEFAULT_OBJECTIVES

    def __post_init__(self) -> None:
        _check_names([target.name for target in self.targets])
        _check_labels(self.objectives)

    @property
    def has_objectives(self) -> bool:
        """Whether objectives are configured, even if they equal the default."""
        return self.objectives is not _DEFAULT_OBJECTIVES


def _check_names(names: Sequence[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(
            key="targets", found=f"the name {quote_name(twice)} twice", allowed="each name once"
        )


def _check_labels(objectives: Iterable[Objective]) -> None:
    """Limit the labels of all objectives together: each database's series has every one of them."""
    names = {name for objective in objectives for name, _ in objective.labels}
    if len(names) > MOST_LABELS:
        raise ConfigError(
            key="objectives",
            found=f"{len(names)} names of labels",
            allowed=f"at most {MOST_LABELS} in all objectives together",
        )
