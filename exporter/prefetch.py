"""The concurrent walk: the sequential one, over pages that were asked for ahead.

Markers cannot be guessed, but those of the last walk can be tried. A page asked for ahead is only kept until
the walk comes to its marker by itself, so that the walk stays sequential and stays right: nothing is assumed
of the list's order, or of what became of a marker meanwhile.

The pool's threads only fetch. What came is read in the walk's own thread: Python reads no two pages at once
anyway, and records are cheapest to work on where they have just been made.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from exporter.cutting import id_at, split
from exporter.errors import ApiError, Reason
from exporter.model import Page, Record, Walk
from exporter.walker import PageSize, claims_more, walk

STOPS: Final = frozenset({Reason.AUTH, Reason.FORBIDDEN, Reason.RATE_LIMITED})
"""Failures that speak of no page, but of every request."""

Body = TypeVar("Body")
Result = TypeVar("Result")
Marker = str | None
Fetch = Callable[[Marker, int], Body]
"""Fetch what is read as the page after a marker, of so many records at most; raise `ApiError`."""
Read = Callable[[Body], Page[Record]]
"""Make a page of it; raise `ApiError`."""
Submit = Callable[..., Future[Any]]
"""Call a function, with the arguments that follow it, beside the caller."""
AwaitAny = Callable[[Collection[Future[Any]]], Collection[Future[Any]]]
"""Wait until some of the futures are done; return those."""


def await_any(futures: Collection[Future[Any]]) -> Collection[Future[Any]]:
    """Wait for threads."""
    return wait(futures, return_when=FIRST_COMPLETED).done


class Marks:
    """Where the pages of the last finished walk ended: what the next one of the same list tries."""

    def __init__(self) -> None:
        self.ids: Sequence[str] = ()


class Pool(Struct, frozen=True):
    """Where pages are fetched: `submit` begins a request, of which `size` may run at once."""

    submit: Submit
    size: int
    await_any: AwaitAny = await_any


def walk_ahead(
    fetch: Fetch[Body], read: Read[Body, Record], page_size: PageSize, marks: Marks, pool: Pool
) -> Walk[Record]:
    """Walk the whole list as `walk` does, and raise what it raises; remember `marks` for the next time."""
    ahead = _Ahead(fetch, read, page_size.asked, marks.ids, pool)
    walked = walk(ahead.page, page_size, reread_tail=True)
    marks.ids = () if walked.duplicates else tuple(ahead.passed)
    return walked


class _Ahead(Generic[Body, Record]):
    """What its `page` is asked for, it has often fetched. Only the walk's own thread is in here."""

    def __init__(
        self, fetch: Fetch[Body], read: Read[Body, Record], limit: int, marks: Sequence[str], pool: Pool
    ) -> None:
        self._fetch = fetch
        self._read = read
        self._limit = limit
        self._pool = pool
        self._queue: OrderedDict[Marker, None] = OrderedDict.fromkeys((None, *marks))
        self._running: dict[Future[Body], tuple[Marker, int]] = {}
        self._answers: dict[Marker, Page[Record] | ApiError] = {}
        self._unused = set(self._queue)
        self._known = set(self._queue)
        self._cut_off: tuple[Marker, Page[Record]] | None = None
        self._since_mark = 0
        self._is_over = False
        self.passed: dict[str, None] = {}
        """Every `limit`-th id, as far as the walk has come."""

    def page(self, marker: Marker, limit: int) -> Page[Record]:
        """Hand out the page after a marker, once; where it holds a later page's marker, only up to there."""
        if limit != self._limit:
            self._forget(limit)
        page = self._cut(self._checked(marker, self._await(marker)))
        if not self._is_over:
            self._mark(page)
        if page.length and not claims_more(page, limit):
            self._is_over = True
            self._forget(limit)
        return page

    def _forget(self, limit: int) -> None:
        """Ask for nothing more ahead, and use nothing of what is there: the walk ends, or begins anew."""
        self._limit = limit
        self._queue.clear()
        self._answers.clear()
        self._unused.clear()

    def _await(self, marker: Marker) -> Page[Record] | ApiError:
        if marker not in self._unused:
            self._ask_next(marker)
        elif marker in self._queue:
            self._queue.move_to_end(marker, last=False)
        self._take_in([future for future in self._running if future.done()])
        self._send()
        while marker not in self._answers:
            self._take_in(self._pool.await_any(self._running))
            if marker not in self._answers:
                self._send()
        self._unused.discard(marker)
        return self._answers.pop(marker)

    def _ask_next(self, marker: Marker) -> None:
        self._queue[marker] = None
        self._queue.move_to_end(marker, last=False)
        self._unused.add(marker)
        self._known.add(marker)

    def _take_in(self, done: Iterable[Future[Body]]) -> None:
        for future in done:
            self._keep(future, *self._running.pop(future))

    def _send(self) -> None:
        """Let as many requests run at once as may."""
        while self._queue and len(self._running) < self._pool.size:
            marker, _ = self._queue.popitem(last=False)
            future = self._pool.submit(self._fetch, marker, self._limit)
            self._running[future] = (marker, self._limit)

    def _keep(self, future: Future[Body], marker: Marker, limit: int) -> None:
        """Read an answer and keep it; one that nobody wants any more may still stop the walk."""
        fetched = _settled(future.result)
        if limit == self._limit and marker in self._unused:
            answer = fetched if isinstance(fetched, ApiError) else _settled(partial(self._read, fetched))
            self._answers[marker] = answer
            if not isinstance(answer, ApiError):
                self._walk_on(answer)

    def _walk_on(self, page: Page[Record]) -> None:
        """Where a page reaches no marker that was asked for, go on by itself, without awaiting the walk."""
        if not page.markers or page.markers[0] in self._known or not claims_more(page, self._limit):
            return
        if self._known.isdisjoint(record.id for record in page.records):
            self._ask_next(page.markers[0])

    def _checked(self, marker: Marker, answer: Page[Record] | ApiError) -> Page[Record]:
        """Go on with what was cut off before, where the answer does not bear out that it may be left."""
        cut_off, self._cut_off = self._cut_off, None
        if cut_off is not None and cut_off[0] == marker and not _bears_out(answer, cut_off[1]):
            return cut_off[1]
        if isinstance(answer, ApiError):
            raise answer
        return answer

    def _cut(self, page: Page[Record]) -> Page[Record]:
        if not self._unused or (page.markers and page.markers[0] in self._unused):
            return page
        for index in range(len(page.records) - 1, -1, -1):
            if page.records[index].id in self._unused:
                more = True if claims_more(page, self._limit) else page.more
                until, rest = split(replace(page, more=more), index + 1)
                self._cut_off = (page.records[index].id, rest)
                return until
        return page

    def _mark(self, page: Page[Record]) -> None:
        """Remember every `limit`-th id; not the list's last, after which there is nothing."""
        step = page.limit or self._limit
        last = page.length if claims_more(page, self._limit) else page.length - 1
        for place in range(step - self._since_mark, last + 1, step):
            found = id_at(page, place)
            if found is not None:
                self.passed[found] = None
        self._since_mark = (self._since_mark + page.length) % step


def _settled(work: Callable[[], Result]) -> Result | ApiError:
    """Return what came of it, or how it failed; raise what speaks of every request."""
    try:
        return work()
    except ApiError as error:
        if error.reason in STOPS:
            raise
        return error


def _bears_out(answer: Page[Record] | ApiError, cut_off: Page[Record]) -> bool:
    """Say whether an answer goes on as the page did that was cut: a dead marker's may be anything."""
    if isinstance(answer, ApiError):
        return False
    found = {record.id for record in answer.records}
    return any(record.id in found for record in cut_off.records)
