"""Tests of `exporter.web.statuses`."""

import pytest

from exporter.target import WalkOutcome
from exporter.web.statuses import target_status
from tests.support.scrape_results import FAILURE, SNAPSHOT, scraper


def test_a_status_starts_no_walk() -> None:
    """Before the first scrape nothing is known."""

    def walk() -> WalkOutcome:
        pytest.fail("walked")

    assert target_status(scraper(walk)).snapshot is None


def test_a_status_has_the_last_snapshot() -> None:
    """It is the one that a scrape would report."""
    walked = scraper()
    walked.scrape(1)

    assert target_status(walked).snapshot == SNAPSHOT
    assert target_status(walked).result.up


def test_a_status_after_a_failure_has_its_reason() -> None:
    """There is no snapshot if no walk was complete."""
    failed = scraper(lambda: FAILURE)
    failed.scrape(1)

    assert target_status(failed).snapshot is None
    assert target_status(failed).result.failure == "auth"
