"""Pages of a list: markers, limits, filters and the errors for bad ones."""

import re
from collections.abc import Mapping
from typing import Generic
from urllib.parse import urlencode

import msgspec

from exporter.records import Record
from exporter.simulator.http.wire import Collection, Json, RequestRefusedError
from exporter.simulator.quirks import Quirks

Query = Mapping[str, str]
_DEFAULT_LIMIT = "20"
_LIMIT = re.compile(r"0*[1-9][0-9]{0,8}")
_LINK = "https://api.spo1.mycloud.com/v1/instances"
"""The vendor's documentation shows this URL in the links of the list of backups too."""

_KEPT_PAGES = 1024


class Listing(Generic[Record]):
    """The records of one collection, in order. They never change, so each page is rendered once."""

    def __init__(self, collection: Collection[Record], records: tuple[Record, ...], quirks: Quirks) -> None:
        self.collection = collection
        self.records = records
        self.quirks = quirks
        self._positions = {record.id: position for position, record in enumerate(records)}
        self._filtered: dict[tuple[tuple[str, str], ...], Listing[Record]] = {}
        self._pages: dict[tuple[tuple[str, str], ...], bytes] = {}

    def __repr__(self) -> str:
        return f"Listing({self.collection.plural}, records={len(self.records)}, pages={len(self._pages)})"

    def one(self, record_id: str) -> Json:
        """Return the body of a single record; raise `RequestRefusedError` (404) for an unknown id."""
        if record_id not in self._positions:
            raise RequestRefusedError(404, f"{self.collection.noun} {record_id} not found")
        record = self.records[self._positions[record_id]]
        return {self.collection.singular: self.collection.render(record, self.quirks.time_style)}

    def encoded(self, query: Query) -> bytes:
        """Return one page as JSON. Pages are cached."""
        key = tuple(sorted(query.items()))
        rendered = self._pages.get(key)
        if rendered is None:
            rendered = msgspec.json.encode(self.page(query))
            self._clear_full_cache()
            self._pages[key] = rendered
        return rendered

    def page(self, query: Query) -> Json:
        """Return one page; raise `RequestRefusedError` for a bad limit or marker."""
        fields = self.collection.fields
        filters = tuple((name, query[name]) for name in fields if name in query)
        if not filters:
            return self._page(query)
        return self._filter(filters).page({name: query[name] for name in query if name not in fields})

    def _clear_full_cache(self) -> None:
        if len(self._pages) >= _KEPT_PAGES:
            self._pages = {}
            self._filtered = {}

    def _filter(self, filters: tuple[tuple[str, str], ...]) -> "Listing[Record]":
        listing = self._filtered.get(filters)
        if listing is None:
            records = tuple(record for record in self.records if self._matches(record, filters))
            listing = self._filtered[filters] = Listing(self.collection, records, self.quirks)
        return listing

    def _matches(self, record: Record, filters: tuple[tuple[str, str], ...]) -> bool:
        return all(_equal(name, value, self.collection.fields[name](record)) for name, value in filters)

    def _page(self, query: Query) -> Json:
        limit = self._limit(query.get("limit", _DEFAULT_LIMIT))
        start = self._start(query.get("marker"))
        shown = self.records[start : start + limit]
        body: Json = {}
        if shown or not self.quirks.null_list:
            body[self.collection.plural] = [
                self.collection.render(record, self.quirks.time_style) for record in shown
            ]
        if self.quirks.meta:
            body["meta"] = self._meta(limit, start)
        if self.quirks.links:
            body["links"] = self._links(query, limit, start)
        return body

    def _limit(self, text: str) -> int:
        if not _LIMIT.fullmatch(text):
            raise RequestRefusedError(400, "Invalid limit", f"limit must be a positive integer, not {text!r}")
        limit, most = int(text), self.quirks.max_limit
        if most is None or limit <= most:
            return limit
        if self.quirks.over_limit == "refuse":
            raise RequestRefusedError(
                self.quirks.refuse_status, "Invalid limit", f"limit must not exceed {most}"
            )
        return most

    def _start(self, marker: str | None) -> int:
        """Return the position after the marker's record."""
        if marker is None or (marker not in self._positions and self.quirks.dead_marker == "start"):
            return 0
        if marker not in self._positions and self.quirks.dead_marker == "error":
            raise RequestRefusedError(self.quirks.dead_marker_status, f"Marker {marker} could not be found")
        return self._positions.get(marker, len(self.records) - 1) + 1

    def _meta(self, limit: int, start: int) -> Json:
        meta: Json = {"limit": limit, "marker": self._last(limit, start)}
        if self.quirks.total:
            meta["total"] = len(self.records)
        if self.quirks.has_more:
            meta["has_more"] = self._more(limit, start)
        return meta

    def _links(self, query: Query, limit: int, start: int) -> Json:
        following = self._last(limit, start) if self._more(limit, start) else None
        before = start - limit - 1
        return {
            "self": _link(query.get("marker"), limit),
            "next": _link(following, limit) if following else None,
            "previous": _link(self.records[before].id if before >= 0 else None, limit) if start else None,
        }

    def _more(self, limit: int, start: int) -> bool:
        return start + limit < len(self.records)

    def _last(self, limit: int, start: int) -> str | None:
        shown = self.records[start : start + limit]
        return shown[-1].id if shown else None


def _equal(name: str, filters: str, found: str | None) -> bool:
    if name == "name" and filters.endswith("*"):
        return (found or "").startswith(filters[:-1])
    return found == filters


def _link(marker: str | None, limit: int) -> str:
    query = {"limit": limit} if marker is None else {"limit": limit, "marker": marker}
    return f"{_LINK}?{urlencode(query)}"
