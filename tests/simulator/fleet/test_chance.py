"""Chance is decided by its words."""

from hypothesis import given
from hypothesis.strategies import integers

from exporter.simulator.fleet.chance import chance, identifier


@given(integers())
def test_chance_is_a_share(word: int) -> None:
    """It is always in [0, 1), and the same for the same words."""
    share = chance("share", word)

    assert 0 <= share < 1
    assert share == chance("share", word)


def test_identifiers_differ_with_their_words() -> None:
    """The same words name the same thing, others another."""
    name = identifier(1, "orders-db")

    assert name == identifier(1, "orders-db")
    assert name != identifier(2, "orders-db")
