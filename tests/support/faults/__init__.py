"""Fault injection for the simulated API: `FaultyApi` and the faults."""

from exporter.simulator.http.delivery import Delivery as Fault
from tests.support.faults.api import FaultyApi
from tests.support.faults.content import CannedReply, ErrorBody, Malform, Rewrite
from tests.support.faults.delivery import (
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
from tests.support.faults.queue import Faults

__all__ = [
    "CannedReply",
    "CutBody",
    "Delay",
    "DripBody",
    "DripHeaders",
    "ErrorBody",
    "Fault",
    "Faults",
    "FaultyApi",
    "HangBeforeHeaders",
    "HangInBody",
    "Malform",
    "Raw",
    "Reset",
    "Rewrite",
    "WrongLength",
]
