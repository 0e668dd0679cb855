"""Compliance as the rules record it equals a naive count over the same world."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest
from msgspec import Struct

from tests.support.rule_world import (
    DAY,
    HOUR,
    MINUTE,
    RARELY_EVALUATED,
    SLOW,
    USUAL,
    Database,
    Exporter,
    Pace,
    except_during,
    since,
    steps,
    value_at,
)
from tests.support.situation import values_failure

END: Final = 14 * HOUR
TICK: Final = 600
OLD: Final = -40 * HOUR
DATABASES: Final = (
    Database(id="good", team="payments"),
    Database(id="late", team="payments", newest=steps(OLD, (3 * HOUR, 3 * HOUR))),
    Database(id="ages", team="search", newest=-20 * HOUR),
    Database(id="lost", restorable=steps(8, (5 * HOUR, 0)), newest=steps(-HOUR, (5 * HOUR, None)), failed=1),
    Database(id="young", team="search", exists=since(10 * HOUR)),
    Database(id="first", restorable=0, newest=None, failed=None, objective=4 * HOUR),
    Database(id="retired", team="payments", newest=OLD, objective=steps(30 * HOUR, (9 * HOUR, None))),
    Database(id="free", newest=OLD, objective=None),
)
TEAMS: Final = {database.id: database.team for database in DATABASES}


class Share(Struct):
    """Samples of one database, team or fleet."""

    known: int = 0
    met: int = 0

    def add(self, other: "Share") -> None:
        """Count another's samples too."""
        self.known += other.known
        self.met += other.met


def _is_known(exporter: Exporter, time: float) -> bool:
    return exporter.exists(time) and exporter.answers(time) and exporter.walks(time)


def _verdict(database: Database, scraped: float, now: float, first_known: float) -> bool | None:
    """Return whether a database meets its objective; `None` if that is unknown or nothing is due."""
    objective = value_at(database.objective, scraped)
    if objective is None or not database.exists(scraped):
        return None
    newest = value_at(database.newest, scraped)
    if newest is not None:
        return now - newest <= objective
    if database.failed is not None:
        return False
    return False if now - first_known > objective else None


def _counted(exporter: Exporter, pace: Pace) -> dict[str, Share]:
    """Count each database's samples, one every ten minutes."""
    found: dict[str, Share] = defaultdict(Share)
    first_known: float | None = None
    for now in range(0, int(END) + 1, TICK):
        scraped = pace.phase + (now - pace.phase) // pace.scrape * pace.scrape
        if scraped < 0 or not _is_known(exporter, scraped):
            continue
        first_known = now if first_known is None else first_known
        for database in exporter.databases:
            verdict = _verdict(database, scraped, now, first_known)
            if verdict is not None:
                found[database.id].add(Share(1, int(verdict)))
    counts = {database.id for database in exporter.databases if value_at(database.objective, END)}
    return {identifier: share for identifier, share in found.items() if identifier in counts}


def _expected(counted: Mapping[str, Share]) -> dict[str, dict[str, float]]:
    levels: dict[str, dict[str, list[Share]]] = {"database": {}, "team": {}, "fleet": {}}
    for identifier, share in counted.items():
        name = TEAMS[identifier]
        team = f'team="{name}"' if name else ""
        levels["database"][f'instance_id="{identifier}",{team}'] = [share]
        levels["team"].setdefault(team, []).append(share)
        levels["fleet"].setdefault("", []).append(share)
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for level, groups in levels.items():
        for labels, shares in groups.items():
            known = sum(share.known for share in shares)
            ratio = sum(share.met for share in shares) / known
            values[f"bycloud:{level}_compliance:ratio"][labels] = ratio
            values[f"bycloud:{level}_compliance:days"][labels] = known / len(shares) * TICK / DAY
            values[f"bycloud:{level}_error_budget:ratio"][labels] = 1 - (1 - ratio) / 0.01
            if level != "database":
                values[f"bycloud:{level}_compliance:databases"][labels] = len(shares)
    return values


def _in_an_outage(**states: Callable[[float], bool]) -> Exporter:
    return Exporter(databases=DATABASES, **states)  # type: ignore[arg-type]  # the caller names its fields


WORLDS: Final = {
    "without an outage": _in_an_outage(),
    "while the API fails": _in_an_outage(walks=except_during(2 * HOUR, 6 * HOUR)),
    "while the exporter is gone": _in_an_outage(exists=except_during(4 * HOUR, 7 * HOUR)),
    "while scrapes fail, and the API does later": _in_an_outage(
        answers=except_during(HOUR, 2 * HOUR), walks=except_during(8 * HOUR, 11 * HOUR + 5 * MINUTE)
    ),
}


RUNS: Final = [
    *((world, pace) for world in WORLDS for pace in (USUAL, SLOW)),
    # With rarer evaluations than scrapes, the end of scrapes is noticed one evaluation late: see `BRIDGE`.
    *((world, RARELY_EVALUATED) for world in ("without an outage", "while the API fails")),
]


@pytest.mark.slow
@pytest.mark.parametrize(("world", "pace"), RUNS, ids=lambda value: getattr(value, "name", value))
def test_compliance_is_what_a_naive_count_gives(world: str, pace: Pace, tmp_path: Path) -> None:
    """Known and met samples of every database, team and fleet agree, also around outages."""
    exporter = WORLDS[world]
    counted = _counted(exporter, pace)

    assert len({share.known for share in counted.values()}) > 1
    assert values_failure([exporter], pace, END, _expected(counted), tmp_path) == ""


@pytest.mark.slow
def test_a_restarted_exporter_leaves_no_known_time_uncounted(tmp_path: Path) -> None:
    """Restarts within an outage change nothing; one without an outage neither."""
    exporter = Exporter(
        databases=DATABASES[:3], walks=except_during(2 * HOUR, 6 * HOUR), starts=(3 * HOUR, 8 * HOUR)
    )

    assert values_failure([exporter], USUAL, END, _expected(_counted(exporter, USUAL)), tmp_path) == ""


def test_the_naive_count_ignores_outages() -> None:
    """Four hours are 24 samples."""
    whole, less = (_counted(WORLDS[name], USUAL) for name in ("without an outage", "while the API fails"))

    assert whole["good"].known - less["good"].known == 24
