"""The markers that a walk has used, and the records it can go back to."""

from collections import deque
from collections.abc import Sequence
from itertools import chain
from typing import Final

from exporter.records import Page, Record
from exporter.walk.page_size import Marker

FALLBACKS: Final = 3
"""The number of markers that are remembered with the record before them."""


class Trail:
    """Where a walk has been: it chooses the next marker, and remembers what to use if it is dead."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._latest: tuple[str, ...] = ()
        self._fallbacks: deque[Marker] = deque(maxlen=FALLBACKS)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(used={len(self._used)}, fallbacks={self.fallbacks})"

    @property
    def fallbacks(self) -> Sequence[Marker]:
        """The record before each of the last markers, that of the newest marker first. `None`: the head."""
        return tuple(reversed(self._fallbacks))

    def unused_marker(self, page: Page[Record]) -> str | None:
        """Return a marker to continue from after a page; `None` if all were used.

        A marker that was used has moved since. The record before it serves as well.
        """
        candidates = chain(page.markers, (record.id for record in reversed(page.records)))
        return next((marker for marker in candidates if marker not in self._used), None)

    def use(self, marker: str) -> None:
        """Record that the page after `marker` is requested."""
        self._used.add(marker)
        self._pass(marker)
        self._fallbacks.append(self._latest[-2] if len(self._latest) > 1 else None)

    def extend(self, page: Page[Record]) -> None:
        """Record that a page was read."""
        for record in page.records[-2:]:
            self._pass(record.id)

    def _pass(self, identity: str) -> None:
        """Keep the last ids that the list was seen to hold: a marker and two before it."""
        self._latest = (*(known for known in self._latest[-2:] if known != identity), identity)
