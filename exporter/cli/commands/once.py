"""`once`: the metrics of one walk, on standard output or in a file."""

import sys
from argparse import Namespace
from pathlib import Path

from exporter.app.exporter import Exporter
from exporter.cli.targets import target_named, unknown_target
from exporter.cli.walking import walk
from exporter.config import Config
from exporter.metrics.collector import render_text, write_text
from exporter.printable import printable_line
from exporter.results import ScrapeResult
from exporter.target import scrape_result_of


def run(options: Namespace, config: Config) -> int:
    """Walk one target and print or write its metrics; 1 if the walk or the output fails."""
    name = _target_name(config, options.target)
    with Exporter(config) as exporter:
        runtime = exporter.runtimes[name]
        outcome = walk(runtime)
        result = scrape_result_of(outcome, exporter.clock.monotonic(), runtime.target.max_backups)
    problem = f"{name}: {outcome.error.reason}: {outcome.error}" if outcome.error else None
    if not options.output:
        sys.stdout.write(render_text(result))
    elif not problem:
        problem = _write(result, options.output)
    if problem:
        print(printable_line(problem), file=sys.stderr)
    return 1 if problem else 0


def _target_name(config: Config, name: str | None) -> str:
    """Return the target to scrape; with a single target, the name may be omitted."""
    if name is not None:
        return target_named(config, name).name
    if len(config.targets) > 1:
        raise unknown_target(config, "none")
    return config.targets[0].name


def _write(result: ScrapeResult, path: Path) -> str | None:
    """Write the file. Return the problem if that failed: it is not a usage error, because the command ran."""
    try:
        write_text(result, path)
    except OSError as error:
        return f"--output: cannot write {path}: {error.strerror}"
    return None
