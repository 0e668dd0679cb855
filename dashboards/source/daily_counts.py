"""PromQL that counts, by the day, how often a time of a database became newer."""

from typing import Final

from dashboards.source.queries import BRIDGE, BY_DATABASE

DAY: Final = "[1d1m:10m] offset -1d"
"""The day that begins at the moment of the query, and that moment itself."""


def renewals(selector: str, *labels: str) -> str:
    """Return how often a time became newer within the day, by database and `labels`.

    A time that goes back is a deletion. The first has no time before: it counts if it lies within the day.
    Replicas are one series, and a new pod continues that of the old one.
    """
    by = ", ".join((BY_DATABASE, *labels))
    newest = f"(max by ({by}) (last_over_time({selector}[{BRIDGE}]))){DAY}"
    return f"(changes({newest}) - resets({newest}) + (min_over_time({newest}) > bool time()))"
