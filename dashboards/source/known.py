"""PromQL about databases while their target is read, and about what was known of them last."""

from collections.abc import Callable

from dashboards.source.fleet import DATASTORE, SELECTED, Fleet
from dashboards.source.queries import BY_TARGET, CHOSEN, LOST, last, linked, placed
from dashboards.source.reading import INSTANT, REMEMBERED, last_known


def known(expression: Callable[[Fleet], str], one: str = "") -> str:
    """Return what is served now by database; of a target that serves nothing, what its last facts give.

    :param one: a matcher that selects one database instead of all that are selected.
    """
    selected, lost = (f"{CHOSEN},{one}", one) if one else (SELECTED, f"{DATASTORE},{LOST}")
    served, remembered = expression(Fleet(INSTANT, selected)), expression(Fleet(REMEMBERED, lost))
    database = last_known(f"{CHOSEN},{lost}")
    return f"({served} or max without (instance) (({remembered}) and on ({REMEMBERED.by}) {database}))"


def identities(one: str = "") -> str:
    """Return 1 for every known database of the selected teams, with what names it and what links need."""
    return linked(placed(known(lambda fleet: fleet.identities, one)))


def read_at() -> str:
    """Return when the API listed each known database last, in milliseconds."""
    success = last("bycloud_last_success_timestamp_seconds")
    return f"1000 * ({known(lambda fleet: fleet.one)} * on ({BY_TARGET}) group_left () {success})"
