"""The command `once`."""

import re
from pathlib import Path
from typing import NoReturn

import pytest

from exporter.app.exporter import Exporter
from exporter.cli.main import main
from tests.support.command import Invoke
from tests.support.faults import ErrorBody, FaultyApi
from tests.support.matching import of_backups


@pytest.mark.usefixtures("environ")
def test_once_prints_one_scrape(invoke: Invoke) -> None:
    """It prints the target's metrics with ages, and none of the exporter itself."""
    status, out, err = invoke("once")

    assert status == 0
    assert "bycloud_up 1.0\n" in out
    assert "bycloud_database_backup_newest_age_seconds{" in out
    assert "process_" not in out
    assert err == ""


@pytest.mark.usefixtures("environ")
def test_once_writes_a_file(invoke: Invoke, api: FaultyApi, tmp_path: Path) -> None:
    """The file has no ages; if the walk fails, the old file is unchanged and the status is 1."""
    path = tmp_path / "bycloud.prom"
    well = invoke("once", f"--output={path}")
    written = path.read_text()
    api.faults.add(ErrorBody(403), times=None, when=of_backups)
    failed = invoke("once", f"--output={path}")

    assert (well[:2], failed[:2]) == ((0, ""), (1, ""))
    assert "bycloud_database_backups{" in written
    assert not re.search("newest_age_seconds", written)
    assert path.read_text() == written
    assert list(tmp_path.iterdir()) == [path]
    assert failed[2].startswith("default: forbidden: Something went wrong (HTTP 403, request_id req-")


@pytest.mark.usefixtures("environ")
def test_once_reports_a_failed_walk(invoke: Invoke, api: FaultyApi) -> None:
    """A failed walk is in the metrics, in one line on stderr and in the status."""
    api.faults.add(ErrorBody(401, "No such key"), times=None, when=of_backups)
    status, out, err = invoke("once")

    assert status == 1
    assert 'bycloud_scrape_failure{reason="auth"} 1.0\n' in out
    assert "bycloud_database_backups" not in out
    assert len(err.splitlines()) == 1
    assert "No such key" in err


def test_once_needs_to_know_which_target(invoke: Invoke, api: FaultyApi, tmp_path: Path) -> None:
    """With several targets, `--target` is required."""
    config = tmp_path / "config.yml"
    config.write_text(
        f"targets: [{{name: a, token: x, url: {api.url}}}, {{name: b, token: demo-token, url: {api.url}}}]"
    )
    unnamed = invoke("once", f"--config.file={config}")
    named = invoke("once", f"--config.file={config}", "--target=b")

    assert unnamed == (2, "", "bycloud-backup-exporter: --target: found none, allowed: a, b\n")
    assert named[0] == 0


@pytest.mark.usefixtures("environ")
def test_an_unwritable_output_fails(invoke: Invoke, tmp_path: Path) -> None:
    """The status is 1, as the command ran; one line names the flag, the file and the reason."""
    path = tmp_path / "gone" / "bycloud.prom"

    assert invoke("once", f"--output={path}") == (
        1,
        "",
        f"--output: cannot write {path}: No such file or directory\n",
    )


@pytest.mark.usefixtures("environ")
def test_once_closes_its_connections_when_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug that ends the command leaves no socket to the garbage collector."""
    closed: list[Exporter] = []
    close = Exporter.close

    def noted(exporter: Exporter) -> None:
        close(exporter)
        closed.append(exporter)

    monkeypatch.setattr(Exporter, "close", noted)
    monkeypatch.setattr("exporter.cli.commands.once.scrape_result_of", _buggy)
    with pytest.raises(ZeroDivisionError):
        main(["once"])

    assert len(closed) == 1


def _buggy(*_: object) -> NoReturn:
    raise ZeroDivisionError("a bug")
