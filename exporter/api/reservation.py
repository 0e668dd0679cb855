"""One API request that a budget has counted before it is sent."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from msgspec import Struct

from exporter.errors import UnsentRequestError


class Reservation(Struct, frozen=True, eq=False):
    """One request that a budget has counted. End it with `finish` or `cancel`, once.

    As a context manager it ends with the block: cancelled by an `UnsentRequestError`, else finished.
    """

    finish: Callable[[], None]
    cancel: Callable[[], None]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: TracebackType | None) -> None:
        if isinstance(error, UnsentRequestError):
            self.cancel()
        else:
            self.finish()
