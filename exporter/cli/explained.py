"""Explanations of databases as lines for people."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from exporter.backups import Problem, Requirement, RequirementState, Risk, describe, describe_age
from exporter.backups.explanation import RECENT_SECONDS
from exporter.cli.finding import Severity
from exporter.cli.matches import MatchedDatabase
from exporter.cli.moments import moment, rfc3339
from exporter.cli.report import INDENT, coloured_word
from exporter.cli.tables import table_lines
from exporter.durations import format_duration
from exporter.moments import OUT_OF_RANGE
from exporter.printable import printable_line
from exporter.results import BrokenChain, ChainLink, Gap, NewestChain
from exporter.wording import count

WORDS: Final = {RequirementState.MET: Severity.OK, RequirementState.MISSED: Severity.FAIL}
UNREQUIRED: Final = (Problem.CHAIN_BROKEN, Problem.LAST_ATTEMPT_FAILED)
"""The problems that no setting of an objective is about."""
REASONS: Final = {
    "parent_missing": "the list has no backup of this id",
    "parent_failed": "it failed",
    "parent_running": "it is still running",
    "cycle": "the chain leads back to it",
}
"""What is wrong with the link that breaks a chain."""


def lines_of(match: MatchedDatabase, *, coloured: bool) -> Iterator[str]:
    """Yield the whole explanation of one database. No line is wrapped: ids are there to be copied."""
    yield from _identity(match)
    yield from _objective(match, coloured=coloured)
    yield from _restore_points(match)
    yield from _chain(match)
    yield from _attempts(match)
    yield from _advice(match)


def overview(matches: Sequence[MatchedDatabase], *, width: int | None = None) -> list[str]:
    """Return one line for each of several databases, after a line of headings.

    :param width: the columns of the terminal; `None`: no limit.
    """
    head = ("", "target", "database", "id", "team", "datastore", "restorable", "what is wrong")
    names = Counter((match.target, match.database.name) for match in matches)
    rows = (_row(match, is_unique=names[match.target, match.database.name] == 1) for match in matches)
    return table_lines([head, *rows], width)


def _row(match: MatchedDatabase, *, is_unique: bool) -> tuple[str, ...]:
    """Return the cells of a database; its id only if several have its name."""
    database, risk = match.database, match.risk
    return (
        Severity.FAIL if match.explanation.is_at_risk else Severity.OK,
        match.target,
        database.name,
        "" if is_unique else database.instance_id,
        risk.team or "",
        database.datastore_type,
        describe_age(risk),
        _verdict(match),
    )


def _verdict(match: MatchedDatabase) -> str:
    """Return what is wrong in a few words."""
    if match.explanation.is_at_risk:
        return describe(match.risk)
    if match.explanation.requirements:
        return "nothing"
    return "deleted, no objective" if match.database.is_retired else "no objective"


def _identity(match: MatchedDatabase) -> Iterator[str]:
    database = match.database
    state = "at risk" if match.explanation.is_at_risk else "not at risk"
    yield printable_line(f"{database.name}: {state}")
    yield from _facts(
        ("target", match.target),
        ("id", database.instance_id),
        ("datastore", f"{database.datastore_type} {database.datastore_version or ''}".rstrip()),
        ("replica of", database.replica_of or ""),
        ("labels", ", ".join(f"{name}={value}" for name, value in database.labels)),
    )


def _objective(match: MatchedDatabase, *, coloured: bool) -> Iterator[str]:
    explanation = match.explanation
    yield from ("", "objective")
    if not explanation.requirements:
        yield f"{INDENT}none: {explanation.exemption}"
    for requirement in explanation.requirements:
        yield f"{INDENT}{_word(requirement, coloured=coloured)}  {printable_line(requirement.text)}"
    for problem in explanation.problems:
        if problem in UNREQUIRED:
            words = describe(Risk(match.database, match.now, (problem,)))
            yield f"{INDENT}{coloured_word(Severity.FAIL, coloured=coloured)}  {words}"
    for note in explanation.notes:
        yield f"{INDENT}note  {printable_line(note)}"


def _word(requirement: Requirement, *, coloured: bool) -> str:
    severity = WORDS.get(requirement.state)
    return "note" if severity is None else coloured_word(severity, coloured=coloured)


def _restore_points(match: MatchedDatabase) -> Iterator[str]:
    database, gap = match.database, match.explanation.largest_gap
    yield from ("", f"restore points: {database.restorable_backups:,}")
    yield from _facts(
        ("newest", _moment(database.restorable_newest_timestamp, match.now)),
        ("oldest", _moment(database.restorable_oldest_timestamp, match.now)),
        ("largest gap", _gap(gap, match.now) if gap else ""),
    )


def _moment(timestamp: float | None, now: float) -> str:
    return "" if timestamp is None else moment(timestamp, now)


def _gap(gap: Gap, now: float) -> str:
    end = "now" if gap.ends == now else rfc3339(gap.ends) or OUT_OF_RANGE
    return f"{format_duration(gap.seconds)}, from {rfc3339(gap.begins) or OUT_OF_RANGE} to {end}"


def _chain(match: MatchedDatabase) -> Iterator[str]:
    """Yield the links of the newest backup's chain, and what breaks it."""
    chain = match.database.chain
    if chain is None:
        return
    end = "the broken one" if chain.broken else "its full backup"
    shown = _shown(chain)
    number = count(len(shown) + chain.omitted, "backup")
    yield from ("", f"chain of the newest usable backup, from it to {end}: {number}")
    head = ("id", "name", "status", "created", "")
    rows = [head, *(_link(link, match.now, chain.broken) for link in shown)]
    yield from (f"{INDENT}{line}" for line in table_lines(rows, None))
    if chain.omitted:
        place = "before the broken one" if chain.broken else "after these"
        yield f"{INDENT}{count(chain.omitted, 'more backup')} {place}, not shown"
    if chain.broken:
        number = count(chain.broken.dependants, "backup")
        yield printable_line(f"{INDENT}{number} cannot be restored because of {chain.broken.culprit.id}")


