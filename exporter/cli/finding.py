"""One line of what `check` reports."""

from enum import StrEnum

from msgspec import Struct


class Severity(StrEnum):
    """What a finding means: `FAIL` fails the command, `WARN` needs attention."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


class Finding(Struct, frozen=True):
    """One line of the report."""

    severity: Severity
    text: str
