"""Tests of `exporter.web.landing`: the page as text, and in a real browser."""

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
from exporter.results import AppliedObjective, DatabaseAssessment
from exporter.target import WalkOutcome
from exporter.target.scraper import Scraper
from exporter.web.landing import HEADERS, MAX_ROWS, landing_page
from tests.support.application import running
from tests.support.browser import Browser
from tests.support.scrape_results import FAILURE, NOW, SNAPSHOT, SUCCESS, scraper

NO_DATA: Final = "\u2013 \u2013 \u2013 none yet"
POLICY: Final = HEADERS["Content-Security-Policy"]
HEALTHY: Final = DatabaseAssessment(
    instance_id="healthy",
    datastore_type="redis",
    restorable=3,
    newest_timestamp=NOW - 100,
    last_attempt_failed=False,
    objective=AppliedObjective(age=200.0),
)
OLD: Final = replace(HEALTHY, instance_id="old", newest_timestamp=NOW - 300)
OLDER: Final = replace(HEALTHY, instance_id="older", newest_timestamp=NOW - 7200, last_attempt_failed=True)
NEVER: Final = replace(
    HEALTHY, instance_id="never", instance_name="carts", newest_timestamp=None, restorable=0
)


def _no_walk() -> WalkOutcome:
    pytest.fail("walked")


def scraped(*databases: DatabaseAssessment, name: str = "default") -> Scraper:
    """Return a scraper that has walked and knows these databases."""
    walked = scraper(lambda: replace(SUCCESS, result=replace(SNAPSHOT, assessments=databases)), name=name)
    walked.scrape(1)
    return walked


def text_of(page: str) -> str:
    """Return the text of a page, without tags and runs of space."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def rows(page: str) -> list[str]:
    """Return the text of each table row."""
    return [text_of(row) for row in re.findall(r'<tr>\s*<th scope="row">.*?</tr>', page, re.DOTALL)]


def test_before_the_first_scrape_there_is_no_data() -> None:
    """The page does not claim that all is well, and it starts no walk."""
    page = landing_page([scraper(_no_walk)], "/metrics", NOW)

    assert __version__ in page
    assert " No data Targets " in text_of(page)
    assert rows(page) == [f"default no data yet: the first scrape reads the backups {NO_DATA}"]
    assert '<a href="/metrics">' in page
    assert "/probe" not in page


def test_after_a_scrape_the_page_shows_what_it_found() -> None:
    """It shows the number of backups and databases, and the age of these numbers."""
    page = landing_page([scraped(HEALTHY)], "/metrics", NOW)

    assert rows(page) == ["default ok 8 1 0 30s ago"]
    assert "No databases at risk 1 database in 1 target Targets" in text_of(page)
    assert "worst first" not in page


def test_the_heading_counts_the_targets_without_data() -> None:
    """The databases of the others are counted too."""
    page = landing_page([scraped(HEALTHY, name="a"), scraper(_no_walk, name="b")], "/metrics", NOW)

    assert "No data for 1 of 2 targets 1 database in 2 targets Targets" in text_of(page)


def test_a_failure_is_shown_with_its_reason() -> None:
    """The page has no secrets, and escapes the text of others."""
    failing = scraper(lambda: FAILURE)
    failing.scrape(1)
    page = landing_page([failing], "/metrics", NOW)

    assert rows(page) == [f"default failing: auth {NO_DATA}"]
    assert "No databases at risk" not in page
    assert "id:hidden" not in page
    assert "&lt;" not in page


def test_the_worst_database_is_first() -> None:
    """Each one has its name, if known, the time that it can be restored to, and all its problems."""
    page = landing_page([scraped(OLD, HEALTHY, NEVER, OLDER)], "/metrics", NOW)

    assert rows(page)[:-1] == [
        "carts never redis never no restorable backup",
        "older redis 2h ago older than 3m 20s, last attempt failed",
        "old redis 5m ago older than 3m 20s",
    ]
    assert "3 databases at risk 4 databases in 1 target" in text_of(page)
    assert "<title>(3) ByCloud backups</title>" in page


def test_the_databases_of_several_targets_make_one_list() -> None:
    """The worst of all is first, with the name of its target, and so is a failing target."""
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
        f"west failing: auth {NO_DATA}",
        f"idle no data yet: the first scrape reads the backups {NO_DATA}",
        "east ok 8 1 1 30s ago",
        "north ok 8 1 1 30s ago",
    ]
    assert "2 databases in 4 targets; no data for 2 targets" in text_of(page)


@pytest.mark.parametrize(("count", "more"), [(MAX_ROWS, 0), (MAX_ROWS + 2, 2)])
def test_a_long_list_is_cut(count: int, more: int) -> None:
    """The page says how many databases are missing, and the heading counts all."""
    many = (replace(OLD, instance_id=f"db-{number}") for number in range(count))
    page = landing_page([scraped(*many)], "/metrics", NOW)

    assert len(rows(page)) == MAX_ROWS + 1
    assert f"{count} databases at risk" in page
    assert ("2 more databases at risk: see the metrics." in page) is bool(more)


@pytest.mark.parametrize(
    ("name", "shown", "query"),
    [("a&b", "a&amp;b", "a%26b"), ("<i>", "&lt;i&gt;", "%3Ci%3E"), ("naïve x", "naïve x", "na%C3%AFve%20x")],
)
def test_names_are_escaped(name: str, shown: str, query: str) -> None:
    """Names of targets, databases and types are text, and part of a link to a probe."""
    named = replace(OLD, instance_name=name, datastore_type=name)
    page = landing_page([scraped(named, name=name), scraper(name="other")], "/m", NOW)

    assert f'<a href="/probe?target={query}">{shown}</a>' in page
    assert page.count(f">{shown}<") == 4
    assert '<a href="/probe?target=other">' in page


def test_the_policy_allows_the_style_sheet_and_nothing_else() -> None:
    """It has the hash of the page's style sheet; the page has no script and no external resource."""
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


