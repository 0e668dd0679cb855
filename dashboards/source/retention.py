"""PromQL about whether restore points reach back as far as `min_retention`."""

from typing import Final

from dashboards.source.fleet import KNOWN
from dashboards.source.queries import BY_DATABASE, BY_TARGET, UNSEEN, last

OLDEST: Final = KNOWN.fact("restorable_oldest_timestamp_seconds")
LIMIT: Final = KNOWN.fact("backup_objective_retention_seconds")
_READ: Final = last("bycloud_last_success_timestamp_seconds")
_AT_READ: Final = f"clamp_min(-{OLDEST} + on ({BY_TARGET}) group_left () {_READ}, 0)"
WINDOW: Final = f"({KNOWN.window} unless on ({BY_TARGET}) {UNSEEN} or on ({BY_DATABASE}) {_AT_READ})"
"""How far back each database can be restored; in an outage, how far it could when the API was last read."""
SHORT: Final = KNOWN.of_teams(f"(({WINDOW} or 0 * {LIMIT}) < {LIMIT})")
"""The databases of the selected teams whose restore points do not reach back far enough."""
_MET: Final = f"({WINDOW} >= bool {LIMIT} or 0 * {LIMIT})"
STATE: Final = f"({_MET} unless on ({BY_TARGET}) {UNSEEN} or 0.5 * {_MET})"
"""0: too short; 1: met; 0.5: it was when the API was last read."""
