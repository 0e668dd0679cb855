"""A list that changes while it is walked, and what a sequential walk of it could miss."""

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from datetime import timedelta
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from exporter.errors import ApiError, Reason
from exporter.records import Backup, Page
from exporter.walk import Pool
from tests.support.builders import NOON, backup
from tests.support.pools import Choose

Records = tuple[Backup, ...]

ORDERS: Final[dict[str, Callable[[Backup], Any]]] = {
    "created_at": lambda record: record.created_at,
    "updated_at": lambda record: record.updated_at,
    "id": lambda record: record.id,
}


class ChangingList:
    """A list in one order that changes. `history` holds its states, the present one last."""

    def __init__(self, choose: Choose, count: int, order: str, *, descending: bool, total: bool) -> None:
        self._choose = choose
        self._key = ORDERS[order]
        self._descending = descending
        self._total = total
        self._made = 0
        self.history: list[Records] = [()]
        self.deletes = True
        for _ in range(count):
            self.insert()
        self.rest()

    @property
    def records(self) -> Records:
        """The present state."""
        return self.history[-1]

    def rest(self) -> None:
        """Forget the past."""
        self.history = [self.records]

    def insert(self) -> None:
        """Create a record."""
        now = self._now()
        number = self._choose(90) * 100 + self._made  # anywhere in a list in the order of ids
        fresh = backup(f"{number:05}", created_at=now, updated_at=now)
        self._become((*self.records, fresh))

    def update(self, identity: str) -> None:
        """Update a record."""
        now = self._now()
        self._become(
            replace(record, updated_at=now) if record.id == identity else record for record in self.records
        )

    def delete(self, identity: str) -> None:
        """Delete a record."""
        self._become(record for record in self.records if record.id != identity)

    def change(self) -> None:
        """Create, update or delete a record."""
        kind = self._choose(4 if self.deletes else 3)
        if kind == 0 or not self.records:
            self.insert()
        else:
            record = self.records[self._choose(len(self.records))]
            (self.delete if kind == 3 else self.update)(record.id)

    def page(self, marker: str | None, limit: int) -> Page[Backup]:
        """Return the page from the current state."""
        start = start_after(self.records, marker)
        if start is None:
            raise ApiError(Reason.CLIENT_ERROR, "no such marker", status=404)
        shown = self.records[start : start + limit]
        return Page(
            records=shown,
            length=len(shown),
            markers=tuple(record.id for record in shown[-1:]),
            more=start + limit < len(self.records),
            limit=limit,
            total=len(self.records) if self._total else None,
        )

    def _now(self) -> Any:
        self._made += 1
        return NOON + timedelta(seconds=self._made)

    def _become(self, records: Iterator[Backup] | Records) -> None:
        self.history.append(tuple(sorted(records, key=self._key, reverse=self._descending)))


def start_after(records: Records, marker: str | None) -> int | None:
    """Return where the page after a marker starts; `None` if no record has it."""
    if marker is None:
        return 0
    return next((place for place, record in enumerate(records, 1) if record.id == marker), None)


def lasting(history: Sequence[Records]) -> set[str]:
    """Return the ids that every state of a list holds."""
    return set.intersection(*({record.id for record in records} for records in history))


class MissingRecord:
    """Whether a sequential walk can miss a record of a changing list, although every state holds it.

    Each request of such a walk reads the list no earlier than the request before it. A page may end at any of
    the `boundaries`, as if the API had put fewer records on it; the record before a marker may replace it.
    """

    def __init__(self, history: Sequence[Records], limit: int, boundaries: Collection[str]) -> None:
        self._history = history
        self._limit = limit
        self._boundaries = boundaries

    def can_be_missed(self, identity: str) -> bool:
        """Search all possible walks."""
        todo: list[tuple[int, str | None, str | None]] = [(0, None, None)]
        seen = set(todo)
        while todo:
            since, before, marker = todo.pop()
            for moment in range(since, len(self._history)):
                for cursor in {before, marker}:
                    for step in self._steps(identity, moment, cursor):
                        if step is None:
                            return True
                        if step not in seen:
                            seen.add(step)
                            todo.append(step)
        return False

    def _steps(
        self, identity: str, moment: int, cursor: str | None
    ) -> Iterator[tuple[int, str | None, str | None] | None]:
        """Give the ways to continue after a page without the record; `None`: the list has ended."""
        records = self._history[moment]
        start = start_after(records, cursor)
        if start is None:
            return
        before = cursor
        shown = records[start : start + self._limit]
        for record in shown:
            if record.id == identity:
                return
            if record.id in self._boundaries or record is shown[-1]:
                yield moment, before, record.id
            before = record.id
        if start + self._limit >= len(records):
            yield None


class LateAnswers:
    """A pool without threads, where the list changes between requests.

    Each response has the list's state at the time of its request, and is delivered later, when it
    may be out of date.
    """

    def __init__(self, choose: Choose, change: Callable[[], None]) -> None:
        self._choose = choose
        self._change = change
        self._sent: dict[Future[Any], Callable[[], Any]] = {}
        self._answered: dict[Future[Any], Callable[[], None]] = {}

    def pool(self, size: int) -> Pool:
        """Return the pool to pass to a walk."""
        return Pool(self._submit, size, self._await_any)

    def pause(self, _seconds: float) -> None:
        """Let time pass for one request: the list changes, and others are answered."""
        while step := self._choose(3):
            if step == 1:
                self._change()
            elif self._sent:
                self._answer(list(self._sent)[self._choose(len(self._sent))])

    def _submit(self, work: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._sent[future] = partial(work, *arguments)
        return future

    def _await_any(self, awaited: Collection[Future[Any]]) -> Collection[Future[Any]]:
        while True:
            ready = [future for future in self._answered if future in awaited]
            step = self._choose(3)
            if step == 0:
                self._change()
            elif self._sent and (step == 1 or not ready):
                self._answer(list(self._sent)[self._choose(len(self._sent))])
            elif ready:
                return [self._deliver(ready[self._choose(len(ready))])]

    def _answer(self, future: Future[Any]) -> None:
        work = self._sent.pop(future)
        try:
            self._answered[future] = partial(future.set_result, work())
        except ApiError as error:
            self._answered[future] = partial(future.set_exception, error)

    def _deliver(self, future: Future[Any]) -> Future[Any]:
        self._answered.pop(future)()
        return future
