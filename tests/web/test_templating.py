"""Tests of `exporter.web.templating`."""

import re
from base64 import b64encode
from hashlib import sha256

from exporter.web.landing import landing_page
from exporter.web.templating import HEADERS
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
