"""`check`: tests each target with one walk and reports what it finds."""

from argparse import Namespace
from collections.abc import Iterable, Sequence

import structlog

from exporter.app.exporter import Exporter
from exporter.app.runtime import TargetRuntime
from exporter.backups.risk import risks
from exporter.cli.finding import Severity
from exporter.cli.findings import find
from exporter.cli.report import Report, as_json, as_lines, is_coloured
from exporter.cli.tables import terminal_width
from exporter.cli.walking import walk
from exporter.config import Config
from exporter.server.watched import WatchedWebConfig


def run(options: Namespace, config: Config, warnings: Sequence[str] = ()) -> int:
    """Walk each target once and print what is found; 1 if a target fails.

    :param warnings: what loading the configuration found.
    """
    web = WatchedWebConfig(options.web_config, structlog.get_logger())
    warnings = (*warnings, *web.config.basic_auth_users.warnings)
    as_text = options.output == "text"
    if as_text:
        _print_warnings(warnings)
    reports = []
    with Exporter(config) as exporter:
        for runtime in exporter.runtimes.values():
            report = _examine(runtime, options.scrape_interval)
            reports.append(report)
            if as_text:
                print("\n".join(as_lines(report, coloured=is_coloured(), width=terminal_width())))
    if not as_text:
        print(as_json(reports, warnings))
    return 0 if all(report.is_ok for report in reports) else 1


def _examine(runtime: TargetRuntime, interval: float) -> Report:
    outcome = walk(runtime)
    assessments = outcome.snapshot.assessments if outcome.snapshot else ()
    return Report(
        name=runtime.target.name,
        url=str(runtime.target.url),
        findings=list(find(runtime.walker, outcome, interval)),
        risks=risks(assessments, runtime.api.clock.now()),
    )


def _print_warnings(warnings: Iterable[str]) -> None:
    for warning in warnings:
        print(f"{Severity.WARN}  {warning}")