def _shown(chain: NewestChain) -> Sequence[ChainLink]:
    """Return the links of a chain, and the broken one, which may be beyond those that are kept."""
    culprit = chain.broken.culprit if chain.broken else None
    is_beyond = culprit is not None and culprit.id not in {link.id for link in chain.links}
    return (*chain.links, culprit) if culprit and is_beyond else chain.links


def _link(link: ChainLink, now: float, broken: BrokenChain | None) -> tuple[str, ...]:
    is_culprit = broken is not None and broken.culprit.id == link.id
    fault = f"broken: {REASONS.get(broken.reason, broken.reason)}" if broken and is_culprit else ""
    return link.id, link.name or "", link.status or "", _moment(link.created_at, now), fault


def _attempts(match: MatchedDatabase) -> Iterator[str]:
    explanation = match.explanation
    recent = [f"{number:,} {outcome.name.lower()}" for outcome, number in explanation.recent_attempts]
    yield from ("", f"attempts of the last {format_duration(RECENT_SECONDS)}: {', '.join(recent) or 'none'}")
    if failed := explanation.failed_attempts:
        found = f"{count(failed.number, 'attempt')}, from {moment(failed.since, match.now)}"
        yield f"{INDENT}failed since the last completed one: {found}"


def _advice(match: MatchedDatabase) -> Iterator[str]:
    advice = match.explanation.advice
    yield from ("", "what to do") if advice else ()
    for step in advice:
        yield f"{INDENT}{step.text}"
        yield f"{INDENT}{INDENT}{step.url}"


def _facts(*facts: tuple[str, str]) -> Iterator[str]:
    """Yield a line for each fact that is known, with the texts aligned."""
    known = [(name, text) for name, text in facts if text]
    longest = max((len(name) for name, _ in known), default=0)
    for name, text in known:
        yield printable_line(f"{INDENT}{name:<{longest}}  {text}")
