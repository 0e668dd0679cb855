"""Data that no sane API sends is counted or refused, and never breaks a scrape."""

import json
import math
from collections.abc import Iterable, Iterator
from typing import Unpack

import pytest
import structlog
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families

from exporter.api import ApiClient
from exporter.api.budget import Budget
from exporter.api.transport import ObserveHeaders
from exporter.config import Config, Secret
from exporter.metrics.collector import render_text
from exporter.target import InstanceList, TargetWalker, scrape_result_of
from tests.support.targets import TargetSettings, target
from tests.support.world import Silent, World

NAME = 'a"b\\c\nd é 😀 \x00'


class Canned(Struct):
    """A transport with prepared pages."""

    pages: Iterator[bytes]

    def get(
        self, _path: str, _query: object, _secret: Secret, _seconds: float, _observe: ObserveHeaders
    ) -> tuple[int, bytes]:
        """Return the next page."""
        return 200, next(self.pages)

    def close(self) -> None:
        """Do nothing."""


def page(records: list[object], *, more: bool = False) -> bytes:
    """Encode a page, with Python's extensions to JSON."""
    return json.dumps({"database_backups": records, "meta": {"has_more": more}}).encode()


def record(name: str, **fields: object) -> dict[str, object]:
    """Make a backup as the API sends it."""
    return {
        "id": name,
        "status": "COMPLETED",
        "created_at": "2026-01-01T00:00:00Z",
        "instance_id": "one",
    } | fields


def scraped(
    pages: Iterable[bytes], **settings: Unpack[TargetSettings]
) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Walk these pages and parse what is served."""
    world = World()
    fields: TargetSettings = {"instances": "off", **settings}
    api = ApiClient(target(**fields), Budget(clock=world), Silent(), Canned(iter(pages)), world)
    log = structlog.get_logger()
    walk = TargetWalker(api, InstanceList(api, "off", log), Config().objectives, log)
    result = scrape_result_of(walk(600), world.now())
    return {
        family.name: [(sample.labels, sample.value) for sample in family.samples]
        for family in text_string_to_metric_families(render_text(result))
    }


def test_extreme_values_are_served_or_omitted() -> None:
    """Huge sizes, times at both ends of the calendar, missing IDs and any names break nothing."""
    served = scraped(
        [
            page(
                [
                    record("huge-1", size=1e308, created_at="0001-01-01T00:00:00+05:00"),
                    record("huge-2", size=1e308, created_at="9999-12-31T23:59:59-05:00"),
                    record("negative", size=-1),
                    record("nan", size=math.nan),
                    record("infinite", size=math.inf),
                    record("text", size="12.5"),
                    record("odd parent", parent_id={"id": 7}),
                    record("odd name", instance_id=NAME, status=NAME),
                    record("no time", created_at="yesterday"),
                    record("no moment", created_at="2026-02-30T00:00:00Z"),
                    None,
                    [[[]]],
                ]
            )
        ],
        size_unit="GiB",
    )

    one = {"status": "COMPLETED", "datastore_type": "unknown", "instance_id": "one"}
    odd = {"status": NAME, "datastore_type": "unknown", "instance_id": NAME}
    labels = {"datastore_type": "unknown", "instance_id": "one"}
    assert served["bycloud_up"] == [({}, 1)]
    assert served["bycloud_scrape_malformed_backups"] == [({}, 4)]
    assert (one, 7) in served["bycloud_database_backups"]
    assert (odd, 1) in served["bycloud_database_backups"]
    assert one not in [labels for labels, _ in served["bycloud_database_backups_size_bytes"]]
    assert math.inf not in [value for samples in served.values() for _, value in samples]
    assert (one, 253402318799.0) in served["bycloud_database_backup_newest_timestamp_seconds"]
    assert (one, -62135614800.0) in served["bycloud_database_backup_oldest_timestamp_seconds"]
    assert served["bycloud_database_unrestorable_backups"] == [(labels | {"reason": "parent_missing"}, 1)]
    assert served["bycloud_scrape_unknown_status_backups"] == [({}, 1)]


def test_json_a_hundred_thousand_deep_is_a_failed_walk() -> None:
    """The nesting may be that of the response or of a record."""
    deep = b"[" * 100_000 + b"]" * 100_000

    for body in (deep, b'{"database_backups": [' + deep + b"]}"):
        served = scraped([body])

        assert served["bycloud_up"] == [({}, 0)]
        assert ({"reason": "bad_response"}, 1) in served["bycloud_scrape_failure"]
        assert "bycloud_database_backups" not in served


@pytest.mark.slow
def test_half_a_million_backups_in_fifty_thousand_instances() -> None:
    """Every one is counted."""
    number, instances, size = 500_000, 50_000, 10_000

    def pages() -> Iterator[bytes]:
        for start in range(0, number, size):
            records: list[object] = [
                record(str(place), instance_id=f"instance-{place % instances}", size=1.0)
                for place in range(start, start + size)
            ]
            yield page(records, more=start + size < number)

    served = scraped(pages())

    assert served["bycloud_scrape_backups"] == [({}, number)]
    assert sum(value for _, value in served["bycloud_database_backups"]) == number
    assert len(served["bycloud_database_restorable_backups"]) == instances


def test_backups_of_the_future_are_counted_and_have_age_0() -> None:
    """The exporter's clock decides; the timestamps are the API's."""
    served = scraped(
        [
            page(
                [
                    record("past"),
                    record("soon", created_at="2027-01-15T08:00:08Z"),
                    record("far", created_at="9999-12-31T23:59:59Z"),
                ]
            )
        ]
    )

    assert served["bycloud_scrape_future_backups"] == [({}, 2)]
    assert {age for _, age in served["bycloud_database_backup_newest_age_seconds"]} == {0}
    assert {age for _, age in served["bycloud_database_restorable_newest_age_seconds"]} == {0}
    assert {at for _, at in served["bycloud_database_backup_newest_timestamp_seconds"]} == {253402300799.0}
