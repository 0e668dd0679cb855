"""What is known of instances apart from their backups."""

import pytest

from exporter.backups.inventory import Inventory
from exporter.config import ExpectedInstance
from exporter.records import Datastore, Instance, Reference

EXPECTED = (ExpectedInstance("configured", "wiki-db", "redis"), ExpectedInstance("both"))
LISTED = {
    "listed": Instance("listed", "orders-db", Datastore("mysql", "8.0"), Reference("main")),
    "both": Instance("both", "carts"),
}


def test_it_has_every_configured_and_every_listed_instance_once() -> None:
    """An instance that is configured and listed has one id."""
    assert Inventory.of(EXPECTED, LISTED).ids == {"configured", "listed", "both"}
    assert Inventory.of(EXPECTED, None).ids == {"configured", "both"}


def test_a_listed_instance_has_the_facts_of_the_list() -> None:
    """A replica has no objective."""
    known = Inventory.of(EXPECTED, LISTED).instance("listed")

    assert (known.name, known.datastore_type, known.datastore_version) == ("orders-db", "mysql", "8.0")
    assert (known.replica_of, known.has_objective) == ("main", False)


@pytest.mark.parametrize(("listed", "is_retired"), [(LISTED, True), ({}, True), (None, False)])
def test_an_unknown_instance_is_retired_if_there_is_a_good_list(
    listed: dict[str, Instance] | None, *, is_retired: bool
) -> None:
    """Without a list it is unknown whether the database still exists, so it keeps its objective."""
    known = Inventory.of(EXPECTED, listed).instance("other")

    assert known.is_retired is is_retired
    assert known.has_objective is not is_retired
    assert (known.name, known.datastore_type, known.datastore_version, known.replica_of) == (None,) * 4
