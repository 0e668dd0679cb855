"""A simulated ByCloud API on a real socket, for demos, tests and benchmarks.

- `server`, `http`: the API's socket and messages; `command` runs it as a process
- `admission`, `ratelimit`: which requests it accepts
- `catalog`, `listing`: the lists and their pages
- `quirks`: where the real API may differ from its documentation
- `fleet`: the databases and their backups
"""

from exporter.simulator.fleet.ailments import Ailment
from exporter.simulator.fleet.bulk import bulk_backups, bulk_instances
from exporter.simulator.fleet.fleet import Fleet
from exporter.simulator.http.message import Request
from exporter.simulator.quirks import Quirks
from exporter.simulator.ratelimit import Tier as RateLimitTier
from exporter.simulator.server import SimulatedApi

__all__ = [
    "Ailment",
    "Fleet",
    "Quirks",
    "RateLimitTier",
    "Request",
    "SimulatedApi",
    "bulk_backups",
    "bulk_instances",
]
