"""Tests of `exporter.web.landing`: the page as text, and in a real browser."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

from exporter import __version__
from exporter.errors import WalkCrashedError
from exporter.results import AppliedObjective, DatabaseAssessment, DataWarning, TargetStatus
from exporter.target import WalkOutcome
from exporter.web.landing import FEWEST_ROWS, MAX_ROWS, MOST_OPEN, REFRESH_SECONDS, landing_page
from exporter.web.links import database_link
from exporter.web.templating import HEADERS
from tests.support.application import running
from tests.support.browser import Browser
from tests.support.html import Page
from tests.support.scrape_results import NOW, SUCCESS, scraper
from tests.support.statuses import (
    NEVER_WALKED,
    current,
    failing,
    failing_from_the_start,
    outdated,
    statuses_of,
)

NO_DATA: Final = "\u2013 \u2013 \u2013 none yet"
POLICY: Final = HEADERS["Content-Security-Policy"]
HEALTHY: Final = DatabaseAssessment(
    instance_id="healthy",
    datastore_type="redis",
    restorable_backups=3,
    restorable_newest_timestamp=NOW - 100,
    last_attempt_failed=False,
    objective=AppliedObjective(age=200.0),
)
OLD: Final = replace(HEALTHY, instance_id="old", restorable_newest_timestamp=NOW - 300)
OLDER: Final = replace(
    HEALTHY, instance_id="older", restorable_newest_timestamp=NOW - 7200, last_attempt_failed=True
)
NEVER: Final = replace(
    HEALTHY,
    instance_id="never",
    instance_name="carts",
    restorable_newest_timestamp=None,
    restorable_backups=0,
)
NO_OBJECTIVE: Final = replace(NEVER, instance_id="dev", instance_name=None, objective=AppliedObjective())
WARNING: Final = DataWarning("size_unit", "sizes look like GiB, not bytes")


def shown(statuses: Mapping[str, TargetStatus] | TargetStatus, now: float = NOW) -> Page:
    """Return the page of these targets, or of a single one."""
    named = {"default": statuses} if isinstance(statuses, TargetStatus) else statuses
    return Page(landing_page(named, "/metrics", now))


def test_before_the_first_scrape_there_is_no_data() -> None:
    """The page does not claim that all is well."""
    page = shown(NEVER_WALKED)

    assert __version__ in page.html
    assert page.heading == "No data"
    assert page.rows == [f"default no data yet: the first scrape reads the backups {NO_DATA}"]
    assert '<a href="./metrics">' in page.html
    assert "probe" not in page.html


def test_after_a_scrape_the_page_shows_what_it_found() -> None:
    """It counts backups and databases, and shows each database with its age and its objective."""
    page = shown(current(HEALTHY))

    assert page.heading == "No databases at risk"
    assert "1 of 1 database OK" in page.text
    assert page.rows == [
        "healthy redis 1m 40s ago 0.5x the objective 3m 20s ok",
        "default ok 8 1 0 30s ago",
    ]


def test_an_objective_without_an_age_counts() -> None:
    """A database of which only a short chain is required is OK, not without an objective."""
    page = shown(current(replace(HEALTHY, objective=AppliedObjective(chain_length=5))))

    assert page.text.count("1 of 1 database OK") == 1
    assert "without an objective" not in page.text
    assert page.rows[0] == "healthy redis 1m 40s ago \N{EN DASH} ok"


def test_the_page_reloads_itself() -> None:
    """It does so without a script."""
    assert f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}">' in shown(current()).html


@pytest.mark.parametrize(
    ("statuses", "heading"),
    [
        ({"a": current(HEALTHY), "b": NEVER_WALKED}, "No data for 1 of 2 targets"),
        ({"a": current(HEALTHY), "b": failing(HEALTHY)}, "1 target failing"),
        ({"a": current(HEALTHY), "b": outdated(HEALTHY)}, "1 target failing"),
        ({"a": failing_from_the_start(), "b": outdated(OLD)}, "2 targets failing"),
        ({"a": current(OLD), "b": failing(HEALTHY)}, "1 database at risk"),
        ({"a": current()}, "No databases"),
        ({"a": current(NO_OBJECTIVE)}, "No database has an objective"),
        ({"a": current(HEALTHY, NO_OBJECTIVE)}, "No databases at risk"),
    ],
)
def test_the_heading_is_green_only_if_all_data_is_there(
    statuses: Mapping[str, TargetStatus], heading: str
) -> None:
    """A target that fails or was never walked may hide a database at risk."""
    page = shown(statuses)

    assert page.heading == heading
    assert ('<h1 class="good">' in page.html) is (heading == "No databases at risk")


@given(st.lists(st.sampled_from(["current", "failing", "outdated", "pending"]), max_size=4))
def test_the_page_is_never_green_without_current_data_of_each_target(kinds: list[str]) -> None:
    """Whatever the states of the other targets."""
    made = {
        "current": current(HEALTHY),
        "failing": failing(HEALTHY),
        "outdated": outdated(HEALTHY),
        "pending": NEVER_WALKED,
    }
    page = shown({str(number): made[kind] for number, kind in enumerate(kinds)})

    assert ('<h1 class="good">' in page.html) is (bool(kinds) and set(kinds) == {"current"})


def test_databases_are_counted_by_their_state() -> None:
    """A database counts as OK only if it has an objective and current data meets it."""
    page = shown({"a": current(HEALTHY, OLD, NO_OBJECTIVE), "b": outdated(HEALTHY, OLD), "c": NEVER_WALKED})

    assert (
        "1 of 5 databases OK, 1 without an objective, 2 of unknown state, in 3 targets; "
        "no data for 2 targets" in page.text
    )


def test_failing_targets_come_first() -> None:
    """The page says since when, why and which request failed, escapes the API's words and links a runbook."""
    page = shown({"east": current(OLD), "west": failing(HEALTHY)})

    assert page.text.index("Failing targets") < page.text.index("Databases at risk")
    assert (
        "west failing since 2025-12-31 22:00 UTC (2h): auth: HTTP 401: the API refuses the &lt;key&gt; "
        "(request_id req-4711) runbook" in page.text
    )
    assert "/docs/runbooks/ByCloudApiAuthFailed.md" in page.html
    assert "id:hidden" not in page.html


