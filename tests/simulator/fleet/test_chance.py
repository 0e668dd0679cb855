"""Random numbers and identifiers depend only on their arguments."""

from hypothesis import given
from hypothesis.strategies import integers

from exporter.simulator.fleet.chance import chance, identifier


@given(integers())
def test_chance_returns_a_fraction(word: int) -> None:
    """A number is always in [0, 1), and equal for equal arguments."""
    share = chance("share", word)

    assert 0 <= share < 1
    assert share == chance("share", word)


def test_identifiers_depend_on_their_arguments() -> None:
    """Equal arguments give equal identifiers, different ones different identifiers."""
    name = identifier(1, "orders-db")

    assert name == identifier(1, "orders-db")
    assert name != identifier(2, "orders-db")
