"""Fields of the wrong type."""

import json
from datetime import UTC, datetime

import pytest

from exporter.api.decode import decode_page
from exporter.api.envelope import BACKUPS
from exporter.records import Backup, Datastore
from tests.support.odd_json import GOOD
from tests.support.pages import UNDOCUMENTED, page_of

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def decoded(**fields: object) -> Backup:
    """Decode a valid record with these fields replaced."""
    return page_of(GOOD | fields).records[0]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05Z", MOMENT),
        ("2026-01-02T03:04:05.5Z", MOMENT.replace(microsecond=500_000)),
        ("2026-01-02T03:04:05.123456Z", MOMENT.replace(microsecond=123_456)),
        ("2026-01-02T03:04:05.123456000Z", MOMENT.replace(microsecond=123_456)),
        ("2026-01-02T03:04:05+00:00", MOMENT),
        ("2026-01-02T03:04:05.000000+00:00", MOMENT),
        ("2026-01-02T05:04:05+02:00", MOMENT),
        ("2026-01-02T03:04:05", MOMENT),
        ("2026-01-02T03:04:05.000000", MOMENT),
        ("2026-01-02 03:04:05", MOMENT),
        ("2026-01-02t03:04:05z", MOMENT),
        (" 2026-01-02T03:04:05Z ", MOMENT),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("other", [(), (UNDOCUMENTED,)])
def test_timestamps_in_every_known_form(text: str, moment: datetime, other: tuple[object, ...]) -> None:
    """Each is a time with a zone; without one it is UTC."""
    page = page_of(*other, GOOD | {"created_at": text, "updated_at": text})

    assert page.records[0].created_at == page.records[0].updated_at == moment


@pytest.mark.parametrize("value", ["soon", "", 5, {}, None])
def test_an_unusable_updated_at_is_absent(value: object) -> None:
    """The backup still counts."""
    assert decoded(updated_at=value).updated_at is None


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "NaN",
        "Infinity",
        "1e999",
        "-1",
        "-0.01",
        '"big"',
        '""',
        "true",
        "false",
        "[]",
        "{}",
        "9" * 5000,
    ],
)
def test_unusable_sizes_are_absent(text: str) -> None:
    """A size is a number from zero to the largest float."""
    body = json.dumps({"database_backups": [GOOD | {"size": "SIZE"}]}).replace('"SIZE"', text)

    assert decode_page(BACKUPS, body.encode()).records[0].size is None


@pytest.mark.parametrize(
    ("value", "size"), [(0, 0.0), (2.27, 2.27), (10**30, 1e30), (1e308, 1e308), ("2.5", 2.5)]
)
@pytest.mark.parametrize("other", [(), (UNDOCUMENTED,)])
def test_usable_sizes(value: object, size: float, other: tuple[object, ...]) -> None:
    """A number in a string is a number too."""
    assert page_of(*other, GOOD | {"size": value}).records[0].size == size


@pytest.mark.parametrize("value", [5, 1.5, True, [], {"id": "before"}])
def test_an_id_of_a_wrong_type_is_not_absent(value: object) -> None:
    """A lost parent must not read as no parent: that would turn an incremental backup into a full one."""
    backup = decoded(parent_id=value, instance_id=value)

    assert backup.parent_id is not None
    assert backup.parent_id.startswith("<")
    assert backup.instance_id == backup.parent_id


@pytest.mark.parametrize(
    ("value", "datastore"),
    [
        (None, None),
        ("mysql", None),
        ([], None),
        ({}, Datastore()),
        ({"type": 5, "version": None}, Datastore()),
        ({"type": "mysql", "version": 8}, Datastore(type="mysql")),
    ],
)
@pytest.mark.parametrize("other", [(), (UNDOCUMENTED,)])
def test_datastores_keep_their_usable_fields(
    value: object, datastore: Datastore | None, other: tuple[object, ...]
) -> None:
    """A field of the wrong type is absent."""
    assert page_of(*other, GOOD | {"datastore": value}).records[0].datastore == datastore
