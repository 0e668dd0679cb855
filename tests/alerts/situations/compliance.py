"""When the ticket on a team's error budget opens and closes."""

from collections.abc import Callable, Sequence
from typing import Final

from tests.support.rule_world import (
    DAY,
    HOUR,
    MINUTE,
    RARELY_EVALUATED,
    SLOW,
    USUAL,
    Database,
    Exporter,
    except_during,
    steps,
)
from tests.support.situation import SUM, Situation

OLD: Final = -40 * HOUR
BURN: Final = f"{SUM} payments"


def _late(minutes: float) -> Callable[[float], float]:
    """Return the newest backup of a database that exceeds its objective for some minutes each day at noon."""

    def newest(time: float) -> float:
        return OLD if 12 * HOUR <= time % DAY < 12 * HOUR + minutes * MINUTE else time - HOUR

    return newest


def _team(*newest: Callable[[float], float]) -> Sequence[Database]:
    return [Database(id=f"db{n}", team="payments", newest=value) for n, value in enumerate(newest)]


def _burn(
    name: str, databases: Sequence[Database], fires: dict[float, set[str]], **more: object
) -> Situation:
    facts = {"paces": (RARELY_EVALUATED,), "by": ("team",), "only": SUM, **more}
    exporter = Exporter(databases=databases)
    return Situation(name=name, fires=fires, **{"exporters": [exporter], **facts})  # type: ignore[arg-type]


COMPLIANCE: Final = (
    _burn(
        "a database that misses its objective for half an hour each day spends its team's budget",
        _team(_late(30)),
        {720: set(), 770: set(), 2250: {BURN}, 2520: {BURN}, 2570: set()},
    ),
    _burn(
        "a database that misses its objective for ten minutes each day stays within its budget",
        _team(_late(10)),
        {720: set(), 2170: set(), 5050: set()},
    ),
    _burn(
        "a budget is that of all databases of a team",
        _team(_late(60), _late(0), _late(0)),
        {750: set(), 770: set(), 2240: set(), 3650: {BURN}},
    ),
    _burn(
        "each team has a budget of its own, and databases without a team share one",
        [
            *_team(_late(60)),
            Database(id="other", team="search"),
            Database(id="late", newest=_late(60)),
        ],
        {770: {BURN, f"{SUM} -"}, 1150: set()},
    ),
    _burn(
        "an outage spends no budget",
        _team(_late(300)),
        {720: set(), 900: set(), 1000: set()},
        exporters=[Exporter(databases=_team(_late(300)), walks=except_during(700 * MINUTE, 1030 * MINUTE))],
        paces=(RARELY_EVALUATED, SLOW),
    ),
    _burn(
        "a database that never had a backup spends budget once its first is due",
        [Database(team="payments", restorable=0, newest=None, failed=None, objective=2 * HOUR)],
        {110: set(), 150: set(), 190: {BURN}},
        paces=(USUAL, RARELY_EVALUATED),
    ),
    _burn(
        "a database that loses its last backup spends budget at once, long before the next one is due",
        [
            Database(
                team="payments",
                restorable=steps(8, (700 * MINUTE, 0)),
                newest=lambda time: time - HOUR if time < 700 * MINUTE else None,
            )
        ],
        {690: set(), 770: {BURN}},
    ),
    _burn(
        "a database without an objective spends no budget, and takes its past with it",
        [
            Database(
                id="late", team="payments", newest=OLD, objective=steps(30 * HOUR, (200 * MINUTE, None))
            ),
            Database(id="none", team="payments", newest=OLD, objective=None),
            Database(id="good", team="payments"),
        ],
        {60: set(), 180: {BURN}, 220: set()},
    ),
)
