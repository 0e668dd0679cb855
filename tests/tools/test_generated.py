"""Generated files are up to date."""

import pytest

from tools.generated import FILES, HOME


@pytest.mark.parametrize("name", FILES)
def test_generated_files_are_up_to_date(name: str) -> None:
    """If this fails, run `make docs` and review the difference."""
    assert (HOME / name).read_text(encoding="utf-8") == FILES[name]()
