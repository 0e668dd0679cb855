"""Tests of `exporter.web.database`: the page as text, and in a real browser."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

from exporter.results import (
    AppliedObjective,
    Attempt,
    BrokenChain,
    ChainLink,
    DatabaseAssessment,
    Gaps,
    NewestChain,
    Outcome,
    TargetStatus,
    TimeLine,
)
from exporter.web.database import MOST_ATTEMPTS, chain_links, database_page
from exporter.web.templating import HEADERS
from tests.support.application import running
from tests.support.browser import Browser
from tests.support.html import Page
from tests.support.scrape_results import NOW
from tests.support.statuses import current, failing, outdated

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
TIMELINE: Final = TimeLine.of(
    (
        Attempt(NOW - 9 * DAY, Outcome.FULL, 600.0),
        Attempt(NOW - 8 * DAY, Outcome.INCREMENTAL, 60.0),
        Attempt(NOW - 3 * DAY, Outcome.FAILED, 5.0),
        Attempt(NOW - 2 * DAY, Outcome.UNRESTORABLE, 30.0),
        Attempt(NOW - HOUR, Outcome.RUNNING),
    )
)
NEWEST: Final = ChainLink("id-3", "nightly", "COMPLETED", NOW - 2 * DAY)
CULPRIT: Final = ChainLink("id-2", "weekly", "FAILED", NOW - 3 * DAY)
CHAIN: Final = NewestChain((NEWEST, CULPRIT), broken=BrokenChain("parent_failed", CULPRIT, 1234))
DATABASE: Final = DatabaseAssessment(
    instance_id="id-of-orders",
    datastore_type="postgresql",
    instance_name="orders-db",
    datastore_version="15.4",
    restorable_backups=2,
    restorable_newest_timestamp=NOW - 8 * DAY,
    restorable_oldest_timestamp=NOW - 9 * DAY,
    newest_full_timestamp=NOW - 9 * DAY,
    newest_chain_length=2,
    gaps=Gaps.of([NOW - 9 * DAY], [NOW - 8 * DAY]),
    unrestorable_by_reason=(("parent_failed", 1),),
    running_oldest_timestamp=NOW - HOUR,
    last_attempt_failed=False,
    objective=AppliedObjective(age=30 * HOUR, duration=6 * HOUR, retention=30 * DAY),
    labels=(("team", "payments"), ("tier", "gold")),
    chain=CHAIN,
    timeline=TIMELINE,
)
HEALTHY: Final = DatabaseAssessment(
    instance_id="healthy",
    datastore_type="redis",
    restorable_backups=1,
    restorable_newest_timestamp=NOW - HOUR,
    restorable_oldest_timestamp=NOW - HOUR,
    newest_full_timestamp=NOW - HOUR,
    objective=AppliedObjective(age=30 * HOUR),
    chain=NewestChain((ChainLink("only", None, "COMPLETED", NOW - HOUR),)),
    timeline=TimeLine.of([Attempt(NOW - HOUR, Outcome.FULL, 60.0)]),
)


def shown(database: DatabaseAssessment = DATABASE, status: TargetStatus | None = None) -> Page:
    """Return the page of a database."""
    return Page(database_page("west", database, status or current(database), NOW))


def test_a_database_at_risk_shows_why() -> None:
    """Its heading has its name, and the facts that tell it apart."""
    page = shown()

    assert page.heading == "orders-db"
    assert "<title>At risk: orders-db</title>" in page.html
    assert "At risk: older than 1d 6h, broken chain id-of-orders · postgresql 15.4 · target west" in page.text
    assert "team: payments tier: gold" in page.text


def test_the_page_says_what_to_do() -> None:
    """Each sentence links to its runbook."""
    page = shown()

    assert "What to do Start a full backup, and check whether the schedule still runs" in page.text
    assert any(href.endswith("/docs/runbooks/ByCloudBackupChainBroken.md") for href in page.hrefs)
    assert "What to do" not in shown(HEALTHY).text


def test_restore_points_are_dated() -> None:
    """Newest, oldest and newest full one, the largest gap, and how many there are."""
    assert shown().rows[:5] == [
        "Newest 8d ago 2025-12-24 00:00 UTC",
        "Oldest 9d ago 2025-12-23 00:00 UTC",
        "Largest gap 8d, 2025-12-24 00:00 UTC to now",
        "Newest full 9d ago 2025-12-23 00:00 UTC",
        "Number 2, 1 more not restorable: parent failed",
    ]


def test_a_database_without_backups_has_no_restore_points() -> None:
    """Nothing is made up."""
    empty = DatabaseAssessment(instance_id="a", datastore_type="redis", objective=AppliedObjective(age=DAY))
    page = shown(empty)

    assert page.rows == ["Newest never", "Oldest never", "Largest gap none", "Newest full never", "Number 0"]
    assert "no backups." in page.text
    assert "Chain" not in page.text
    assert "attempts" not in page.text


def test_what_is_assumed_about_its_backups_is_said() -> None:
    """With their number; of other databases it is not."""
    assert (
        "3 Cinder snapshots with a parent counted as restorable"
        in shown(replace(DATABASE, self_contained=3)).text
    )
    assert "Cinder" not in shown().text


def test_each_part_of_the_objective_has_its_state() -> None:
    """A short reach is a note, not a danger."""
    page = shown()

    assert "missed newest restore point 8d ago, allowed: 1d 6h" in page.text
    assert "met a backup has been running for 1h, allowed: 6h" in page.text
    assert "note reaches back 9d of 30d" in page.text


def test_without_an_objective_the_page_says_why() -> None:
    """An objective that leaves out the age is one too."""
    free = replace(DATABASE, objective=AppliedObjective(), replica_of="a")
    chains_only = replace(DATABASE, objective=AppliedObjective(chain_length=5))

    assert "No objective: a replica needs no backups of its own" in shown(free).text
    assert "No objective" not in shown(chains_only).text


def test_failures_in_a_row_are_counted() -> None:
    """With the time of the first; an attempt that completed ends them."""
    failing = TimeLine.of([Attempt(NOW - 2 * DAY, Outcome.FAILED), Attempt(NOW - HOUR, Outcome.FAILED)])
    page = shown(replace(DATABASE, timeline=failing, last_attempt_failed=True))

    assert "Failed since the last completed one: 2 attempts, from 2025-12-30 00:00 UTC" in page.text
    assert "last completed one" not in shown().text


def test_the_chain_names_the_broken_link() -> None:
    """By name, id, status and time, with the number of backups that hang on it."""
    page = shown()

    assert "nightly: COMPLETED, 2025-12-30 00:00 UTC id-3" in page.text
    assert "broken here (parent failed) weekly: FAILED, 2025-12-29 00:00 UTC id-2" in page.text
    assert "1,234 backups cannot be restored because of it." in page.text
    assert "broken here" not in shown(HEALTHY).text


def test_a_missing_link_has_only_its_id() -> None:
    """The list holds no backup of it."""
    missing = ChainLink("gone")
    chain = NewestChain((NEWEST,), 40, BrokenChain("parent_missing", missing, 1))
    page = shown(replace(DATABASE, chain=chain))

    assert "40 more links broken here (parent missing) gone: not in the list of backups" in page.text
    assert "1 backup cannot be restored because of it." in page.text
    assert "the broken link" not in page.text


def test_a_long_chain_that_is_whole_says_what_follows() -> None:
    """Its full backup may be among the links that are not shown."""
    page = shown(replace(DATABASE, chain=NewestChain((NEWEST,), 1)))

    assert "id-3 1 more link" in page.text


@given(
    ids=st.lists(st.text(min_size=1), unique=True, min_size=1), cut=st.integers(0, 9), is_broken=st.booleans()
)
def test_the_broken_link_is_always_shown_once_and_last(ids: list[str], cut: int, *, is_broken: bool) -> None:
    """Whether the chain is cut before it or not."""
    links = tuple(ChainLink(link_id) for link_id in ids)
    broken = BrokenChain("cycle", links[-1], 1) if is_broken else None
    views = chain_links(NewestChain(links[: max(1, len(links) - cut)], cut, broken))

    assert [view.is_broken for view in views].count(True) == is_broken
    assert views[-1].is_broken is is_broken
    assert len({view.link.id for view in views}) == len(views)


def test_attempts_are_counted_by_outcome() -> None:
    """Those of the last week, and the last thirty one by one, the newest first."""
    page = shown()

    assert "Attempts of the last 7 days 1 not restorable, 1 failed, 1 running" in page.text
    assert page.rows[5:] == [
        "2025-12-31 23:00 UTC running \u2013",
        "2025-12-30 00:00 UTC not restorable 30s",
        "2025-12-29 00:00 UTC failed 5s",
        "2025-12-24 00:00 UTC incremental 1m",
        "2025-12-23 00:00 UTC full 10m",
    ]
    assert "All attempts" in page.text


def test_only_the_last_attempts_are_listed() -> None:
    """The time line shows them all."""
    many = TimeLine.of(
        [Attempt(NOW - DAY * number, Outcome.FULL) for number in range(MOST_ATTEMPTS + 1, 0, -1)]
    )
    page = shown(replace(DATABASE, timeline=many))

    assert len(page.rows) == 5 + MOST_ATTEMPTS
    assert "Last attempts" in page.text
    assert "full (31)" in page.text


def test_the_time_line_is_described_in_words() -> None:
    """Who does not see the picture reads the same."""
    page = shown()

    assert 'role="img" aria-labelledby="timeline-title timeline-description"' in page.html
    assert '<title id="timeline-title">Backups of orders-db over time</title>' in page.html
    assert (
        "From 2025-12-02 00:00 UTC to 2026-01-01 00:00 UTC: 1 full, 1 incremental, 1 not restorable, "
        "1 failed, 1 running. The largest gap between restore points lasts 8d, from 2025-12-24 00:00 UTC to "
        "2026-01-01 00:00 UTC. The broken link was created at 2025-12-29 00:00 UTC." in page.text
    )


@pytest.mark.parametrize(
    ("objective", "is_long"),
    [
        (AppliedObjective(age=30 * HOUR), True),
        (AppliedObjective(age=30 * HOUR, gap=8 * DAY), False),
        (AppliedObjective(age=30 * HOUR, gap=8 * DAY - 1), True),
        (AppliedObjective(age=8 * DAY), False),
        (AppliedObjective(), False),
    ],
)
def test_a_gap_is_red_only_if_it_is_longer_than_allowed(
    objective: AppliedObjective, *, is_long: bool
) -> None:
    """Without an objective for gaps, that for the age counts."""
    assert ('class="gap long"' in shown(replace(DATABASE, objective=objective)).html) is is_long


def test_an_outdated_page_is_dated_and_never_green() -> None:
    """It shows the state at the time of the walk, and why there is no newer one."""
    page = shown(HEALTHY, outdated(HEALTHY))

    assert "State unknown: what follows is from 2025-12-31 22:00 UTC" in page.text
    assert "Target west is failing since 2025-12-31 22:00 UTC: HTTP 401" in page.text
    assert '<div class="outdated">' in page.html
    assert "verdict good" not in page.html
    assert ">last walk</text>" in page.html.replace("the last walk", "last walk")


@pytest.mark.parametrize(
    ("status", "banner"),
    [
        (failing(HEALTHY), "Target west is failing since 2025-12-31 22:00 UTC: HTTP 401"),
        (failing(HEALTHY, outage=None), "Target west is failing"),
        (current(HEALTHY), None),
    ],
)
def test_a_failing_target_is_said(status: TargetStatus, banner: str | None) -> None:
    """The database may still be OK by the last snapshot."""
    page = shown(HEALTHY, status)

    assert (banner or "") in page.text
    assert ("failing" in page.text) is bool(banner)
    assert "verdict good" in page.html


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1))
def test_texts_of_others_are_never_markup(text: str) -> None:
    """Names, ids, statuses, versions and labels."""

    def named(name: str) -> Page:
        link = ChainLink(name, name, name, NOW - DAY)
        return shown(
            replace(
                DATABASE,
                instance_id=name,
                instance_name=name,
                datastore_type=name,
                datastore_version=name,
                replica_of=name,
                labels=((name, name),),
                chain=NewestChain((link,), broken=BrokenChain(name, link, 1)),
            )
        )

    assert named(text).tags == named("plain").tags


def test_the_page_loads_nothing() -> None:
    """It has no script, no style attribute and no external resource; its links are relative."""
    page = shown()

    assert not re.search(r"<script|<img|<link|\bstyle=|\bon[a-z]+=|url\(|@import|src=", page.html)
    assert {href for href in page.hrefs if "/docs/runbooks/" not in href} == {"../../"}


def test_a_page_of_many_backups_is_small() -> None:
    """100,000 of them, whose outcomes alternate, take as much as a few hundred marks."""
    outcomes = list(Outcome)
    attempts = [Attempt(NOW - HOUR * (100_000 - n), outcomes[n // 400 % 6]) for n in range(100_000)]
    page = shown(replace(DATABASE, timeline=TimeLine.of(attempts)))

    assert len(page.html) < 60_000


LONG: Final = replace(
    DATABASE,
    instance_name="a-database-of-a-long-name" * 4,
    instance_id="550e8400-e29b-41d4-a716-446655440000" * 3,
    labels=(("team", "x" * 80),),
    chain=NewestChain((replace(NEWEST, name="y" * 90),), 3, BrokenChain("parent_failed", CULPRIT, 2)),
)
LOOK: Final = """
<script>
addEventListener("load", () => {
  const inside = document.querySelector("iframe").contentWindow;
  const find = (name) => inside.document.querySelector(name);
  const picture = find("svg").getBoundingClientRect();
  const texts = [...inside.document.querySelectorAll("svg text")].map((text) => text.getBoundingClientRect());
  document.body.textContent = JSON.stringify({
    overflow: inside.document.documentElement.scrollWidth - inside.innerWidth,
    card: inside.getComputedStyle(find("table")).backgroundColor,
    full: inside.getComputedStyle(find("svg rect.full")).fill,
    outside: texts.filter((box) => box.left < picture.left - 1 || box.right > picture.right + 1).length,
    smallest: Math.min(...texts.map((box) => box.height)) >= 10,
    marks: inside.document.querySelectorAll("svg rect").length,
  });
});
</script>
<iframe src="/page" width="WIDTH" height="800"></iframe>
"""


def _site(width: int, requested: list[str]) -> Starlette:
    policy = HEADERS["Content-Security-Policy"].replace("frame-ancestors 'none'", "frame-ancestors 'self'")

    def page(_: Request) -> HTMLResponse:
        return HTMLResponse(shown(LONG).html, headers={**HEADERS, "Content-Security-Policy": policy})

    def look(_: Request) -> HTMLResponse:
        return HTMLResponse(LOOK.replace("WIDTH", str(width)))

    def other(request: Request) -> PlainTextResponse:
        requested.append(request.url.path)
        return PlainTextResponse("", 404)

    return Starlette(routes=[Route("/page", page), Route("/look", look), Route("/{path:path}", other)])


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize(
    ("dark", "card", "full"),
    [(False, "rgb(255, 255, 255)", "rgb(26, 127, 55)"), (True, "rgb(26, 32, 41)", "rgb(74, 194, 107)")],
)
def test_the_page_in_a_real_browser(tmp_path: Path, width: int, *, dark: bool, card: str, full: str) -> None:
    """Its time line is readable on a phone and in dark mode: no text is cut off or too small."""
    requested: list[str] = []
    with running(_site(width, requested)) as url:
        seen: dict[str, Any] = json.loads(Browser(tmp_path).text(f"{url}/look", dark=dark))

    assert seen.pop("overflow") <= 0
    assert seen == {"card": card, "full": full, "outside": 0, "smallest": True, "marks": 8}
    assert set(requested) <= {"/favicon.ico"}
