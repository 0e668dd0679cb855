"""Which databases `explain` is asked for."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.cli.matches import Candidate, matching, nearest, worst_first
from tests.support.explained import BROKEN, FREE, HEALTHY, match

NAMED_LIKE_AN_ID = replace(FREE, instance_id="880e8400", instance_name="550e8400")
CANDIDATES = [
    Candidate("prod", BROKEN),
    Candidate("prod", HEALTHY),
    Candidate("prod", FREE),
    Candidate("prod", NAMED_LIKE_AN_ID),
    Candidate("staging", BROKEN),
    Candidate("staging", replace(BROKEN, instance_id="990e8400", instance_name="orders-*")),
]


def found(wanted: str) -> Sequence[str]:
    """Return the target and the id of each match."""
    return [f"{one.target}/{one.database.instance_id}" for one in matching(wanted, CANDIDATES)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("550e8400", ["prod/550e8400", "staging/550e8400"]),
        ("carts-db", ["prod/660e8400"]),
        ("orders-*", ["staging/990e8400"]),
        ("orders-?b", ["prod/550e8400", "staging/550e8400"]),
        ("[67]*", ["prod/660e8400", "prod/770e8400"]),
        ("Orders-db", []),
        ("", []),
    ],
)
def test_an_id_wins_over_a_name_and_a_name_over_a_pattern(wanted: str, expected: list[str]) -> None:
    """Two targets may have the same database; case counts."""
    assert found(wanted) == expected


def test_the_nearest_names_are_suggested() -> None:
    """Names and ids count, in any case, and each once."""
    assert nearest("ORDER-DB", CANDIDATES) == ["orders-db", "orders-*"]
    assert nearest("770e8401", CANDIDATES)[0] == "770e8400"
    assert nearest("zzz", CANDIDATES) == []


def test_what_begins_with_the_text_is_suggested() -> None:
    """The first characters of an id are what the page shows on a phone."""
    long = replace(BROKEN, instance_id="9e8252aa-6306-595c-afd1-e8152f31fa32")

    assert nearest("9E8252AA", [*CANDIDATES, Candidate("prod", long)]) == [long.instance_id]
    assert nearest("", CANDIDATES) == []


@given(st.text(max_size=20))
def test_every_text_matches_or_has_suggestions_or_neither(wanted: str) -> None:
    """No text raises an error, whatever its brackets."""
    matching(wanted, CANDIDATES)

    assert len(nearest(wanted, CANDIDATES)) <= 3


def test_the_worst_comes_first() -> None:
    """Databases at risk come before the others, the oldest of the same problem first."""
    late = replace(
        BROKEN, instance_id="1", restorable_newest_timestamp=BROKEN.restorable_newest_timestamp and 0.0
    )
    never = replace(BROKEN, instance_id="2", restorable_newest_timestamp=None)
    ranked = worst_first(match(database) for database in (FREE, HEALTHY, BROKEN, late, never))

    assert [one.database for one in ranked] == [never, late, BROKEN, FREE, HEALTHY]
