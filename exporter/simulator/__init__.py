"""A faithful ByCloud API for demos, tests and benchmarks, over real sockets."""

from exporter.simulator.delivery import (
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
from exporter.simulator.fault import Answer, ErrorBody, Fault, Malform, Rewrite
from exporter.simulator.faults import Faults
from exporter.simulator.fleet import Fleet
from exporter.simulator.habits import Habits
from exporter.simulator.many import hosts, many
from exporter.simulator.message import Request
from exporter.simulator.server import SimulatedApi
from exporter.simulator.sickness import Sick

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