def _site(width: int, requested: list[str]) -> Starlette:
    """Serve the page with foreign style and script in it, and a frame that looks at it."""
    page = landing_page([scraped(LONG, OLD), scraper(name="x" * 60)], "/metrics", NOW)
    framed = {
        **HEADERS,
        "Content-Security-Policy": POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'"),
    }

    def landing(_: Request) -> HTMLResponse:
        requested.append("/")
        return HTMLResponse(page.replace("<main>", f"<main>{SMUGGLED}"), headers=framed)

    def look(_: Request) -> HTMLResponse:
        return HTMLResponse(LOOK.replace("WIDTH", str(width)))

    def other(request: Request) -> PlainTextResponse:
        requested.append(request.url.path)
        return PlainTextResponse("", 404)

    return Starlette(routes=[Route("/", landing), Route("/look", look), Route("/{path:path}", other)])


@pytest.mark.slow
@pytest.mark.parametrize(("width", "row"), [(360, "block"), (1200, "table-row")])
@pytest.mark.parametrize(("dark", "card"), [(False, "rgb(255, 255, 255)"), (True, "rgb(26, 32, 41)")])
def test_the_page_in_a_real_browser(tmp_path: Path, width: int, row: str, *, dark: bool, card: str) -> None:
    """It is readable on a phone and in dark mode, and foreign style and script have no effect."""
    requested: list[str] = []
    with running(_site(width, requested)) as url:
        seen: dict[str, Any] = json.loads(Browser(tmp_path).text(f"{url}/look", dark=dark))

    assert seen.pop("overflow") <= 0
    assert seen == {"card": card, "row": row, "case": "none", "ran": False}
    assert set(requested) <= {"/", "/favicon.ico"}


def test_a_walk_that_crashed_is_shown_as_failing() -> None:
    """It has no failure reason, so the page refers to the log."""
    outcomes: list[WalkOutcome | ZeroDivisionError] = [SUCCESS, ZeroDivisionError()]

    def walk() -> WalkOutcome:
        if isinstance(outcome := outcomes.pop(0), WalkOutcome):
            return outcome
        raise outcome

    crashed = scraper(walk)
    crashed.scrape(1)
    with pytest.raises(WalkCrashedError):
        crashed.scrape(1)

    shown = rows(landing_page([crashed], "/metrics", NOW))

    assert any(row.startswith("default failing: unexpected error, see the log") for row in shown)


def test_an_age_is_never_negative() -> None:
    """If the clock steps back, the last complete walk ended just now."""
    shown = rows(landing_page([scraped(HEALTHY)], "/metrics", NOW - 86_400))

    assert shown == ["default ok 8 1 0 0s ago"]
