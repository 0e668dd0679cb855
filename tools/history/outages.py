"""When the API does not respond."""

from typing import Final

from msgspec import Struct

DAY: Final = 86_400.0
HOUR: Final = 3600.0


class Outage(Struct, frozen=True):
    """A time in which the API responds with 503.

    :param begin: Unix seconds.
    :param end: the first moment after it.
    """

    begin: float
    end: float

    def covers(self, moment: float) -> bool:
        """Whether the API fails at a Unix time."""
        return self.begin <= moment < self.end


def outages(end: float, *, ongoing: bool = False) -> tuple[Outage, ...]:
    """Return the outages of a history: two hours of the night before yesterday, and a day three weeks ago.

    :param end: the history's end, in Unix seconds.
    :param ongoing: whether the API has not responded for the last hour and a half either.
    """
    midnight = end // DAY * DAY
    past = (
        Outage(midnight - 20 * DAY + 9 * HOUR, midnight - 20 * DAY + 21 * HOUR),
        Outage(midnight - 2 * DAY + 1 * HOUR, midnight - 2 * DAY + 2.8 * HOUR),
    )
    return (*past, Outage(end - 1.5 * HOUR, end + DAY)) if ongoing else past
