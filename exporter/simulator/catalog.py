"""The API's lists: the records that they are made of, and their cached pages."""

from collections.abc import Callable

from exporter.records import Backup, Instance, Record
from exporter.simulator.http.wire import BACKUPS, INSTANCES, Collection, RequestRefusedError
from exporter.simulator.listing import Listing
from exporter.simulator.quirks import Quirks

Source = tuple[Record, ...] | Callable[[], tuple[Record, ...]]
"""Records that never change, or a function that returns the current ones."""


class Catalog:
    """The list of backups and the list of instances. Both sources can be replaced at any time.

    :param backups: the backups in the API's order, newest update first.
    :param instances: the same for instances; `None`: the endpoint does not exist.
    """

    def __init__(self, backups: Source[Backup], instances: Source[Instance] | None) -> None:
        self.backups = backups
        self.instances = instances
        self._backups = Listing(BACKUPS, (), Quirks())
        self._instances = Listing(INSTANCES, (), Quirks())

    def __repr__(self) -> str:
        return f"Catalog({self._backups}, {self._instances})"

    def listing(self, path: str, quirks: Quirks) -> Listing[Backup] | Listing[Instance]:
        """Return the current list that a path belongs to.

        :raises RequestRefusedError: 404 if the path is under no list.
        """
        if _is_under(path, BACKUPS):
            self._backups = backups = _current(self._backups, self.backups, quirks)
            return backups
        if _is_under(path, INSTANCES) and self.instances is not None:
            self._instances = instances = _current(self._instances, self.instances, quirks)
            return instances
        raise RequestRefusedError(404, f"No such collection: {path}")


def _current(last: Listing[Record], source: Source[Record], quirks: Quirks) -> Listing[Record]:
    """Return the last listing, with its rendered pages, if neither records nor quirks have changed."""
    records = source() if callable(source) else source
    if last.records is records and last.quirks is quirks:
        return last
    return Listing(last.collection, records, quirks)


def _is_under(path: str, collection: Collection[Record]) -> bool:
    return path == collection.path or path.startswith(f"{collection.path}/")
