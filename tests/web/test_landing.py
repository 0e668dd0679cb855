"""The landing page, from what is known; then by the eyes of a real browser."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

from exporter import __version__
from exporter.errors import WalkCrashedError
from exporter.results import DatabaseAssessment
from exporter.target import Scraper, WalkOutcome
from exporter.web.landing import HEADERS, SHOWN, landing_page
from tests.support.answers import FAILURE, NOW, SNAPSHOT, SUCCESS, scraper
from tests.support.application import running
from tests.support.browser import Browser
from tests.support.databases import NEVER, OLD, OLDER, WELL

NOTHING: Final = "\u2013 \u2013 \u2013 none yet"
POLICY: Final = HEADERS["Content-Security-Policy"]


def _no_walk() -> WalkOutcome:
    pytest.fail("walked")


def _shifted(recovery: DatabaseAssessment, seconds: float) -> DatabaseAssessment:
    moved = recovery.newest_timestamp
    running_since = recovery.running_oldest_timestamp
    return replace(
        recovery,
        newest_timestamp=None if moved is None else moved + seconds,
        running_oldest_timestamp=None if running_since is None else running_since + seconds,
    )


def scraped(*assessments: DatabaseAssessment, name: str = "default") -> Scraper:
    """Make a scraper that has walked and knows these instances, whose times `test_risk` gives."""
    known = tuple(_shifted(recovery, NOW - 1_000_000.0) for recovery in assessments)
    found = scraper(lambda: replace(SUCCESS, result=replace(SNAPSHOT, assessments=known)), name=name)
    found.scrape(1)
    return found


def rows(page: str) -> list[str]:
    """Return the text of each table row with a heading of its own, marks and runs of space taken out."""
    found = re.findall(r'<tr>\s*<th scope="row">.*?</tr>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


def test_before_any_scrape() -> None:
    """It says so, claims nothing to be well, and looking at it walks nothing."""
    page = landing_page([scraper(_no_walk)], "/metrics", NOW)

    assert __version__ in page
    assert "Not everything is known" in page
    assert "nothing is known of 1 target." in " ".join(page.split())
    assert rows(page) == [f"default not walked yet: the first scrape does it {NOTHING}"]
    assert '<a href="/metrics">' in page
    assert "/probe" not in page


def test_after_a_scrape() -> None:
    """The number of backups and databases, and how old these numbers are."""
    page = landing_page([scraped(WELL)], "/metrics", NOW)

    assert rows(page) == ["default up 8 1 0 30s ago"]
    assert "No database at risk" in page
    assert "1 database is known." in " ".join(page.split())
    assert "the worst first" not in page


def test_after_a_failure() -> None:
    """Its reason; no secret and no markup of others' words."""
    failing = scraper(lambda: FAILURE)
    failing.scrape(1)
    page = landing_page([failing], "/metrics", NOW)

    assert rows(page) == [f"default walks fail: auth {NOTHING}"]
    assert "No database at risk" not in page
    assert "id:hidden" not in page
    assert "&lt;" not in page


def test_the_worst_come_first() -> None:
    """By name where there is one, to how long ago each can be restored, and everything that is wrong."""
    page = landing_page([scraped(OLD, WELL, NEVER, OLDER)], "/metrics", NOW)

    assert rows(page)[:-1] == [
        "carts never redis never no restorable backup",
        "older redis 2h ago older than 3m 20s, last attempt failed",
        "old redis 5m ago older than 3m 20s",
    ]
    assert "3 databases at risk" in page
    assert "<title>(3) ByCloud backups</title>" in page


def test_several_targets_make_one_list() -> None:
    """The worst of all comes first, with its target's name; so does the target that fails."""
    failing = scraper(lambda: FAILURE, name="west")
    failing.scrape(1)
    page = landing_page(
        [scraped(OLD, name="east"), scraper(_no_walk, name="idle"), failing, scraped(NEVER, name="north")],
        "/metrics",
        NOW,
    )

    assert rows(page) == [
        "carts never redis north never no restorable backup",
        "old redis east 5m ago older than 3m 20s",
        f"west walks fail: auth {NOTHING}",
        f"idle not walked yet: the first scrape does it {NOTHING}",
        "east up 8 1 1 30s ago",
        "north up 8 1 1 30s ago",
    ]
    assert "nothing is known of 2 targets." in " ".join(page.split())


@pytest.mark.parametrize(("count", "more"), [(SHOWN, 0), (SHOWN + 2, 2)])
def test_a_long_list_is_cut(count: int, more: int) -> None:
    """And says by how much; the heading counts all."""
    many = (replace(OLD, instance_id=f"db-{place}") for place in range(count))
    page = landing_page([scraped(*many)], "/metrics", NOW)

    assert len(rows(page)) == SHOWN + 1
    assert f"{count} databases at risk" in page
    assert ("And 2 more" in page) is bool(more)


