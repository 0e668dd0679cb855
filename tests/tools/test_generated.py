"""What is written from the code is as the code is."""

import pytest

from tools.generated import FILES, HOME


@pytest.mark.parametrize("name", FILES)
def test_generated_files_are_up_to_date(name: str) -> None:
    """If not: `make docs`, and look at the difference."""
    assert (HOME / name).read_text(encoding="utf-8") == FILES[name]()
