"""A simulated ByCloud API on a real socket, for demos, tests and benchmarks."""

from exporter.simulator.fault import Answer, ErrorBody, Fault, Malform, Rewrite
from exporter.simulator.faults import Faults
from exporter.simulator.fleet.ailments import Ailment
from exporter.simulator.fleet.bulk import hosts, many
from exporter.simulator.fleet.fleet import Fleet
from exporter.simulator.http.delivery import (
    CutBody,
    Delay,
    DripBody,
    DripHeaders,
    HangBeforeHeaders,
    HangInBody,
    Raw,
    Reset,
    WrongLength,
)
from exporter.simulator.http.message import Request
from exporter.simulator.quirks import Quirks
from exporter.simulator.server import SimulatedApi

__all__ = [
    "Ailment",
    "Answer",
    "CutBody",
    "Delay",
    "DripBody",
    "DripHeaders",
    "ErrorBody",
    "Fault",
    "Faults",
    "Fleet",
    "HangBeforeHeaders",
    "HangInBody",
    "Malform",
    "Quirks",
    "Raw",
    "Request",
    "Reset",
    "Rewrite",
    "SimulatedApi",
    "WrongLength",
    "hosts",
    "many",
]
