"""The command `explain`."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from exporter.api.transport import HttpTransport
from exporter.cli.main import main
from exporter.simulator import bulk_backups
from exporter.simulator.http.wire import Json
from tests.support.command import Invoke
from tests.support.faults import ErrorBody, FaultyApi, Rewrite
from tests.support.matching import of_backups

LATE = "FAIL  newest restore point 33"


@pytest.fixture
def lenient(api: FaultyApi, tmp_path: Path) -> str:
    """Return the flag of a configuration that requires nothing of `database-0002`."""
    path = tmp_path / "lenient.yml"
    path.write_text(
        f"targets: [{{name: a, api_key: 'demo:demo-secret', url: {api.url}}}]\n"
        "objectives: [{match: {instance_name: database-0002}, max_age: never}, {max_age: 30h}]\n",
        encoding="utf-8",
    )
    return f"--config.file={path}"


@pytest.mark.usefixtures("environ")
def test_one_database_is_explained_by_its_name(invoke: Invoke) -> None:
    """A database at risk has status 1; in a pipe there is neither colour nor progress."""
    status, out, err = invoke("explain", "database-0002")

    assert (status, err) == (1, "")
    assert out.startswith("database-0002: at risk\n  target     default\n")
    assert LATE in out
    assert "\x1b" not in out


@pytest.mark.usefixtures("environ")
def test_one_database_is_explained_by_its_id(invoke: Invoke) -> None:
    """An id and a name explain the same database."""
    named = json.loads(invoke("explain", "database-0002", "--output=json")[1])["databases"][0]
    (database,) = json.loads(invoke("explain", named["instance_id"], "--output=json")[1])["databases"]

    assert database["instance_name"] == "database-0002"


def test_a_database_that_is_not_at_risk(invoke: Invoke, lenient: str) -> None:
    """The status is 0 if nothing is required of it."""
    status, out, _ = invoke("explain", "database-0002", lenient)

    assert status == 0
    assert "  none: `objectives` require nothing of its backups\n" in out


def test_a_pattern_explains_several_databases(invoke: Invoke, lenient: str) -> None:
    """Each has one line, the worst first; the status is 1 if any is at risk."""
    status, out, err = invoke("explain", "database-000[123]", lenient)
    _, *lines = out.splitlines()

    assert (status, err) == (1, "")
    assert [line.split()[0] for line in lines] == ["FAIL", "FAIL", "ok"]
    assert lines[2].split()[2] == "database-0002"


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize("output", ["text", "json"])
def test_an_unknown_database_is_a_usage_error(invoke: Invoke, output: str) -> None:
    """One line suggests the nearest names; without any, it says how to list all."""
    near = invoke("explain", "databsae-0002", f"--output={output}")
    far = invoke("explain", "z\n", f"--output={output}")

    assert near[:2] == far[:2] == (2, "")
    assert re.fullmatch(
        "bycloud-backup-exporter: no database has the name or id 'databsae-0002', and none matches it;"
        r" nearest: database-0002, database-000., database-000.\n",
        near[2],
    )
    assert far[2] == (
        r"bycloud-backup-exporter: no database has the name or id 'z\n', and none matches it;"
        " 6 databases known: explain '*' lists all\n"
    )


@pytest.mark.usefixtures("environ")
def test_the_name_of_a_deleted_database_is_unknown(invoke: Invoke, api: FaultyApi) -> None:
    """Its backups remain; the line says that its id explains it."""
    api.faults.add(Rewrite(_without_the_first), times=None, when=lambda request: not of_backups(request))
    status, _, err = invoke("explain", "zzz")

    assert status == 2
    assert "6 databases known: explain '*' lists all; 1 deleted or unlisted database can be explained" in err


@pytest.mark.usefixtures("environ")
def test_a_failed_walk_has_status_1(invoke: Invoke, api: FaultyApi) -> None:
    """The error is one line on stderr, or the key `error` of the JSON; no secret is shown."""
    api.faults.add(ErrorBody(401, "Key demo:demo-secret refused"), times=None, when=of_backups)
    text = invoke("explain", "database-0002")
    status, out, err = invoke("explain", "database-0002", "--output=json")
    answer = json.loads(out)

    assert text[:2] == (1, "")
    assert text[2].startswith("default: auth: Key *** refused; is `api_key` right? (HTTP 401, request_id ")
    assert (status, err, answer["databases"]) == (1, "", [])
    assert f"{answer['error']}\n".split("request_id")[0] == text[2].split("request_id")[0]


def test_several_targets_are_searched(invoke: Invoke, api: FaultyApi, tmp_path: Path) -> None:
    """All are walked unless `--target` names one; one that fails makes the status 1."""
    config = tmp_path / "config.yml"
    config.write_text(
        f"targets: [{{name: a, token: demo-token, url: {api.url}}}, {{name: b, token: x, url: {api.url}}}]\n"
        "objectives: [{max_age: never}]\n",
        encoding="utf-8",
    )
    flag = f"--config.file={config}"
    both = invoke("explain", "database-0002", flag)
    one = invoke("explain", "database-0002", flag, "--target=a")
    unknown = invoke("explain", "database-0002", flag, "--target=c")

    assert (both[0], one[0]) == (1, 0)
    assert both[1].startswith("database-0002: not at risk\n  target     a\n")
    assert both[2].startswith("b: auth: ")
    assert one[2] == ""
    assert unknown == (2, "", "bycloud-backup-exporter: --target: found 'c', allowed: a, b\n")


@pytest.mark.usefixtures("environ")
def test_without_a_list_of_instances_an_id_still_works(invoke: Invoke, api: FaultyApi) -> None:
    """Names are unknown then; the line says why a name is not found."""
    api.instances = None
    instance_id = bulk_backups(45, 6)[0].instance_id
    by_name = invoke("explain", "database-0002")

    assert invoke("explain", str(instance_id))[0] == 1
    assert by_name[0] == 2
    assert by_name[2].endswith("; only ids are known, no names: see `check`\n")


@pytest.mark.usefixtures("environ")
def test_what_chains_assume_is_a_note(invoke: Invoke, api: FaultyApi) -> None:
    """The snapshots of this database that need no parent are counted."""
    api.faults.add(Rewrite(_on_cinder), times=None, when=of_backups)
    _, out, _ = invoke("explain", "database-0002")

    assert re.search(r"^  note  \d+ Cinder snapshots with a parent counted as restorable", out, re.MULTILINE)


def _without_the_first(page: Json) -> Json:
    """Delete the first instance of a page."""
    records, meta = page["database_instances"], page["meta"]
    assert isinstance(records, list)
    assert isinstance(meta, dict)
    return page | {"database_instances": records[1:], "meta": meta | {"total": len(records) - 1}}


def _on_cinder(page: Json) -> Json:
    """Store each backup of a page as a Cinder snapshot."""
    records = page["database_backups"]
    assert isinstance(records, list)
    return page | {
        "database_backups": [record | {"location_ref": f"cinder://{record['id']}"} for record in records]
    }


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize("fails", ["walk", "explain"])
def test_explain_closes_its_connections_when_it_fails(
    fails: str, closed_transports: Sequence[HttpTransport], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug that ends the command leaves no socket to the garbage collector."""
    monkeypatch.setattr(f"exporter.cli.commands.explain.{fails}", _buggy)
    with pytest.raises(ZeroDivisionError):
        main(["explain", "database-0002"])

    assert len(closed_transports) == 1


def _buggy(*_: object) -> NoReturn:
    raise ZeroDivisionError("a bug")
