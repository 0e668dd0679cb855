"""What `check` found, as lines for people and as JSON for machines."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from exporter.backups.risk import Risk, describe, describe_age
from exporter.cli.check import Finding, Level
from exporter.printable import printable

COLOURS: Final = {Level.OK: "\x1b[32m", Level.WARN: "\x1b[33m", Level.FAIL: "\x1b[31m"}
PLAIN: Final = "\x1b[0m"


class Report(Struct, frozen=True):
    """All that was found of one target."""

    name: str
    url: str
    findings: Sequence[Finding]
    risks: Sequence[Risk]

    @property
    def is_well(self) -> bool:
        """Say whether nothing failed; an instance at risk is no failure of the exporter."""
        return all(finding.level is not Level.FAIL for finding in self.findings)


def as_lines(report: Report, *, coloured: bool) -> Iterator[str]:
    """Write a report for people, in colour where it is wanted; what the API named is made printable."""
    yield printable(f"{report.name}  {report.url}")
    for finding in report.findings:
        yield f"  {_level(finding.level, coloured=coloured)}  {printable(finding.text)}"
    if report.risks:
        yield ""
        yield f"  {len(report.risks)} at risk, the worst first"
        yield from _table(report.risks)


def as_json(reports: Iterable[Report]) -> str:
    """Write reports for machines, in ASCII: ages in seconds, `null` where there is none."""
    return json.dumps({"targets": [_object(report) for report in reports]}, indent=2)


def _level(level: Level, *, coloured: bool) -> str:
    word = f"{level.value:4}"
    return f"{COLOURS[level]}{word}{PLAIN}" if coloured else word


def _table(risks: Sequence[Risk]) -> Iterator[str]:
    rows = [("instance", "datastore", "restorable", "what is wrong"), *map(_row, risks)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for *cells, last in rows:
        yield (
            "  "
            + "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
            + f"  {last}"
        )


def _row(risk: Risk) -> tuple[str, str, str, str]:
    return printable(risk.name), printable(risk.datastore_type), describe_age(risk), describe(risk)


def _object(report: Report) -> dict[str, Any]:
    return {
        "name": report.name,
        "url": report.url,
        "well": report.is_well,
        "findings": [{"level": f.level.value.lower(), "text": f.text} for f in report.findings],
        "at_risk": [_risk_object(risk) for risk in report.risks],
    }


def _risk_object(risk: Risk) -> dict[str, Any]:
    return {
        "instance_id": risk.instance_id,
        "instance_name": risk.instance_name,
        "datastore_type": risk.datastore_type,
        "restorable_age_seconds": risk.age,
        "objective_age_seconds": risk.objective_age,
        "running_for_seconds": risk.running_for,
        "dangers": [problem.name.lower() for problem in risk.problems],
    }
