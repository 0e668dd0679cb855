"""The family of exceptions."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import ConfigError


@given(st.text(st.characters(codec=None)))
def test_a_configuration_error_is_one_printable_line(problem: str) -> None:
    """Whatever path or name is in it: stderr and the log show it as it is."""
    line = str(ConfigError(problem))

    assert line.isprintable()
    assert line == problem or not problem.isprintable()
