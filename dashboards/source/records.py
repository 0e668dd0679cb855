"""PromQL about what the recording rules say of compliance: it is recorded once an hour."""

from typing import Final

from alerts.source.compliance import DAYS
from dashboards.source.fleet import DATASTORE
from dashboards.source.queries import BY_DATABASE, BY_TARGET, CHOSEN, FAILING, MEMORY

HOUR: Final = "65m"
"""Holds the last hourly sample."""
NEEDED: Final = "no recording rules"


def record(name: str, by: str, at: str = "") -> str:
    """Return the last values of a record of the selected teams' and datastores' databases.

    Records have no datastore: the matcher selects them only if it matches an empty value, which is `All`.
    Else the database's own gauge says it.

    :param by: its labels.
    :param at: a modifier such as `@ end()`.
    """
    modified, chosen = f" {at}" if at else "", f'{CHOSEN},team=~"$team"'
    every, recorded = (
        f"last_over_time({name}{{{matchers}}}[{HOUR}]{modified})"
        for matchers in (f"{chosen},{DATASTORE}", chosen)
    )
    typed = f"last_over_time(bycloud_database_restorable_backups{{{CHOSEN},{DATASTORE}}}[{MEMORY}]{modified})"
    return f"max by ({by}) ({every} or {recorded} and on ({BY_DATABASE}) {typed})"


def samples(name: str) -> str:
    """Return the selector of a record of the selected targets, which has no team."""
    return f"{name}{{{CHOSEN}}}"


def cut(expression: str, parts: int) -> str:
    """Return a share as so many parts of one, never rounded up; a float just below a part is that part."""
    return f"floor({parts} * ({expression}) + 0.0001) / {parts}"


UNCOUNTED: Final = f"({FAILING} unless on ({BY_TARGET}) last_over_time({samples(DAYS)}[{HOUR}]))"
"""1 for every target that is not read and has no figures."""
