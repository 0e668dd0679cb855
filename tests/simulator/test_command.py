"""The simulated API as a process."""

import runpy
import signal
import threading

import pytest
import requests

from exporter.simulator.command import main


def total_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> int:
    """Run the command and return how many backups it serves."""
    totals: list[int] = []

    def ask() -> None:
        url = capsys.readouterr().out.strip()
        headers = {"X-Api-Key": "demo:demo-secret"}
        response = requests.get(f"{url}/v1/database-backups", headers=headers, timeout=5)
        instances = requests.get(f"{url}/v1/database-instances", headers=headers, timeout=5)
        totals.append(response.json()["meta"]["total"])
        assert instances.json()["meta"]["total"] > 2

    main(arguments, ask)
    return totals[0]


def test_a_list_for_benchmarks(capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints its URL first and serves the requested number of backups."""
    assert total_of(["--backups", "30", "--instances", "3", "--max-limit", "10"], capsys) == 30


def test_the_demo_s_fleet_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a number the command serves the demo's fleet."""
    assert total_of([], capsys) > 1000


def test_a_signal_ends_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """SIGTERM and SIGINT end the command, which then restores the signal mask."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    main(["--backups", "1"])
    inside = signal.pthread_sigmask(signal.SIG_SETMASK, before)

    assert capsys.readouterr().out.startswith("http://127.0.0.1:")
    assert inside == before | {signal.SIGTERM}


def test_the_package_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m exporter.simulator` runs the command."""
    monkeypatch.setattr("sys.argv", ["simulator", "--help"])

    with pytest.raises(SystemExit, match="0"):
        runpy.run_module("exporter.simulator", run_name="__main__")
    assert "--max-limit" in capsys.readouterr().out
