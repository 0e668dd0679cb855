"""The concurrent walk: the sequential one, over pages that are fetched ahead.

Markers cannot be guessed, but the page boundaries of the last walk can be tried. A page fetched ahead is a
cache entry. It serves when the walk arrives at its marker, and only if a sequential walk could have got it:

- It was requested after the page in front of it had arrived, as a sequential walk does.
- Or its marker's record is unchanged since the last walk, so the record has not moved: what followed it when
  its page was read, also followed it when the page in front was read.

Otherwise the page is fetched again. One more rule concerns the end of the list. Where an updated record may
move to the tail, a tail that is fetched too early lacks it. So the last page is fetched ahead only if the
list is known to have its newest update first.

The pool's threads only fetch. Pages are decoded in the walk's own thread: Python decodes no two pages at once
anyway, and records are cheapest to work on where they have just been made.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from exporter.errors import ApiError, Reason
from exporter.records import Page, Record
from exporter.results import WalkResult
from exporter.walk.boundaries import BoundaryRecorder, PageBoundaries
from exporter.walk.sequential import PageSize, claims_more, confirm, is_whole, walk_once
from exporter.walk.split_page import split

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


class Pool(Struct, frozen=True):
    """Where pages are fetched: `submit` begins a request, of which `size` may run at once."""

    submit: Submit
    size: int
    await_any: AwaitAny = await_any


def walk_ahead(  # noqa: PLR0913 - what is fetched, how, and what the last walk left behind
    fetch: Fetch[Body],
    read: Read[Body, Record],
    page_size: PageSize,
    pool: Pool,
    boundaries: PageBoundaries,
    *,
    usual_shortfall: int = 0,
) -> tuple[WalkResult[Record], PageBoundaries]:
    """Walk the whole list as `walk` does, and raise what it raises.

    `boundaries` are those of the last finished walk. Returns those of this one too, for the next.
    """

    def walk_along(known: PageBoundaries) -> tuple[WalkResult[Record], PageBoundaries]:
        prefetcher = Prefetcher(fetch, read, page_size.asked, known, pool)
        walked = walk_once(prefetcher.page, page_size, usual_shortfall)
        return walked, PageBoundaries() if walked.duplicates else prefetcher.boundaries

    walked, found = walk_along(boundaries)
    if is_whole(walked, usual_shortfall):
        return walked, found
    again, found = walk_along(PageBoundaries())  # without boundaries nothing is fetched ahead: sequential
    return confirm(walked, again, usual_shortfall), found


class _Request(Struct, Generic[Record]):
    """One page that is queued, in flight or answered.

    `sent` is its number among all requests; `answered`, how many had been sent when its answer came.
    """

    marker: Marker
    limit: int
    sent: int | None = None
    answered: int = 0
    answer: Page[Record] | ApiError | None = None

    def is_sent_after(self, answered: int) -> bool:
        """Say whether this request was sent, or will be, after another one was `answered`."""
        return self.sent is None or self.sent >= answered


class _Fetched(Struct, Generic[Record], frozen=True):
    """A page that arrived. `in_order`: it was requested after all pages before it had arrived."""

    page: Page[Record]
    answered: int
    in_order: bool


class _Requests(Generic[Body, Record]):
    """The requests of one walk by marker, the pool's limit kept. Only the walk's own thread uses it."""

    def __init__(self, fetch: Fetch[Body], read: Read[Body, Record], limit: int, pool: Pool) -> None:
        self._fetch = fetch
        self._read = read
        self.limit = limit
        self._pool = pool
        self._queue: OrderedDict[Marker, _Request[Record]] = OrderedDict()
        self._running: dict[Future[Body], _Request[Record]] = {}
        self.wanted: dict[Marker, _Request[Record]] = {}
        """The requests whose answers were not taken yet."""
        self._sent = 0
        self.longest = 0
        """Records on the longest page so far: how many the API puts on one, whatever it was asked for."""
        self.known: set[Marker] = set()
        """Markers at which no page needs to be continued: each has a request, or will get one."""

    def add(self, marker: Marker) -> None:
        """Queue a request; another one for the same marker is no longer wanted."""
        self._queue[marker] = self.wanted[marker] = _Request(marker, self.limit)
        self.known.add(marker)

    def take(self, marker: Marker) -> _Request[Record]:
        """Wait for the answer to a marker, and return it once."""
        request = self.wanted[marker]
        if marker in self._queue:
            self._queue.move_to_end(marker, last=False)
        self._collect([future for future in self._running if future.done()])
        self._send()
        while request.answer is None:
            self._collect(self._pool.await_any(self._running))
            if request.answer is None:
                self._send()
        del self.wanted[marker]
        return request

    def drop_all(self, limit: int) -> None:
        """Send nothing that is queued, use nothing that arrived; ask for `limit` records from now on."""
        self.limit = limit
        self._queue.clear()
        self.wanted.clear()

    def _send(self) -> None:
        """Let as many requests run at once as may."""
        while self._queue and len(self._running) < self._pool.size:
            _, request = self._queue.popitem(last=False)
            request.sent, self._sent = self._sent, self._sent + 1
            future = self._pool.submit(self._fetch, request.marker, request.limit)
            self._running[future] = request

    def _collect(self, done: Iterable[Future[Body]]) -> None:
        for future in done:
            self._keep(self._running.pop(future), _settled(future.result))

    def _keep(self, request: _Request[Record], fetched: Body | ApiError) -> None:
        """Decode an answer and keep it, if its request is still wanted."""
        if self.wanted.get(request.marker) is not request:
            return
        answer = fetched if isinstance(fetched, ApiError) else _settled(partial(self._read, fetched))
        request.answer, request.answered = answer, self._sent
        if not isinstance(answer, ApiError):
            self.longest = max(self.longest, answer.length)
            self._continue_after(answer)

    def _continue_after(self, page: Page[Record]) -> None:
        """Request what follows a page that reaches no known marker, without waiting for the walk."""
        if not page.markers or page.markers[0] in self.known or not claims_more(page, self.limit):
            return
        if self.known.isdisjoint(record.id for record in page.records):
            self.add(page.markers[0])
            self._queue.move_to_end(page.markers[0], last=False)


class Prefetcher(Generic[Body, Record]):
    """Serves the walk's pages, fetched ahead where a sequential walk could have got the same."""

    def __init__(
        self, fetch: Fetch[Body], read: Read[Body, Record], limit: int, boundaries: PageBoundaries, pool: Pool
    ) -> None:
        self._requests = _Requests[Body, Record](fetch, read, limit, pool)
        self._known = boundaries
        self._recorder = BoundaryRecorder[Record]()
        self._trusted: Marker = None
        self._cut_off: _Fetched[Record] | None = None
        self._latest_answer = 0
        self._total: int | None = None
        self._is_over = False
        markers = list(boundaries.records)
        for marker in (None, *(markers if boundaries.newest_first else markers[:-1])):
            self._requests.add(marker)
        self._requests.known.update(markers)

    @property
    def boundaries(self) -> PageBoundaries:
        """The page boundaries of this walk, as far as it has come."""
        return self._recorder.boundaries

    def page(self, marker: Marker, limit: int) -> Page[Record]:
        """Return the page after a marker; where it holds a later page's marker, only up to there."""
        if limit != self._requests.limit:
            self._requests.drop_all(limit)
        page = self._until_next_request(self._fetched(marker))
        is_last = not claims_more(page, limit)
        if not self._is_over:
            page = self._with_highest_total(page)
            self._recorder.add(page, self._requests.longest, is_last=is_last)
        if page.length and is_last:
            self._is_over = True
            self._requests.drop_all(limit)
        return page

    def _fetched(self, marker: Marker) -> _Fetched[Record]:
        """Return the page after `marker`: a new one where the one fetched ahead may be out of date."""
        cut_off, self._cut_off = self._cut_off, None
        if marker != self._trusted or marker not in self._requests.wanted:
            return self._received(self._new_request(marker))
        request = self._requests.take(marker)
        if cut_off is None or _continues(request.answer, cut_off.page):
            cut_off = self._received(request)
        return self._received(self._new_request(marker)) if self._is_early_end(cut_off) else cut_off

    def _new_request(self, marker: Marker) -> _Request[Record]:
        self._requests.add(marker)
        return self._requests.take(marker)

    def _received(self, request: _Request[Record]) -> _Fetched[Record]:
        if not isinstance(request.answer, Page):
            raise request.answer or AssertionError("the request was taken without its answer")
        in_order = request.is_sent_after(self._latest_answer)
        self._latest_answer = max(self._latest_answer, request.answered)
        return _Fetched(request.answer, request.answered, in_order)

    def _is_early_end(self, fetched: _Fetched[Record]) -> bool:
        """Say whether this is the list's end, but from before a record may have moved there."""
        may_lack_records = not (fetched.in_order or self._known.newest_first)
        return may_lack_records and not claims_more(fetched.page, self._requests.limit)

    def _until_next_request(self, fetched: _Fetched[Record]) -> Page[Record]:
        """Cut the page after the last record that a trusted request continues at; keep the rest."""
        page, wanted = fetched.page, self._requests.wanted
        end = page.markers[0] if page.markers else None
        self._trusted = end
        if not wanted or (end in wanted and self._is_trusted(end, _last(page, end), fetched)):
            return page
        for index in range(len(page.records) - 1, -1, -1):
            marker = page.records[index].id
            if marker in wanted and marker != end and self._is_trusted(marker, page.records[index], fetched):
                more = True if claims_more(page, self._requests.limit) else page.more
                until, rest = split(replace(page, more=more), index + 1)
                self._trusted, self._cut_off = marker, replace(fetched, page=rest)
                return until
        self._trusted = None
        return page

    def _is_trusted(self, marker: Marker, record: Record | None, fetched: _Fetched[Record]) -> bool:
        """Say whether what is requested after a marker of the page continues it: see the module."""
        if self._requests.wanted[marker].is_sent_after(fetched.answered):
            return True
        return record is not None and self._known.records.get(record.id) == record

    def _with_highest_total(self, page: Page[Record]) -> Page[Record]:
        """Report the highest total of the pages so far: the last page may have been fetched first."""
        if page.total is None:
            return page
        self._total = max(page.total, self._total or 0)
        return replace(page, total=self._total)


def _last(page: Page[Record], end: Marker) -> Record | None:
    """Return the page's last record, unless that one is malformed."""
    return page.records[-1] if page.records and page.records[-1].id == end else None


def _continues(answer: Page[Record] | ApiError | None, cut_off: Page[Record]) -> bool:
    """Say whether an answer continues as the page did that was cut: a dead marker's may be anything."""
    if not isinstance(answer, Page):
        return False
    found = {record.id for record in answer.records}
    return any(record.id in found for record in cut_off.records)


def _settled(work: Callable[[], Result]) -> Result | ApiError:
    """Return the result, or the failure that concerns one page; raise one that concerns every request."""
    try:
        return work()
    except ApiError as error:
        if error.reason in STOPS:
            raise
        return error
