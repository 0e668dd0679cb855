"""`explain`: why databases are at risk or not, and what to do next."""

import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from exporter.app.exporter import Exporter
from exporter.backups import explain
from exporter.cli.explained import lines_of, overview
from exporter.cli.explained_json import as_json
from exporter.cli.matches import Candidate, MatchedDatabase, matching, nearest, worst_first
from exporter.cli.report import is_coloured
from exporter.cli.tables import terminal_width
from exporter.cli.targets import target_named
from exporter.cli.walking import walk
from exporter.config import Config
from exporter.errors import ConfigError
from exporter.printable import printable_line
from exporter.target import WalkOutcome
from exporter.wording import count


def run(options: Namespace, config: Config) -> int:
    """Walk the targets once and explain the databases that match; 1 if one is at risk or a walk fails.

    :raises ConfigError: if no database matches.
    """
    outcomes, now = _walk(config, options.target)
    candidates = _candidates(outcomes)
    found = matching(options.database, candidates)
    error = _error(outcomes)
    if not found and error is None:
        raise _unknown(options.database, candidates)
    matches = worst_first(MatchedDatabase(one.target, explain(one.database, now), now) for one in found)
    if options.output == "json":
        print(as_json(matches, error))
    else:
        _print(matches, error)
    return 1 if error or any(match.explanation.is_at_risk for match in matches) else 0


def _walk(config: Config, name: str | None) -> tuple[Mapping[str, WalkOutcome], float]:
    """Walk each target, or the one of this name. Return the outcomes by name, and the time (Unix seconds)."""
    if name is not None:
        config = replace(config, targets=(target_named(config, name),))
    with Exporter(config) as exporter:
        outcomes = {name: walk(runtime) for name, runtime in exporter.runtimes.items()}
        return outcomes, exporter.clock.now()


def _candidates(outcomes: Mapping[str, WalkOutcome]) -> Sequence[Candidate]:
    return [
        Candidate(target, database)
        for target, outcome in outcomes.items()
        if outcome.snapshot
        for database in outcome.snapshot.assessments
    ]


def _error(outcomes: Mapping[str, WalkOutcome]) -> str | None:
    """Return why targets could not be walked, in one line."""
    errors = [(target, outcome.error) for target, outcome in outcomes.items() if outcome.error]
    return "; ".join(f"{target}: {error.reason}: {error}" for target, error in errors) or None


def _unknown(wanted: str, candidates: Sequence[Candidate]) -> ConfigError:
    text = f"no database has the name or id {wanted!r}, and none matches it; {_hint(wanted, candidates)}"
    return ConfigError(text)


def _hint(wanted: str, candidates: Sequence[Candidate]) -> str:
    unnamed = sum(not candidate.database.instance_name for candidate in candidates)
    if names := nearest(wanted, candidates):
        return f"nearest: {', '.join(names)}{_hint_at_ids(unnamed)}"
    if candidates and unnamed == len(candidates):
        return "only ids are known, no names: see `check`"
    return f"{count(len(candidates), 'database')} known: explain '*' lists all{_hint_at_ids(unnamed)}"


def _hint_at_ids(unnamed: int) -> str:
    """Say how to explain databases that have no name, such as deleted ones."""
    if not unnamed:
        return ""
    return f"; {count(unnamed, 'deleted or unlisted database')} can be explained only by id"


def _print(matches: Sequence[MatchedDatabase], error: str | None) -> None:
    if len(matches) == 1:
        lines = list(lines_of(matches[0], coloured=is_coloured()))
    else:
        lines = overview(matches, width=terminal_width()) if matches else []
    for line in lines:
        print(line)
    if error:
        print(printable_line(error), file=sys.stderr)
