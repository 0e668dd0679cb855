"""The faults that are ordered, and which of them meets a request."""

from collections.abc import Callable
from threading import Lock

from exporter.simulator.fault import Fault
from exporter.simulator.http.message import Request


class _Order:
    """A fault that waits for its requests."""

    def __init__(self, fault: Fault, times: int | None, when: Callable[[Request], bool] | None) -> None:
        self.fault = fault
        self.when = when
        self.times = times

    def meets(self, request: Request) -> bool:
        return self.times != 0 and (self.when is None or self.when(request))


class Faults:
    """The faults that are yet to come, the first that meets a request going first."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []
        self._lock = Lock()

    def add(
        self, fault: Fault, *, times: int | None = 1, when: Callable[[Request], bool] | None = None
    ) -> None:
        """Let a fault befall the next `times` requests that `when` picks (None: every one)."""
        with self._lock:
            self._orders.append(_Order(fault, times, when))

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._orders.clear()

    def take(self, request: Request) -> Fault:
        """Return the fault for a request and count it; `Fault()` if there is none."""
        with self._lock:
            order = next((order for order in self._orders if order.meets(request)), None)
            if order is not None and order.times is not None:
                order.times -= 1
            return Fault() if order is None else order.fault
