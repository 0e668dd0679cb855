"""The simulated API with faults."""

from typing import Any

from exporter.simulator import Request, SimulatedApi
from exporter.simulator.http.delivery import Delivery
from tests.support.faults.queue import Faults


class FaultyApi(SimulatedApi):
    """A simulated API; `faults` decides which replies are changed, cut, delayed or dropped."""

    def __init__(self, **settings: Any) -> None:
        self.faults = Faults()
        super().__init__(**settings)

    def delivery(self, request: Request) -> Delivery:
        """Return the fault for a request."""
        return self.faults.take(request)
