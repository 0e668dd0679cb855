"""PromQL that counts, by the day, how often a time of a database became newer."""

from typing import Final

from dashboards.source.queries import BY_DATABASE

DAY: Final = "[1d] offset -1d"
"""The day that begins at the moment of the query."""


def renewals(selector: str, *labels: str) -> str:
    """Return how often a time became newer within the day, by database and `labels`: as one replica saw it.

    A time that goes back is a deletion. The first has no time before: it counts if it lies within the day.

    On a day on which a pod is replaced, only what one of both found counts. A subquery over both would count
    all, and takes twenty times as long.
    """
    series = f"{selector}{DAY}"
    counted = f"changes({series}) - resets({series}) + (min_over_time({series}) > bool time())"
    return f"max by ({', '.join((BY_DATABASE, *labels))}) ({counted})"
