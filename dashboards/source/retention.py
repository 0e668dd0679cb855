"""PromQL about whether restore points reach back as far as `min_retention`."""

from typing import Final

from dashboards.source.fleet import Fleet
from dashboards.source.known import known
from dashboards.source.queries import BY_TARGET, READ, UNSEEN, last

_AT: Final = f"(time() * {READ} or {last('bycloud_last_success_timestamp_seconds')})"
"""When each target was read last."""


def window(fleet: Fleet) -> str:
    """Return how far back each database could be restored when its target was read last."""
    oldest = fleet.restore_point("oldest_timestamp_seconds")
    return f"clamp_min(-{oldest} + on ({BY_TARGET}) group_left () {_AT}, 0)"


def limit(fleet: Fleet) -> str:
    """Return how far back each database should reach, where that is required."""
    return fleet.ending("backup_objective_retention_seconds")


def _met(fleet: Fleet) -> str:
    return f"(({window(fleet)} or 0 * {fleet.restorable}) >= bool {limit(fleet)})"


MET: Final = known(lambda fleet: fleet.of_teams(_met(fleet)))
"""1 for each database of the selected teams that reaches back far enough, 0 for one that should."""
STATE: Final = f"({known(_met)} * on ({BY_TARGET}) group_left () (1 - {UNSEEN} / 2))"
"""0: too short; 1: met; 0.5: it was when the API was last read."""
