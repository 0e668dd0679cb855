"""The series of one snapshot: Prometheus refuses a scrape with two of the same labels."""

from collections import Counter
from datetime import timedelta
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.backups import Inventory, Rules, assess
from exporter.config import Duration, ExpectedInstance, MaxDuration, Objective, Statuses
from exporter.config.labels import Labels
from exporter.config.objective import Match
from exporter.metrics.families import families
from exporter.records import Backup, Datastore, Instance, Reference
from exporter.results import ScrapeResult, WalkResult
from tests.support.builders import NOON, backup
from tests.support.scrape_results import OK

IDS: Final = st.sampled_from(["one", "two", "unknown", "ONE", 'o"ne', "one\n", " one"])
NAMES: Final = st.none() | st.sampled_from(["", "orders", "Orders", 'a"b', "a\\b", "a\nb", "ü", "unknown"])
TYPES: Final = st.none() | st.builds(Datastore, st.sampled_from([None, "", "redis", "mysql"]))
OWNED: Final = Objective(
    Match(), MaxDuration(Duration(3600)), labels=Labels([("cost_center", ""), ("team", 'pay"ments')])
)
OTHERS: Final = Objective(Match(instance_id="t*"), labels=Labels([("instance_id", "x")]))
OBJECTIVES: Final = st.sampled_from([(), (OWNED,), (OTHERS, OWNED), (OTHERS,)])


@st.composite
def backups(draw: st.DrawFn) -> dict[str, Backup]:
    """Return backups of few instances, some of a type that differs from that of their instance."""
    made = {}
    for number in range(draw(st.integers(0, 6))):
        made[str(number)] = replace(
            backup(str(number)),
            status=draw(st.sampled_from(["COMPLETED", "FAILED", "BUILDING", "unknown", ""])),
            created_at=NOON + timedelta(minutes=draw(st.integers(-3, 3))),
            instance_id=draw(st.none() | IDS),
            parent_id=draw(st.none() | st.sampled_from("0123456")),
            datastore=draw(TYPES),
        )
    return made


LISTED: Final = st.none() | st.dictionaries(
    IDS, st.builds(lambda name, kind: Instance("", name=name, datastore=kind), NAMES, TYPES)
)
REPLICAS: Final = st.sets(IDS)
EXPECTED: Final = st.lists(st.builds(ExpectedInstance, IDS, NAMES, st.none() | st.just("redis")))


@st.composite
def results(draw: st.DrawFn) -> ScrapeResult:
    """Return the result of any walk, with any configuration."""
    listed, replicas = draw(LISTED), draw(REPLICAS)
    if listed is not None:
        listed = {
            id_: replace(instance, id=id_, replica_of=Reference("one") if id_ in replicas else None)
            for id_, instance in listed.items()
        }
    records = draw(backups())
    walked = WalkResult(
        records=records, duplicates=0, malformed=0, first_malformed=None, reported=None, limit=100
    )
    inventory = Inventory.of(draw(EXPECTED), listed)
    rules = Rules(Statuses(), draw(OBJECTIVES))
    return replace(OK, snapshot=assess(walked, inventory, rules, completed_at=NOON.timestamp()))


@settings(deadline=None)
@given(results())
def test_no_two_samples_have_the_same_labels(result: ScrapeResult) -> None:
    """Whatever the API lists and the user configures, in every family."""
    for family in families(result, NOON.timestamp()):
        series = Counter(tuple(sorted(sample.labels.items())) for sample in family.samples)

        assert set(series.values()) == {1}


@settings(deadline=None)
@given(results())
def test_a_database_always_has_one_series_of_each_kind(result: ScrapeResult) -> None:
    """Its name and its labels have one series if it has any, with the type that its other gauges have."""
    assert result.snapshot
    by_name = {family.name: family.samples for family in families(result, NOON.timestamp())}
    keys = {
        name: [
            (sample.labels["datastore_type"], sample.labels["instance_id"])
            for sample in by_name.get(name, ())
        ]
        for name in (
            "bycloud_database_restorable_backups",
            "bycloud_database_instance_info",
            "bycloud_database_labels",
        )
    }
    known, named, owned = keys.values()
    databases = result.snapshot.assessments

    assert len({instance_id for _, instance_id in known}) == len(known) == len(databases)
    assert named == [(d.datastore_type, d.instance_id) for d in databases if d.instance_name]
    assert owned == [(d.datastore_type, d.instance_id) for d in databases if d.labels]
