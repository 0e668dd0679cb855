"""The API's JSON objects: records and errors, with exactly the vendor's keys."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Generic
from uuid import uuid4

from msgspec import Struct

from exporter.records import Backup, Datastore, Instance, Record
from exporter.simulator.fleet.chance import chance, identifier
from exporter.simulator.quirks import TimeStyle

Json = dict[str, object]
_REGION = "spo1"


class RequestRefusedError(Exception):
    """The API refuses a request: `status` is the HTTP status, `body` the error's JSON object."""

    def __init__(self, status: int, message: str, details: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(status, message, details)


class Collection(Struct, Generic[Record], frozen=True):
    """A list endpoint.

    :param plural: the key of a page's list.
    :param singular: the key of a single record.
    :param noun: what messages call a record.
    :param render: returns a record as JSON.
    :param fields: the fields that the list can be filtered by.
    """

    path: str
    plural: str
    singular: str
    noun: str
    render: Callable[[Record, TimeStyle], Json]
    fields: Mapping[str, Callable[[Record], str | None]]


def error_body(status: int, message: str, details: str | None = None) -> Json:
    """Return the JSON body of an error."""
    optional = {} if details is None else {"details": details}
    return {"error": {"code": status, "message": message, **optional, "request_id": f"req-{uuid4()}"}}


def backup_object(backup: Backup, style: TimeStyle) -> Json:
    """Return a backup as the API renders it."""
    return {
        "id": backup.id,
        "crn": f"crn:{_REGION}:database:backup:{backup.id}",
        "name": backup.name,
        "description": None if backup.parent_id is None else "incremental",
        "status": backup.status,
        "instance_id": backup.instance_id,
        "parent_id": backup.parent_id,
        "size": backup.size,
        "datastore": _datastore_object(backup.datastore),
        "location_ref": backup.location_ref,
        "created_at": _time(backup.created_at, style),
        "updated_at": _time(backup.updated_at, style),
    }


def instance_object(instance: Instance, style: TimeStyle) -> Json:
    """Return an instance as the API renders it."""
    hostname = f"{instance.name or instance.id}.db.{_REGION}.mycloud.com"
    address = f"10.0.{int(256 * chance(instance.id, 'net'))}.{1 + int(254 * chance(instance.id, 'host'))}"
    gib = 10 + int(490 * chance(instance.id, "volume"))
    return {
        "id": instance.id,
        "crn": f"crn:{_REGION}:database:instance:{instance.id}",
        "name": instance.name,
        "status": "ACTIVE",
        "operating_status": "HEALTHY",
        "datastore": _datastore_object(instance.datastore),
        "flavor": {"id": identifier("flavor", "db.m2"), "name": "db.m2"},
        "volume": {"size": gib, "type": "ssd", "used": round(gib * 0.6, 2)},
        "region": _REGION,
        "addresses": [{"address": address, "type": "private"}],
        "hostname": hostname,
        "ip": [address],
        "replicas": [],
        "replica_of": None if instance.replica_of is None else {"id": instance.replica_of.id},
        "updated_at": _time(instance.updated_at, style),
    }


def _datastore_object(datastore: Datastore | None) -> Json | None:
    if datastore is None:
        return None
    version = identifier("datastore", datastore.type, datastore.version)
    return {"type": datastore.type, "version": datastore.version, "version_id": version}


def _time(moment: datetime | None, style: TimeStyle) -> datetime | str | None:
    """Render a time; msgspec renders the style "Z", also for offsets that have no UTC form."""
    return moment if moment is None or style == "Z" else _STYLES[style](moment.astimezone(UTC))


def _datastore_type(record: Backup | Instance) -> str | None:
    return None if record.datastore is None else record.datastore.type


_STYLES: Mapping[TimeStyle, Callable[[datetime], str]] = {
    "fractions": lambda moment: moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z",
    "+00:00": datetime.isoformat,
    "no zone": lambda moment: moment.replace(tzinfo=None).isoformat(),
}

BACKUPS = Collection[Backup](
    path="/v1/database-backups",
    plural="database_backups",
    singular="database_backup",
    noun="Backup",
    render=backup_object,
    fields={
        "name": lambda backup: backup.name,
        "status": lambda backup: backup.status,
        "instance_id": lambda backup: backup.instance_id,
        "datastore_type": _datastore_type,
    },
)
INSTANCES = Collection[Instance](
    path="/v1/database-instances",
    plural="database_instances",
    singular="database_instance",
    noun="Instance",
    render=instance_object,
    fields={
        "name": lambda instance: instance.name,
        "status": lambda _: "ACTIVE",
        "datastore_type": _datastore_type,
    },
)
