"""What `check` prints."""

import json

import pytest
from msgspec import structs

from exporter.backups.risk import risks
from exporter.cli.finding import Finding, Severity
from exporter.cli.report import COLOURS, PLAIN, Report, as_json, as_lines
from tests.support.databases import NEVER, NOW, OLD, variant

FINDINGS = (Finding(Severity.OK, "fine"), Finding(Severity.WARN, "hm"))
REPORT = Report("prod", "https://api.example", FINDINGS, risks([OLD, NEVER], NOW))


def test_lines_for_people() -> None:
    """Each finding is a line; the databases at risk are a table."""
    assert list(as_lines(REPORT, coloured=False)) == [
        "prod  https://api.example",
        "  ok    fine",
        "  warn  hm",
        "",
        "  2 at risk, worst first",
        "  instance  datastore  restorable  what is wrong",
        "  carts     redis      never       no restorable backup",
        "  old       redis      5m ago      older than 3m 20s",
    ]


def test_a_team_has_a_column() -> None:
    """The label `team` is shown if any database at risk has it."""
    owned = variant("owned", restorable_newest_timestamp=NOW - 400, labels=(("team", "payments"),))
    report = Report("prod", "https://api.example", FINDINGS, risks([OLD, owned], NOW))

    assert list(as_lines(report, coloured=False))[-3:] == [
        "  instance  team      datastore  restorable  what is wrong",
        "  owned     payments  redis      6m 40s ago  older than 3m 20s",
        "  old                 redis      5m ago      older than 3m 20s",
    ]


def test_the_table_fits_a_terminal() -> None:
    """A long name is wrapped within its column, and no line is longer than the terminal."""
    long = variant("orders-" * 20, restorable_newest_timestamp=NOW - 300)
    report = Report("prod", "https://api.example", (), risks([long], NOW))
    lines = list(as_lines(report, coloured=False, width=60))

    assert all(len(line) <= 60 for line in lines)
    assert "".join(line[2:].split()[0] for line in lines[4:]).startswith("orders-orders-")
    assert len(list(as_lines(report, coloured=False))) == 5


def test_without_risks_there_is_no_table() -> None:
    """Without a database at risk, the report ends after the findings."""
    lines = list(as_lines(Report("prod", "https://api.example", FINDINGS, ()), coloured=True))

    assert lines == ["prod  https://api.example", "  \x1b[32mok  \x1b[0m  fine", "  \x1b[33mwarn\x1b[0m  hm"]


def test_json_for_programs() -> None:
    """JSON has the same, with ages in seconds."""
    (target,) = json.loads(as_json([REPORT]))["targets"]

    assert (target["name"], target["url"], target["ok"]) == ("prod", "https://api.example", True)
    assert target["findings"] == [{"level": "ok", "text": "fine"}, {"level": "warn", "text": "hm"}]
    assert target["at_risk"][0] == {
        "instance_id": "never",
        "instance_name": "carts",
        "datastore_type": "redis",
        "team": None,
        "restorable_age_seconds": None,
        "objective_age_seconds": 200.0,
        "running_for_seconds": 50.0,
        "dangers": ["no_restorable_backup"],
    }


def test_a_failed_target_is_not_ok() -> None:
    """JSON has the failure too."""
    failed = Report("prod", "https://api.example", (Finding(Severity.FAIL, "no"),), ())

    assert not failed.is_ok
    assert json.loads(as_json([failed]))["targets"][0]["findings"] == [{"level": "fail", "text": "no"}]


HOSTILE = "pay\n  ok    all fine\x1b[2J\x9b31m\u202edb\ud800"


def hostile() -> Report:
    """Return a report whose texts all come from a hostile API."""
    (risk,) = risks([structs.replace(OLD, instance_name=HOSTILE, datastore_type=HOSTILE)], NOW)
    return Report(HOSTILE, HOSTILE, (Finding(Severity.WARN, HOSTILE),), (risk,))


@pytest.mark.parametrize("coloured", [False, True])
def test_no_name_forges_a_line_or_controls_the_terminal(coloured: bool) -> None:  # noqa: FBT001 - a parameter
    """Each text stays on its line with control characters escaped, and the columns stay aligned."""
    lines = list(as_lines(hostile(), coloured=coloured))
    plain = [line.replace(COLOURS[Severity.WARN], "").replace(PLAIN, "") for line in lines]

    assert len(lines) == 6
    assert all(line.isprintable() for line in plain)
    assert plain[1] == r"  warn  pay\n  ok    all fine\x1b[2J\x9b31m\u202edb\ud800"
    assert plain[-1].endswith("  older than 3m 20s")
    assert plain[-2].index("what is wrong") == plain[-1].index("older than")


def test_json_has_every_name_unchanged() -> None:
    """JSON escapes control characters, so it is safe to print too."""
    text = as_json([hostile()])
    (target,) = json.loads(text)["targets"]

    assert all(line.isprintable() for line in text.splitlines())
    assert target["at_risk"][0]["instance_name"] == HOSTILE
    assert target["findings"][0]["text"] == HOSTILE
