"""A faithful ByCloud API for demos, tests and benchmarks, over real sockets."""

from exporter.simulator.fault import Answer, ErrorBody, Fault, Malform, Rewrite
from exporter.simulator.faults import Faults
from exporter.simulator.fleet.ailments import Sick
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
from exporter.simulator.quirks import Habits
from exporter.simulator.server import SimulatedApi

__all__ = [
    "Answer",
    "CutBody",
    "Delay",
    "DripBody",
    "DripHeaders",
    "ErrorBody",
    "Fault",
    "Faults",
    "Fleet",
    "Habits",
    "HangBeforeHeaders",
    "HangInBody",
    "Malform",
    "Raw",
    "Request",
    "Reset",
    "Rewrite",
    "Sick",
    "SimulatedApi",
    "WrongLength",
    "hosts",
    "many",
]
