"""The command `serve`, as a process."""

import re
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from exporter import __version__
from exporter.server.run import listen, port_of
from exporter.simulator import Request
from tests.support.command import LOOPBACK, Invoke, ended, running
from tests.support.faults import FaultyApi, HangBeforeHeaders


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize("arguments", [[LOOPBACK], ["serve", LOOPBACK, "--web.max-requests=1"]])
def test_the_bare_command_serves(arguments: list[str]) -> None:
    """Without a command it serves the environment's target on `/metrics`; SIGTERM ends it with status 0."""
    with running(*arguments) as (process, url):
        text = requests.get(f"{url}/metrics", timeout=60).text
        status = ended(process, signal.SIGTERM)
        rest = process.stderr.read() if process.stderr else ""

    assert "bycloud_up 1.0\n" in text
    assert "bycloud_scrape_backups 45.0\n" in text
    assert 'bycloud_api_requests_total{code="200",target="default"}' in text
    assert f'version="{__version__}"' in text
    assert 'window="hour"' in text
    assert status == 0
    assert "sizes look like GiB, not bytes" in rest
    assert '"read the backup list"' in rest
    assert rest.rstrip().splitlines()[-1].count('"shutting down"') == 1
    assert not re.search("level=(error|critical)|Traceback", rest)


@pytest.mark.usefixtures("environ")
def test_it_logs_a_variable_without_effect(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    """The warning suggests the nearest name, and does not show the value."""
    monkeypatch.setenv("BYCLOUD_MAXAGE", "private")
    status, _, err = invoke(LOOPBACK, "--web.listen-address=127.0.0.1:99999")

    assert status == 2
    assert err.count("BYCLOUD_MAXAGE is no setting and has no effect (did you mean BYCLOUD_MAX_AGE?)") == 1
    assert "private" not in err


@pytest.mark.usefixtures("environ")
def test_sigterm_ends_it_while_a_scrape_hangs_on_the_api(api: FaultyApi) -> None:
    """A scrape of up to ten minutes gets a response, and the process ends with status 0."""
    requested = threading.Event()

    def note(_: Request) -> bool:
        requested.set()
        return True

    api.faults.add(HangBeforeHeaders(), times=None, when=note)
    with running(LOOPBACK) as (process, url), ThreadPoolExecutor(1) as pool:
        patience = {"X-Prometheus-Scrape-Timeout-Seconds": "600"}
        scrape = pool.submit(requests.get, f"{url}/metrics", headers=patience, timeout=60)
        assert requested.wait(10)
        status = ended(process, signal.SIGTERM)
        text = scrape.result().text

    assert status == 0
    assert "bycloud_up 0.0\n" in text
    assert 'bycloud_scrape_failure{reason="timeout"} 1.0\n' in text


@pytest.mark.usefixtures("environ")
def test_several_targets_from_a_file(api: FaultyApi, tmp_path: Path) -> None:
    """Each target has its own credential and its own probe."""
    (tmp_path / "token").write_text("demo-token\n")
    config = tmp_path / "config.yml"
    config.write_text(
        f"targets:\n- {{name: a, url: {api.url}, token_file: token}}\n"
        f"- {{name: b, url: {api.url}, api_key: 'x:y'}}\n"
    )
    with running("serve", f"--config.file={config}", LOOPBACK) as (_, url):
        a, b = (requests.get(f"{url}/probe?target={name}", timeout=60).text for name in "ab")
        landing = requests.get(f"{url}/", timeout=60).text

    assert "bycloud_up 1.0\n" in a
    assert 'bycloud_scrape_failure{reason="auth"} 1.0\n' in b
    assert "failing: auth" in landing


@pytest.mark.usefixtures("environ")
def test_a_port_in_use_is_one_line(invoke: Invoke) -> None:
    """An address that is taken ends the command with status 2."""
    with listen("127.0.0.1:0") as listener:
        address = f"127.0.0.1:{port_of(listener)}"
        invoked = invoke(f"--web.listen-address={address}")
    problem = f"--web.listen-address: cannot listen on {address}: Address already in use"

    assert invoked == (
        2,
        "",
        f"bycloud-backup-exporter: {problem}\n",
    )
