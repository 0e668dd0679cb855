"""The API's list endpoints and what surrounds their records: paths, keys, `meta` and `links`."""

from typing import Final, Generic
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from exporter.api.repair import valid_text
from exporter.errors import ApiError, Reason
from exporter.records import Backup, Instance, Malformed, Page, Record

LONGEST_MARKER: Final = 4096
"""Characters of an id or a marker that a request can carry."""
MOST_RECORDS: Final = 2**53
"""The largest total that is believed: a larger one fits no float, which metrics are."""


class ListEndpoint(Struct, Generic[Record], frozen=True):
    """An endpoint that lists records: its `path`, the `key` of the list, the type of its records."""

    path: str
    key: str
    record: type[Record]


BACKUPS: Final = ListEndpoint("/v1/database-backups", "database_backups", Backup)
INSTANCES: Final = ListEndpoint("/v1/database-instances", "database_instances", Instance)


class Meta(Struct):
    """The key `meta` of a page, as documented."""

    total: int | None = None
    limit: int | None = None
    marker: str | None = None
    has_more: bool | None = None


class Links(Struct):
    """The key `links` of a page. Only the marker in `next` is used: the vendor's own paths are wrong."""

    next: str | None = None


class Envelope(Struct):
    """The fields of a page except its records."""

    meta: Meta | None = None
    links: Links | None = None

    def require_empty(self, key: str) -> None:
        """Accept an absent list if the total is 0, as Go's `omitempty` writes an empty one.

        :raises ApiError: with the reason `bad_response` otherwise.
        """
        if self.meta is None or self.meta.total != 0:
            raise ApiError(Reason.BAD_RESPONSE, f"the body has no `{key}`")

    def page(
        self,
        records: tuple[Record, ...],
        *,
        last_id: str | None,
        length: int,
        malformed: tuple[Malformed, ...] = (),
    ) -> Page[Record]:
        """Return the page of these records.

        :param last_id: the id of the last record, malformed or not, if it has one.
        :param length: the number of records, including malformed ones.
        """
        meta = self.meta or Meta()
        return Page(
            records=records,
            length=length,
            malformed=malformed,
            markers=(last_id,) if last_id and _fits_request(last_id) else self._other_markers(meta),
            more=self._more(meta),
            limit=max(meta.limit, length) if meta.limit and meta.limit > 0 else None,
            total=meta.total if meta.total is not None and 0 <= meta.total <= MOST_RECORDS else None,
        )

    def _more(self, meta: Meta) -> bool | None:
        if meta.has_more is not None:
            return meta.has_more
        return None if self.links is None else bool(self.links.next)

    def _other_markers(self, meta: Meta) -> tuple[str, ...]:
        linked = _marker_in(self.links.next) if self.links and self.links.next else None
        markers = (marker for marker in (meta.marker, linked) if marker and _fits_request(marker))
        return tuple(map(valid_text, markers))


def _fits_request(marker: str) -> bool:
    return len(marker) <= LONGEST_MARKER


def _marker_in(url: str) -> str | None:
    try:
        return parse_qs(urlsplit(url).query).get("marker", [None])[0]
    except ValueError:
        return None