@pytest.mark.parametrize(
    ("name", "shown", "query"),
    [("a&b", "a&amp;b", "a%26b"), ("<i>", "&lt;i&gt;", "%3Ci%3E"), ("naïve x", "naïve x", "na%C3%AFve%20x")],
)
def test_names_are_escaped(name: str, shown: str, query: str) -> None:
    """Of targets in the text and in the link to their probes, of databases, and of their types."""
    named = replace(OLD, instance_name=name, datastore_type=name)
    page = landing_page([scraped(named, name=name), scraper(name="other")], "/m", NOW)

    assert f'<a href="/probe?target={query}">{shown}</a>' in page
    assert page.count(f">{shown}<") == 4
    assert '<a href="/probe?target=other">' in page


def test_the_policy_allows_the_style_and_nothing_else() -> None:
    """Its hash is that of the sheet in the page, and the page has neither script nor outside resource."""
    page = landing_page([scraped(NEVER)], "/metrics", NOW)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()

    assert f"style-src 'sha256-{digest}';" in POLICY
    assert POLICY.startswith("default-src 'none';")
    assert "unsafe" not in POLICY
    assert not re.search(r"<script|<img|<link|\bstyle=|\bon[a-z]+=|url\(|@import|https?:", page)


LONG: Final = replace(
    NEVER, instance_id="550e8400-e29b-41d4-a716-446655440000", instance_name="a-database-of-a-long-name" * 3
)
SMUGGLED: Final = "<style>h1 { text-transform: uppercase }</style><script>window.ran = true</script>"
LOOK: Final = """
<script>
addEventListener("load", () => {
  const inside = document.querySelector("iframe").contentWindow;
  const style = (name) => inside.getComputedStyle(inside.document.querySelector(name));
  document.body.textContent = JSON.stringify({
    overflow: inside.document.documentElement.scrollWidth - inside.innerWidth,
    card: style("table").backgroundColor,
    row: style("tbody tr").display,
    case: style("h1").textTransform,
    ran: inside.ran === true,
  });
});
</script>
<iframe src="/" width="WIDTH" height="800"></iframe>
"""


def _site(width: int, asked: list[str]) -> Starlette:
    """Serve the page, with what does not belong in it smuggled in, and a frame that looks at it."""
    page = landing_page([scraped(LONG, OLD), scraper(name="x" * 60)], "/metrics", NOW)
    framed = {
        **HEADERS,
        "Content-Security-Policy": POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'"),
    }

    def landing(_: Request) -> HTMLResponse:
        asked.append("/")
        return HTMLResponse(page.replace("<main>", f"<main>{SMUGGLED}"), headers=framed)

    def look(_: Request) -> HTMLResponse:
        return HTMLResponse(LOOK.replace("WIDTH", str(width)))

    def other(request: Request) -> PlainTextResponse:
        asked.append(request.url.path)
        return PlainTextResponse("", 404)

    return Starlette(routes=[Route("/", landing), Route("/look", look), Route("/{path:path}", other)])


@pytest.mark.slow
@pytest.mark.parametrize(("width", "row"), [(360, "block"), (1200, "table-row")])
@pytest.mark.parametrize(("dark", "card"), [(False, "rgb(255, 255, 255)"), (True, "rgb(26, 32, 41)")])
def test_in_a_real_browser(tmp_path: Path, width: int, row: str, *, dark: bool, card: str) -> None:
    """Readable on a phone and in the dark: its style is let in, another's style and script are not."""
    asked: list[str] = []
    with running(_site(width, asked)) as url:
        seen: dict[str, Any] = json.loads(Browser(tmp_path).text(f"{url}/look", dark=dark))

    assert seen.pop("overflow") <= 0
    assert seen == {"card": card, "row": row, "case": "none", "ran": False}
    assert set(asked) <= {"/", "/favicon.ico"}


def test_after_a_walk_that_crashed() -> None:
    """The page says that walks fail, also where there is no reason of the API's to name."""
    outcomes: list[WalkOutcome | ZeroDivisionError] = [SUCCESS, ZeroDivisionError()]

    def walk() -> WalkOutcome:
        if isinstance(outcome := outcomes.pop(0), WalkOutcome):
            return outcome
        raise outcome

    crashed = scraper(walk)
    crashed.scrape(1)
    with pytest.raises(WalkCrashedError):
        crashed.scrape(1)

    found = rows(landing_page([crashed], "/metrics", NOW))

    assert any(row.startswith("default walks fail: unexpected error, see the log") for row in found)


def test_after_a_first_walk_that_crashed() -> None:
    """A target whose only walk crashed does not look as if it waited for its first walk."""

    def walk() -> WalkOutcome:
        raise ZeroDivisionError

    crashed = scraper(walk)
    with pytest.raises(WalkCrashedError):
        crashed.scrape(1)

    found = rows(landing_page([crashed], "/metrics", NOW))

    assert found == [f"default walks fail: unexpected error, see the log {NOTHING}"]


def test_a_clock_that_stepped_back_makes_no_age_negative() -> None:
    """The last complete walk ended just now, at the earliest."""
    found = rows(landing_page([scraped(WELL)], "/metrics", NOW - 86_400))

    assert found == ["default up 8 1 0 0s ago"]
