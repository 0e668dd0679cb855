"""Explanations of databases for programs."""

import json

from msgspec.structs import replace

from exporter.cli.explained_json import as_json
from exporter.results import Attempt, Gaps, Outcome, TimeLine
from tests.support.explained import BROKEN, DAY, FREE, HOUR, NOW, match

RUNBOOKS = "https://github.com/bycloud-backup-exporter/bycloud-backup-exporter/blob/main/docs/runbooks"


def test_json_has_all_of_the_explanation() -> None:
    """Times are RFC 3339 in UTC, durations are seconds."""
    answer = json.loads(as_json([match(BROKEN)], None))
    (database,) = answer["databases"]

    assert list(answer) == ["databases"]
    assert (database["target"], database["instance_id"], database["instance_name"]) == (
        "prod",
        "550e8400",
        "orders-db",
    )
    assert (database["datastore_type"], database["datastore_version"]) == ("postgresql", "15.4")
    assert database["replica_of"] is None
    assert database["deleted"] is False
    assert database["labels"] == {"team": "payments", "tier": "gold"}
    assert database["at_risk"] is True
    assert database["dangers"] == ["over_objective", "chain_broken", "last_attempt_failed"]
    assert database["objective"] == {
        "max_age": 30 * HOUR,
        "max_duration": None,
        "min_retention": 30 * DAY,
        "max_gap": None,
        "max_full_age": None,
        "max_chain": None,
    }
    assert database["requirements"][1] == {
        "key": "min_retention",
        "state": "note",
        "text": "reaches back 8d of 30d",
    }
    assert database["notes"] == []
    assert database["restore_points"] == {
        "number": 12,
        "newest": "2025-12-28T20:00:00Z",
        "newest_age_seconds": 3 * DAY + 4 * HOUR,
        "oldest": "2025-12-24T00:00:00Z",
        "largest_gap": {
            "seconds": 4 * DAY,
            "begins": "2025-12-24T00:00:00Z",
            "ends": "2025-12-28T00:00:00Z",
        },
    }
    assert database["chain"]["omitted"] == 5
    assert [link["id"] for link in database["chain"]["links"]] == ["b-3", "b-2"]
    assert database["chain"]["broken"] == {
        "reason": "parent_failed",
        "culprit": {
            "id": "b-1",
            "name": "orders-monday",
            "status": "FAILED",
            "created_at": "2025-12-30T00:00:00Z",
        },
        "unrestorable_backups": 2,
    }
    assert database["recent_attempts"] == {"full": 1, "unrestorable": 2, "failed": 1}
    assert database["failed_attempts"] is None
    assert database["advice"][2] == {
        "danger": "last_attempt_failed",
        "text": "Look up why the last attempt failed, fix the cause, and start a backup.",
        "runbook": f"{RUNBOOKS}/ByCloudBackupFailed.md",
    }


def test_failures_in_a_row_are_counted() -> None:
    """With the time of the first."""
    attempts = TimeLine.of([Attempt(NOW - 2 * DAY, Outcome.FAILED), Attempt(NOW - DAY, Outcome.FAILED)])
    (database,) = json.loads(as_json([match(replace(BROKEN, timeline=attempts))], None))["databases"]

    assert database["failed_attempts"] == {"number": 2, "since": "2025-12-30T00:00:00Z"}


def test_what_is_unknown_is_null() -> None:
    """A database without backups has neither restore points nor a chain."""
    bare = replace(
        FREE,
        restorable_newest_timestamp=None,
        restorable_oldest_timestamp=None,
        gaps=Gaps(),
        chain=None,
        restorable_backups=0,
    )
    (database,) = json.loads(as_json([match(bare)], None))["databases"]

    assert database["chain"] is None
    assert database["restore_points"] == {
        "number": 0,
        "newest": None,
        "newest_age_seconds": None,
        "oldest": None,
        "largest_gap": None,
    }


def test_an_error_comes_first() -> None:
    """It is a text; without an error, there is no such key."""
    assert json.loads(as_json([], "prod: auth: refused")) == {
        "error": "prod: auth: refused",
        "databases": [],
    }
