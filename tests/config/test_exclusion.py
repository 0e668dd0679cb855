"""What an exclusion matches, and the mistakes in one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config import Exclusion
from exporter.errors import ConfigError
from exporter.validation import convert

KEYS = "the keys instance_id, instance_name, datastore_type, backup_name"


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (
            {},
            (
                "an entry without a pattern would exclude everything, allowed: at least one of instance_id,"
                " instance_name, datastore_type, backup_name"
            ),
        ),
        ({"backup_name": ""}, "backup_name: found '', allowed: text, not empty"),
        ({"backup_name": 5}, "backup_name: found 5, allowed: text, not empty"),
        ({"name": "x"}, f"unknown key 'name', allowed: {KEYS}"),
        ("scratch-*", f"found a value of another type, allowed: {KEYS}"),
    ],
)
def test_a_mistake_is_one_line(document: object, line: str) -> None:
    """The line says what was found and what is allowed."""
    with pytest.raises(ConfigError) as raised:
        convert(document, Exclusion)

    assert str(raised.value) == line


def test_all_patterns_must_match() -> None:
    """A pattern for the backup's name is compared apart from those for the database."""
    exclusion = Exclusion(instance_name="scratch-*", datastore_type="redis", backup_name="Replication *")

    assert exclusion.covers_database("1", "scratch-a", "redis")
    assert not exclusion.covers_database("1", "scratch-a", "mysql")
    assert not exclusion.covers_database("1", None, "redis")
    assert exclusion.covers_name("Replication snapshot for a")
    assert not exclusion.covers_name("nightly")
    assert not exclusion.covers_name(None)


@given(st.text() | st.none(), st.text() | st.none(), st.text())
def test_an_exclusion_by_backup_name_covers_every_database(
    instance_id: str | None, name: str | None, kind: str
) -> None:
    """Without a pattern for databases, all of them match."""
    assert Exclusion(backup_name="x").covers_database(instance_id, name, kind)
