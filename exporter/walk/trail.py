"""The markers that a walk has used, and the records it can go back to."""

from collections import deque
from collections.abc import Sequence
from itertools import chain
from typing import Final

from msgspec import Struct

from exporter.records import Page, Record
from exporter.walk.page_size import Marker
from exporter.walk.split_page import malformed_before

FALLBACKS: Final = 3
"""The number of markers that are remembered with the record before them."""


class Place(Struct, frozen=True):
    """A record that a walk has read.

    :param marker: its id. `None`: the list's beginning.
    :param malformed: how many malformed records the walk has read before it.
    """

    marker: Marker
    malformed: int


BEGINNING: Final = Place(None, 0)


class Trail:
    """Where a walk has been: it chooses the next marker, and remembers what to use if it is dead."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._latest: tuple[Place, ...] = ()
        self._fallbacks: deque[Place] = deque(maxlen=FALLBACKS)

    def __repr__(self) -> str:
        fallbacks = tuple(place.marker for place in self.fallbacks)
        return f"{type(self).__name__}(used={len(self._used)}, fallbacks={fallbacks})"

    @property
    def fallbacks(self) -> Sequence[Place]:
        """The record before each of the last markers, that of the newest marker first."""
        return tuple(reversed(self._fallbacks))

    def unused_marker(self, page: Page[Record]) -> str | None:
        """Return a marker to continue from after a page; `None` if all were used.

        A marker that was used has moved since. The record before it serves as well.
        """
        candidates = chain(page.markers, (record.id for record in reversed(page.records)))
        return next((marker for marker in candidates if marker not in self._used), None)

    def use(self, marker: str, malformed: int = 0) -> None:
        """Record that the page after `marker` is requested.

        :param malformed: how many malformed records were read so far.
        """
        self._used.add(marker)
        self._pass(Place(marker, malformed))
        self._fallbacks.append(self._latest[-2] if len(self._latest) > 1 else BEGINNING)

    def extend(self, page: Page[Record], malformed: int = 0) -> None:
        """Record that a page was read.

        :param malformed: how many malformed records were read before it.
        """
        for index in range(max(0, len(page.records) - 2), len(page.records)):
            self._pass(Place(page.records[index].id, malformed + malformed_before(page, index)))

    def _pass(self, place: Place) -> None:
        """Keep the last places that the list was seen to hold: a marker and two before it."""
        before = (known for known in self._latest[-2:] if known.marker != place.marker)
        self._latest = (*before, place)