def test_a_failure_without_a_request_id_has_none() -> None:
    """An outage whose request got no response has no id of it."""
    status = failing(HEALTHY)
    assert status.outage is not None
    page = shown(TargetStatus(status.result, status.snapshot, replace(status.outage, request_id=None)))

    assert "request_id" not in page.text
    assert "&lt;key&gt; runbook" in page.text


def test_the_worst_database_is_first() -> None:
    """Each one has its name, if known, its age as a multiple of the objective, and all its problems."""
    page = shown(current(OLD, HEALTHY, NEVER, OLDER))

    assert page.rows[:3] == [
        "carts never redis never 3m 20s no restorable backup",
        "older redis 2h ago 36.0x the objective 3m 20s older than 3m 20s , last attempt failed",
        "old redis 5m ago 1.5x the objective 3m 20s older than 3m 20s",
    ]
    assert page.heading == "3 databases at risk"
    assert "1 of 4 databases OK" in page.text
    assert "<title>(3) ByCloud backups</title>" in page.html


def test_every_problem_links_to_its_runbook() -> None:
    """The words of the problem are the link."""
    page = shown(current(OLDER))

    assert page.link("older than 3m 20s").endswith("/docs/runbooks/ByCloudBackupTooOld.md")
    assert page.link("last attempt failed").endswith("/docs/runbooks/ByCloudBackupFailed.md")


def test_a_database_without_an_objective_is_neither_ok_nor_at_risk() -> None:
    """Its age has no multiple."""
    page = shown(current(replace(NO_OBJECTIVE, restorable_newest_timestamp=NOW - 60)))

    assert page.rows[0] == "dev redis 1m ago \u2013 no objective"
    assert 'class="age unrated"' in page.html


def test_the_databases_of_several_targets_make_one_list() -> None:
    """The worst of all is first, with the name of its target, and so is a failing target."""
    page = shown(
        {
            "east": current(OLD),
            "idle": NEVER_WALKED,
            "west": failing_from_the_start(),
            "north": current(NEVER),
        }
    )

    assert page.rows == [
        "carts never redis north never 3m 20s no restorable backup",
        "old redis east 5m ago 1.5x the objective 3m 20s older than 3m 20s",
        f"west failing: auth {NO_DATA}",
        f"idle no data yet: the first scrape reads the backups {NO_DATA}",
        "east ok 8 1 1 30s ago",
        "north ok 8 1 1 30s ago",
    ]


def test_an_outdated_table_stays_dated_and_without_color() -> None:
    """Its databases are judged by the time of the walk that found them, and their ages do not grow."""
    found = replace(HEALTHY, restorable_newest_timestamp=NOW - 7300)
    page = shown({"west": outdated(found)})

    assert "west: last known state, from 2025-12-31 22:00 UTC" in page.text
    assert page.rows == [
        "healthy redis 2025-12-31 21:58 UTC 3m 20s ok",
        "west failing: auth 8 1 \u2013 2h ago",
    ]
    assert '<div class="outdated">' in page.html
    assert 'class="age good"' not in page.html


