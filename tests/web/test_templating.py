"""Tests of `exporter.web.templating`."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from exporter.web.landing import landing_page
from exporter.web.templating import HEADERS, format_time
from tests.support.scrape_results import NOW

POLICY = HEADERS["Content-Security-Policy"]


def test_the_policy_allows_the_style_sheet_and_nothing_else() -> None:
    """It has the hash of the pages' style sheet."""
    (style,) = re.findall(r"<style>(.*?)</style>", landing_page({}, "/metrics", NOW), re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()

    assert f"style-src 'sha256-{digest}';" in POLICY
    assert POLICY.startswith("default-src 'none';")
    assert "unsafe" not in POLICY
    assert not re.search(r"url\(|@import|https?:|<", style)


@pytest.mark.parametrize(
    ("time", "text"),
    [(0.0, "1970-01-01 00:00 UTC"), (NOW, "2026-01-01 00:00 UTC"), (-86_400.0, "1969-12-31 00:00 UTC")],
)
def test_times_are_in_utc(time: float, text: str) -> None:
    """Wherever the exporter runs."""
    assert format_time(time) == text
