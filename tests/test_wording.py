"""Words for people."""

import pytest

from exporter.wording import count


@pytest.mark.parametrize(("number", "text"), [(0, "0 pages"), (1, "1 page"), (1234, "1,234 pages")])
def test_a_count_is_written_with_its_noun(number: int, text: str) -> None:
    """The noun is singular for exactly one."""
    assert count(number, "page") == text
