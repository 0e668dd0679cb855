"""The databases of a history."""

from datetime import UTC, datetime
from typing import Final

import pytest

from tools.history.fleets import fleet

END: Final = 1_800_000_000.0
NOW: Final = datetime.fromtimestamp(END, UTC)


@pytest.mark.parametrize("number", [1, 5, 25, 29, 120])
def test_a_fleet_has_the_requested_size(number: int) -> None:
    """A fleet has the requested number of databases, each with a name of its own."""
    databases = fleet(number, END).databases

    assert len(databases) == number
    assert len({database.name for database in databases}) == number


@pytest.mark.parametrize("number", [5, 25, 120])
def test_most_of_a_fleet_is_healthy(number: int) -> None:
    """A fleet has healthy databases, and fewer ailing ones."""
    made = fleet(number, END)

    assert 0 < len(made.ailments) < len(made.healthy)


def test_a_small_fleet_has_the_urgent_ailments() -> None:
    """Five databases are enough for one whose backups fail and one that was never backed up."""
    assert {ailment.kind for ailment in fleet(5, END).ailments} == {"failing", "never"}


def test_a_replica_has_its_original() -> None:
    """A fleet of the demo's databases with a replica has what it replicates."""
    names = {database.name for database in fleet(25, END).databases}

    assert all(database.replica_of in names for database in fleet(25, END).databases if database.replica_of)
