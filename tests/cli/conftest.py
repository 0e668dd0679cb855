"""An embedded API, an environment that names it, and the command in this process."""

import os
from collections.abc import Iterator, Mapping, Sequence

import pytest

from exporter.api import HttpTransport
from exporter.cli.main import main
from exporter.simulator import bulk_backups, bulk_instances
from tests.support.command import Invoke
from tests.support.faults import FaultyApi


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    """Run an API of 45 backups over 6 instances, on the smallest tier."""
    with FaultyApi(backups=bulk_backups(45, 6), instances=bulk_instances(6), tier="standard") as running:
        yield running


@pytest.fixture
def environ(api: FaultyApi, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """Set the environment so that it names the API and its key, and no other setting of the exporter."""
    for name in list(os.environ):
        if name.startswith("BYCLOUD_") or name == "NO_COLOR":
            monkeypatch.delenv(name)
    monkeypatch.setenv("BYCLOUD_API_URL", api.url)
    monkeypatch.setenv("BYCLOUD_API_KEY", "demo:demo-secret")
    return os.environ


@pytest.fixture
def invoke(capsys: pytest.CaptureFixture[str]) -> Invoke:
    """Return what runs a command line in this process."""

    def invoke(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert isinstance(ended.value.code, int)
        return ended.value.code, *capsys.readouterr()

    return invoke


@pytest.fixture
def closed_transports(monkeypatch: pytest.MonkeyPatch) -> Sequence[HttpTransport]:
    """Return the transports that are closed from now on, in the order in which they are."""
    closed: list[HttpTransport] = []
    close = HttpTransport.close

    def noted(transport: HttpTransport) -> None:
        close(transport)
        closed.append(transport)

    monkeypatch.setattr(HttpTransport, "close", noted)
    return closed
