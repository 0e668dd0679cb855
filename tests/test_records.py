"""The API's types."""

import pytest

from exporter.records import Backup, Page


@pytest.mark.parametrize(
    ("more", "length", "limit", "claims_more"),
    [
        (True, 3, None, True),
        (False, 10, None, False),
        (None, 10, None, True),
        (None, 11, None, True),
        (None, 9, None, False),
        (None, 5, 5, True),
        (None, 4, 5, False),
    ],
)
def test_a_page_claims_more_by_its_own_word_or_by_its_length(
    *, more: bool | None, length: int, limit: int | None, claims_more: bool
) -> None:
    """A page shorter than the limit is the last one if nothing else is said; the API may state its limit."""
    page = Page[Backup](records=(), length=length, more=more, limit=limit)

    assert page.claims_more(10) is claims_more
