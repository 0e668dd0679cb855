"""A simulated ByCloud API on a real socket, for demos, tests and benchmarks."""

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