@pytest.mark.parametrize("targets", [1, 3, 50])
def test_outdated_tables_are_short_if_they_are_many(targets: int) -> None:
    """The page says how many databases are missing."""
    many = [replace(HEALTHY, instance_id=f"db-{number}") for number in range(MAX_ROWS + 1)]
    page = shown({str(number): outdated(*many) for number in range(targets)})
    expected = max(FEWEST_ROWS, MAX_ROWS // targets)

    assert len(page.rows) == targets * (expected + 1)
    assert f"{MAX_ROWS + 1 - expected} more database" in page.text


def test_the_owner_is_a_column_if_any_database_has_one() -> None:
    """It is the label `team`."""
    owned = replace(OLD, labels=(("team", "<payments>"), ("tier", "gold")))
    page = shown(current(owned, NEVER))

    assert page.rows[:2] == [
        "carts never redis \u2013 never 3m 20s no restorable backup",
        "old redis &lt;payments&gt; 5m ago 1.5x the objective 3m 20s older than 3m 20s",
    ]
    assert "Team" not in shown(current(OLD)).text


@pytest.mark.parametrize(("count", "more"), [(MAX_ROWS, 0), (MAX_ROWS + 2, 2)])
def test_a_long_list_is_cut(count: int, more: int) -> None:
    """The page says how many databases are missing, and the heading counts all."""
    many = (replace(OLD, instance_id=f"db-{number}") for number in range(count))
    page = shown(current(*many))

    assert len(page.rows) == MAX_ROWS + 1
    assert page.heading == f"{count} databases at risk"
    assert ("2 more databases at risk: see the metrics." in page.text) is bool(more)


@pytest.mark.parametrize(
    ("count", "opened"), [(MOST_OPEN, True), (MOST_OPEN + 1, False), (MAX_ROWS + 1, False)]
)
def test_a_long_list_of_other_databases_is_collapsed(count: int, *, opened: bool) -> None:
    """It is cut too."""
    page = shown(current(*(replace(HEALTHY, instance_id=f"db-{number}") for number in range(count))))

    assert ("<details open>" in page.html) is opened
    assert len(page.rows) == min(count, MAX_ROWS) + 1
    assert ("1 more database: see the metrics." in page.text) is (count > MAX_ROWS)


def test_warnings_and_notes_are_shown() -> None:
    """What the settings leave out is said with its number."""
    status = current(HEALTHY)
    assert status.snapshot is not None
    snapshot = replace(status.snapshot, excluded=12, data_warnings=(WARNING,))
    noted = TargetStatus(replace(status.result, snapshot=snapshot), snapshot, None)

    assert "Warnings sizes look like GiB, not bytes Notes" in shown(noted).text
    assert "12 backups left out by the setting `exclude`" in shown(noted).text
    assert "east: sizes look like GiB" in shown({"east": noted, "west": status}).text
    assert "east: 12 backups left out" in shown({"east": noted, "west": status}).text
    assert "Notes" not in shown(status).text


def _named(name: str) -> Page:
    """Return a page on which a target, a database, its type and its team have the same name."""
    database = replace(
        OLD, instance_id=name, instance_name=name, datastore_type=name, labels=(("team", name),)
    )
    return shown({name: current(database), f"{name}x": NEVER_WALKED})


@given(name=st.text(st.characters(exclude_categories=["C"]), min_size=1))
def test_names_are_always_text(name: str) -> None:
    """They never become markup, and links hold them encoded."""
    assume(link := database_link(name, name))
    page = _named(name)

    assert page.tags == _named("n" * len(name)).tags
    assert page.texts.count(name) >= 4
    assert link in page.hrefs


def test_a_database_that_browsers_cannot_reach_is_not_linked() -> None:
    """Its id is a dot segment."""
    page = shown(current(replace(OLD, instance_id="..")))

    assert not any("databases" in href for href in page.hrefs)
    assert page.rows[0].startswith(".. redis")


def test_all_links_but_the_runbooks_are_relative() -> None:
    """A proxy may serve the page below a prefix."""
    hrefs = shown({"a": current(HEALTHY, OLDER), "b": failing(NEVER)}).hrefs
    relative = {href for href in hrefs if not href.startswith("https://github.com/")}

    assert {href[:2] for href in relative} == {"./"}
    assert "./databases/a/older" in relative
    assert "./probe?target=b" in relative


def test_the_page_loads_nothing() -> None:
    """It has no script, no style attribute and no external resource."""
    html = shown({"a": current(NEVER, HEALTHY), "b": outdated(OLD)}).html

    assert not re.search(r"<script|<img|<link|\bstyle=|\bon[a-z]+=|url\(|@import|src=", html)


def test_ids_can_be_shortened_on_phones() -> None:
    """The rest of a long id is in an element that the style sheet hides there."""
    named = replace(NEVER, instance_id="550e8400-e29b-41d4-a716-446655440000")

    assert '550e8400<span class="rest">-e29b-41d4-a716-446655440000</span>' in shown(current(named)).html
    assert '<span class="id">never</span>' in shown(current(NEVER)).html


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
    statuses = {"a": current(LONG, OLD, HEALTHY), "x" * 60: outdated(LONG), "y": failing(OLD)}
    page = landing_page(statuses, "/metrics", NOW)
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

    rows = shown(statuses_of(crashed)).rows

    assert any(row.startswith("default failing: unexpected error, see the log") for row in rows)


def test_an_age_is_never_negative() -> None:
    """If the clock steps back, the last complete walk ended just now."""
    page = shown(current(HEALTHY), NOW - 86_400)

    assert page.rows == [
        "healthy redis 0s ago less than 0.1x the objective 3m 20s ok",
        "default ok 8 1 0 0s ago",
    ]
