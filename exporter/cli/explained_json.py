"""Explanations of databases as JSON for programs."""

import json
from collections.abc import Sequence
from typing import Any

from exporter.backups import Explanation
from exporter.cli.matches import MatchedDatabase
from exporter.cli.moments import rfc3339
from exporter.results import AppliedObjective, ChainLink, NewestChain


def as_json(matches: Sequence[MatchedDatabase], error: str | None) -> str:
    """Return explanations as JSON in ASCII: times in UTC, durations in seconds, `null` for what is unknown.

    :param error: why a target could not be walked.
    """
    failure = {} if error is None else {"error": error}
    return json.dumps(failure | {"databases": [_match(match) for match in matches]}, indent=2)


def _match(match: MatchedDatabase) -> dict[str, Any]:
    explanation, database, failed = match.explanation, match.database, match.explanation.failed_attempts
    return {
        "target": match.target,
        "instance_id": database.instance_id,
        "instance_name": database.instance_name,
        "datastore_type": database.datastore_type,
        "datastore_version": database.datastore_version,
        "replica_of": database.replica_of,
        "deleted": database.is_retired,
        "labels": dict(database.labels),
        "at_risk": explanation.is_at_risk,
        "dangers": [problem.name.lower() for problem in explanation.problems],
        "objective": _objective(database.objective),
        "requirements": [
            {"key": part.key, "state": part.state.value, "text": part.text}
            for part in explanation.requirements
        ],
        "notes": list(explanation.notes),
        "restore_points": _restore_points(match),
        "chain": _chain(database.chain) if database.chain else None,
        "recent_attempts": {outcome.name.lower(): number for outcome, number in explanation.recent_attempts},
        "failed_attempts": failed and {"number": failed.number, "since": _moment(failed.since)},
        "advice": _advice(explanation),
    }


def _objective(objective: AppliedObjective) -> dict[str, Any]:
    return {
        "max_age": objective.age,
        "max_duration": objective.duration,
        "min_retention": objective.retention,
        "max_gap": objective.gap,
        "max_full_age": objective.full_age,
        "max_chain": objective.chain_length,
    }


def _restore_points(match: MatchedDatabase) -> dict[str, Any]:
    database, gap = match.database, match.explanation.largest_gap
    return {
        "number": database.restorable_backups,
        "newest": _moment(database.restorable_newest_timestamp),
        "newest_age_seconds": match.risk.age,
        "oldest": _moment(database.restorable_oldest_timestamp),
        "largest_gap": gap
        and {"seconds": gap.seconds, "begins": _moment(gap.begins), "ends": _moment(gap.ends)},
    }


def _chain(chain: NewestChain) -> dict[str, Any]:
    broken = chain.broken
    return {
        "links": [_link(link) for link in chain.links],
        "omitted": chain.omitted,
        "broken": broken
        and {
            "reason": broken.reason,
            "culprit": _link(broken.culprit),
            "unrestorable_backups": broken.dependants,
        },
    }


def _link(link: ChainLink) -> dict[str, Any]:
    return {
        "id": link.id,
        "name": link.name,
        "status": link.status,
        "created_at": _moment(link.created_at),
    }


def _advice(explanation: Explanation) -> list[dict[str, str]]:
    return [
        {"danger": step.problem.name.lower(), "text": step.text, "runbook": step.url}
        for step in explanation.advice
    ]


def _moment(timestamp: float | None) -> str | None:
    return None if timestamp is None else rfc3339(timestamp)
