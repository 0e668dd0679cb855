"""The landing page, from what is known."""

import pytest

from exporter import __version__
from exporter.landing import landing_page
from exporter.target_walk import Outcome
from tests.answers import FAILURE, NOW, scraper


def _no_walk() -> Outcome:
    pytest.fail("walked")


def test_before_any_scrape() -> None:
    """It says so, and looking at it walks nothing."""
    page = landing_page([scraper(_no_walk)], "/metrics", NOW)

    assert __version__ in page
    assert "not walked yet" in page
    assert "none yet" in page
    assert "<td>\u2013</td>" in page
    assert '<a href="/metrics">' in page
    assert "/probe" not in page


def test_after_a_scrape() -> None:
    """The number of backups, and how old that number is."""
    well = scraper()
    well.scrape(1)
    page = landing_page([well], "/metrics", NOW)

    assert "<td>up</td>" in page
    assert "<td>8</td>" in page
    assert "<td>30s ago</td>" in page


def test_after_a_failure() -> None:
    """Its reason; no secret and no markup of others' words."""
    failing = scraper(lambda: FAILURE)
    failing.scrape(1)
    page = landing_page([failing], "/metrics", NOW)

    assert "walks fail: auth" in page
    assert "hidden" not in page


@pytest.mark.parametrize(
    ("name", "shown", "query"),
    [("a&b", "a&amp;b", "a%26b"), ("<i>", "&lt;i&gt;", "%3Ci%3E"), ("naïve x", "naïve x", "na%C3%AFve%20x")],
)
def test_several_targets_have_probes(name: str, shown: str, query: str) -> None:
    """Their names are escaped, in the text and in the link."""
    page = landing_page([scraper(name=name), scraper(name="other")], "/m", NOW)

    assert f"<td>{shown}</td>" in page
    assert f'href="/probe?target={query}"' in page
    assert 'href="/probe?target=other"' in page
    assert "<script" not in page
