"""What the configuration says about the backups of a target."""

from collections.abc import Sequence

from msgspec import Struct

from exporter.backups.inventory import KnownInstance
from exporter.config import ChainMode, Exclusion, Objective, Statuses
from exporter.results import AppliedObjective


class Rules(Struct, frozen=True):
    """The settings that decide what a list of backups means.

    :param objectives: the first that matches an instance applies to it.
    :param bytes_per_unit: bytes per unit of the API's sizes; `None`: the sizes decide.
    :param chains: which backups need their parent.
    :param exclude: which backups and databases are left out.
    """

    statuses: Statuses
    objectives: Sequence[Objective]
    bytes_per_unit: float | None = 1
    chains: ChainMode = "auto"
    exclude: Sequence[Exclusion] = ()

    def objective(self, instance: KnownInstance, datastore_type: str) -> Objective:
        """Return the objective that matches an instance; one without limits if none does.

        :param datastore_type: the type to match, from the instance or else from its newest backup.
        """
        facts = instance.id, instance.pattern_name, datastore_type
        matching = (objective for objective in self.objectives if objective.match.covers(*facts))
        return next(matching, Objective())


def applied(objective: Objective) -> AppliedObjective:
    """Return the limits of an objective, in seconds."""
    return AppliedObjective(
        age=objective.max_age.seconds,
        duration=objective.max_duration.seconds,
        retention=objective.min_retention,
        gap=objective.max_gap.seconds,
        full_age=objective.max_full_age.seconds,
        chain_length=objective.max_chain,
    )
