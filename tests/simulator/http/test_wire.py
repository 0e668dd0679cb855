"""Records have exactly the vendor's keys, and errors the vendor's body."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from exporter.records import Backup, Datastore, Instance, Reference
from exporter.simulator.http.wire import RequestRefusedError, backup_object, error_body, instance_object
from exporter.simulator.quirks import TimeStyle

MOMENT = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)
BACKUP = Backup(id="b", status="COMPLETED", created_at=MOMENT, datastore=Datastore("mysql", "8.0"))


def through_json(body: object) -> Any:
    """Return what a client decodes."""
    return msgspec.json.decode(msgspec.json.encode(body))


def test_a_backup_has_the_vendors_keys() -> None:
    """A backup has the keys of the documented example, in its order."""
    body = through_json(backup_object(BACKUP, "Z"))

    assert ",".join(body) == (
        "id,crn,name,description,status,instance_id,parent_id,size,datastore,location_ref,created_at,updated_at"
    )
    assert list(body["datastore"]) == ["type", "version", "version_id"]
    assert body["crn"] == "crn:spo1:database:backup:b"


def test_a_backup_s_name_and_location_are_rendered() -> None:
    """They are the record's own."""
    body = backup_object(Backup("b", "COMPLETED", MOMENT, name="nightly", location_ref="cinder://v/s"), "Z")

    assert (body["name"], body["location_ref"]) == ("nightly", "cinder://v/s")


def test_unknown_values_are_null() -> None:
    """A running backup has a null location, and a backup without a datastore a null datastore."""
    body = backup_object(Backup(id="b", status="NEW", created_at=MOMENT, parent_id="a"), "no zone")

    assert body["location_ref"] is body["datastore"] is body["updated_at"] is None
    assert body["description"] == "incremental"


@pytest.mark.parametrize(
    ("style", "written"),
    [
        ("Z", "2024-01-15T10:30:00Z"),
        ("fractions", "2024-01-15T10:30:00.000000Z"),
        ("+00:00", "2024-01-15T10:30:00+00:00"),
        ("no zone", "2024-01-15T10:30:00"),
    ],
)
def test_times_are_rendered_in_a_style(style: TimeStyle, written: str) -> None:
    """A time is rendered in each style that such APIs use."""
    assert through_json(backup_object(BACKUP, style))["created_at"] == written


def test_an_offset_without_a_utc_form_is_kept() -> None:
    """Year 1 at +05:00, which has no UTC form, can be rendered."""
    moment = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))
    body = through_json(backup_object(Backup(id="b", status="NEW", created_at=moment), "Z"))

    assert body["created_at"] == "0001-01-01T00:00:00+05:00"


def test_an_instance_has_the_vendors_keys() -> None:
    """An instance has the vendor's keys; a replica names its primary."""
    body = through_json(instance_object(Instance(id="i", name="db", replica_of=Reference("j")), "Z"))

    assert ",".join(body) == (
        "id,crn,name,status,operating_status,datastore,flavor,volume,region,addresses,hostname,ip,replicas,"
        "replica_of,updated_at"
    )
    assert body["replica_of"] == {"id": "j"}
    assert instance_object(Instance(id="i"), "Z")["replica_of"] is None


def test_an_error_has_a_request_id() -> None:
    """An error always has a request id; details are optional."""
    bare, full = (
        through_json(error_body(503, "Busy")),
        through_json(RequestRefusedError(400, "No", "limit").body),
    )

    assert bare["error"].keys() == {"code", "message", "request_id"}
    assert bare["error"]["request_id"].startswith("req-")
    assert full["error"]["details"] == "limit"
