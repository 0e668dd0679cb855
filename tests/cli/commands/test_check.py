"""The command `check`."""

import errno
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

import pytest

from exporter.api import HttpTransport
from exporter.cli.main import main
from exporter.simulator import Quirks
from tests.support.command import COMMAND, Invoke
from tests.support.faults import ErrorBody, FaultyApi, Malform
from tests.support.matching import of_backups
from tests.support.programs import refusing_port
from tests.support.terminal import Terminal

SLOW_HASH: Final = "$2b$15$DFGXSCD.oBGt.PCFrDKbPe9UZXdCzAuYcHQMYKRDvYSZ39LbPRXcK"
"""Of a cost that `check` warns of; no test verifies a password with it."""


@pytest.mark.usefixtures("environ")
def test_check_of_a_good_target(invoke: Invoke, api: FaultyApi) -> None:
    """It reports authentication, backups, instances, rate limits and risks, without colour in a pipe."""
    status, out, err = invoke("check", "--log.level=error")
    head, *lines = out.splitlines()

    assert (status, err) == (0, "")
    assert head == f"default  {api.url}"
    assert "  ok    authenticated by api_key" in lines
    assert re.fullmatch(
        r"  ok    45 backups on 1 page of at most 1000, walked in .*s with 1 request",
        lines[1],
    )
    assert lines[2] == "  ok    6 instances listed"
    assert lines[3].startswith("  warn  sizes look like GiB, not bytes (the largest is ")
    assert re.fullmatch(  # two concurrent responses: either may be read last
        r"  ok    rate limit 60 requests per minute, 5[89] left \(Standard: 1,000 per hour;"
        r" this exporter uses its `budget_share` of 0\.5\)",
        lines[4],
    )
    assert lines[5:7] == [
        "  ok    a walk every 1m needs 1 of 30 requests per minute",
        "  ok    a walk every 1m needs 60 of 500 requests per hour",
    ]
    assert lines[7:9] == ["", "  6 at risk, worst first"]
    assert "\x1b" not in out


@pytest.mark.usefixtures("environ", "api")
def test_check_warns_of_a_variable_without_effect(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first line suggests the nearest name."""
    monkeypatch.setenv("BYCLOUD_SIZEUNIT", "GiB")
    status, out, err = invoke("check")

    assert (status, err) == (0, "")
    assert out.splitlines()[0] == (
        "warn  BYCLOUD_SIZEUNIT is no setting and has no effect (did you mean BYCLOUD_SIZE_UNIT?)"
    )


@pytest.mark.usefixtures("environ", "api")
def test_the_json_has_the_warnings_of_the_configuration(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Programs see variables without effect and what is wrong with the web configuration, as people do."""
    (web := tmp_path / "web.yml").write_text(f"basic_auth_users: {{alice: {SLOW_HASH}}}\n", encoding="utf-8")
    monkeypatch.setenv("BYCLOUD_SIZEUNIT", "GiB")
    arguments = ["check", "--log.level=error", f"--web.config.file={web}"]
    status, text, _ = invoke(*arguments)
    _, printed, _ = invoke(*arguments, "--output=json")
    document = json.loads(printed)

    assert status == 0
    assert [f"warn  {warning}" for warning in document["warnings"]] == text.splitlines()[:2]
    assert document["warnings"][0].startswith("BYCLOUD_SIZEUNIT is no setting")
    assert "bcrypt" in document["warnings"][1]


@pytest.mark.usefixtures("environ")
def test_check_of_an_interval_that_does_not_fit(invoke: Invoke, api: FaultyApi) -> None:
    """The warnings say what to change; the status is 0."""
    api.quirks = Quirks(max_limit=5)
    status, out, _ = invoke("check", "--scrape-interval=15s")

    assert status == 0
    assert "  warn  a walk every 15s needs 36 of 30 requests per minute: walks will run every" in out
    assert "  warn  a walk every 15s needs 2,160 of 500 requests per hour: walks will run every" in out


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize(
    ("status", "reason", "hint"), [(401, "auth", "; is `api_key` right?"), (403, "forbidden", "")]
)
def test_check_of_a_refused_credential(
    invoke: Invoke, api: FaultyApi, status: int, reason: str, hint: str
) -> None:
    """It reports the API's message and request ID, and masks a secret that the API echoes."""
    api.faults.add(ErrorBody(status, "Key demo:demo-secret refused"), times=None, when=of_backups)
    ended, out, _ = invoke("check")

    assert ended == 1
    message = re.escape(f"  FAIL  {reason}: Key *** refused{hint} (HTTP {status}, request_id req-")
    assert re.search(rf"{message}\S+\)\n", out)
    assert "demo-secret" not in out


def test_check_of_an_unreachable_api(
    invoke: Invoke, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line names the host and the reason."""
    assert environ
    with refusing_port() as port:
        monkeypatch.setenv("BYCLOUD_API_URL", f"http://127.0.0.1:{port}")
        status, out, _ = invoke("check")

    assert status == 1
    assert out.splitlines()[1:] == [f"  FAIL  connection: 127.0.0.1:{port}: Connection refused"]


@pytest.mark.usefixtures("environ")
def test_check_of_malformed_records(invoke: Invoke, api: FaultyApi) -> None:
    """It reports their number, and the log names the first."""
    api.faults.add(Malform({1: {"id": "x"}, 2: None}), when=of_backups)
    status, out, err = invoke("check", "--log.level=warning")

    assert status == 0
    assert "  warn  2 malformed records left out of all metrics; the first: record 2: " in out
    assert "record 2" in err


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False)])
def test_colour_is_for_terminals(
    no_color: str | None,
    coloured: bool,  # noqa: FBT001 - what is expected
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A terminal gets colour unless NO_COLOR is set."""
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    with Terminal() as terminal:
        process = subprocess.Popen([COMMAND, "check"], stdout=terminal.stream, stderr=subprocess.DEVNULL)
        printed = terminal.read_to_end()

    assert process.wait() == 0
    assert ("\x1b[32mok  \x1b[0m  authenticated" in printed) is coloured
    assert "authenticated" in printed


class Unwritable(io.StringIO):
    """A standard output on a full disk."""

    def fileno(self) -> int:
        """Return a descriptor that can be replaced."""
        return os.open(os.devnull, os.O_WRONLY)

    def write(self, _: str) -> int:
        """Raise the error of a full disk."""
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize("fails", ["exporter.cli.commands.check.find", "sys.stdout.write"])
def test_check_closes_its_connections_when_it_fails(
    fails: str, closed_transports: Sequence[HttpTransport], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug or a full disk that ends the command leaves no socket to the garbage collector."""
    if fails == "sys.stdout.write":
        monkeypatch.setattr(sys, "stdout", Unwritable())
    else:
        monkeypatch.setattr(fails, _buggy)
    with pytest.raises((ZeroDivisionError, SystemExit)):
        main(["check"])

    assert len(closed_transports) == 1


def _buggy(*_: object) -> NoReturn:
    raise ZeroDivisionError("a bug")
