"""The faults that wait for requests."""

from collections.abc import Callable
from threading import Lock

from exporter.simulator.http.delivery import Delivery
from exporter.simulator.http.message import Request


class _Pending:
    """A fault that waits for its requests."""

    def __init__(self, fault: Delivery, times: int | None, when: Callable[[Request], bool] | None) -> None:
        self.fault = fault
        self.when = when
        self.times = times

    def matches(self, request: Request) -> bool:
        return self.times != 0 and (self.when is None or self.when(request))


class Faults:
    """Injects faults: the first one added that matches a request is used."""

    def __init__(self) -> None:
        self._pending: list[_Pending] = []
        self._lock = Lock()

    def add(
        self, fault: Delivery, *, times: int | None = 1, when: Callable[[Request], bool] | None = None
    ) -> None:
        """Inject a fault into the next `times` requests (None: all) for which `when` is true."""
        with self._lock:
            self._pending.append(_Pending(fault, times, when))

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._pending.clear()

    def take(self, request: Request) -> Delivery:
        """Return the fault for a request and count it; a normal `Delivery` if none matches."""
        with self._lock:
            pending = next((pending for pending in self._pending if pending.matches(request)), None)
            if pending is not None and pending.times is not None:
                pending.times -= 1
            return Delivery() if pending is None else pending.fault
