"""Prints what `check` finds: lines for people, JSON for programs."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from exporter.backups.risk import Risk, describe, describe_age
from exporter.cli.finding import Finding, Severity
from exporter.cli.tables import table_lines
from exporter.printable import printable_line

COLOURS: Final = {Severity.OK: "\x1b[32m", Severity.WARN: "\x1b[33m", Severity.FAIL: "\x1b[31m"}
PLAIN: Final = "\x1b[0m"
INDENT: Final = "  "
NARROWEST: Final = 20  # columns; a terminal that has fewer wraps the lines itself


class Report(Struct, frozen=True):
    """All findings about one target, and its databases at risk."""

    name: str
    url: str
    findings: Sequence[Finding]
    risks: Sequence[Risk]

    @property
    def is_ok(self) -> bool:
        """Whether nothing failed; a database at risk is no failure."""
        return all(finding.severity is not Severity.FAIL for finding in self.findings)


def as_lines(report: Report, *, coloured: bool, width: int | None = None) -> Iterator[str]:
    """Yield the lines of a report for people, with names from the API made printable.

    :param width: the columns that the table of databases may have; `None`: no limit.
    """
    yield printable_line(f"{report.name}  {report.url}")
    for finding in report.findings:
        yield f"  {coloured_word(finding.severity, coloured=coloured)}  {printable_line(finding.text)}"
    if report.risks:
        yield ""
        yield f"  {len(report.risks)} at risk, worst first"
        yield from (f"{INDENT}{line}" for line in table_lines(_rows(report.risks), _narrowed(width)))


def as_json(reports: Iterable[Report], warnings: Sequence[str] = ()) -> str:
    """Return reports as JSON in ASCII: ages in seconds, `null` for none.

    :param warnings: of the configuration, which concern no single target.
    """
    document = {"warnings": list(warnings), "targets": [_object(report) for report in reports]}
    return json.dumps(document, indent=2)


def coloured_word(severity: Severity, *, coloured: bool) -> str:
    """Return the word that begins a finding, as wide as the longest of them."""
    word = f"{severity.value:4}"
    return f"{COLOURS[severity]}{word}{PLAIN}" if coloured else word


def is_coloured() -> bool:
    """Whether to colour standard output: if it is a terminal, unless https://no-color.org says otherwise."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _narrowed(width: int | None) -> int | None:
    return None if width is None else max(NARROWEST, width - len(INDENT))


def _rows(risks: Sequence[Risk]) -> Iterator[tuple[str, ...]]:
    yield "instance", "team", "datastore", "restorable", "what is wrong"
    for risk in risks:
        yield risk.name, risk.team or "", risk.datastore_type, describe_age(risk), describe(risk)


def _object(report: Report) -> dict[str, Any]:
    return {
        "name": report.name,
        "url": report.url,
        "ok": report.is_ok,
        "findings": [{"level": f.severity.value.lower(), "text": f.text} for f in report.findings],
        "at_risk": [_risk_object(risk) for risk in report.risks],
    }


def _risk_object(risk: Risk) -> dict[str, Any]:
    return {
        "instance_id": risk.instance_id,
        "instance_name": risk.instance_name,
        "datastore_type": risk.datastore_type,
        "team": risk.team,
        "restorable_age_seconds": risk.age,
        "objective_age_seconds": risk.objective_age,
        "running_for_seconds": risk.running_for,
        "dangers": [problem.name.lower() for problem in risk.problems],
    }
