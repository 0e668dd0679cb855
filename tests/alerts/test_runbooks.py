"""The runbooks: every query, command and link works, and none begins with a deletion."""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest
import requests
import yaml

from alerts.source.first_steps import FIRST_STEPS, OTHER
from alerts.source.groups import alerts, groups
from alerts.source.runbooks import Runbook, runbooks
from alerts.source.settings import Settings
from alerts.source.table import Recording
from exporter.backups.advice import ADVICE
from exporter.cli.parser import parse
from tests.support.programs import need, refusing_port
from tests.support.real_prometheus import listening, wait_until
from tests.support.runbooks import FOLDER, RunbookPage, runbook_pages
from tests.support.served import METRIC, served_labels, served_names
from tests.support.situation import RULES

PAGES: Final = runbook_pages()
ALERTS: Final = {alert.name: alert for alert in reversed(alerts(Settings()))}
HEADINGS: Final = [
    "Meaning",
    "Impact",
    "Diagnosis",
    "Mitigation",
    "Verification",
    "Known false causes",
    "Silence",
]
DELETION: Final = re.compile(r"\b(delete|remove|cancel|purge|drop)\b", re.IGNORECASE)
DOCUMENTED: Final = re.compile(
    r"https://api\.spo1\.mycloud\.com/v1/(?:"
    r"database-backups(?:/BACKUP_ID|\?(?:(?:limit|marker|name|status|instance_id|datastore_type)=\w+&?)+)"
    r"|database-instances\?limit=\d+"
    r"|iam/service-accounts/SERVICE_ACCOUNT_ID/credentials)"
)
"""The vendor's documentation has no other call for backups: none starts, ends or deletes one."""
PROGRAMS: Final = {
    "amtool",
    "bycloud-backup-exporter",
    "curl",
    "journalctl",
    "kubectl",
    "read",
    "sudo",
    "sudoedit",
    "systemctl",
}
UNIT: Final = {"bycloud-backup-exporter", "-u"}
NO_LOOK: Final = {
    "ByCloudBackupInstanceVanished": "`explain` does not know a database without backups that is not listed",
    "ByCloudBackupQuota": "Prometheus has all that there is to see",
}
RECORD: Final = re.compile(r"\bbycloud:[a-z_:]+")
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def _recorded() -> set[str]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return {rule["record"] for group in groups for rule in group["rules"] if "record" in rule}


@each_page
def test_every_runbook_has_the_same_sections(page: RunbookPage) -> None:
    """Whom to call and the first step come before the first section."""
    head = page.text.partition("\n## ")[0]

    assert page.headings == HEADINGS
    assert "\n**Severity" in head
    assert "\n**Call**: " in head
    assert "\n**First step**: " in head


def test_every_alert_has_one_first_step() -> None:
    """It is that of `explain` where the exporter reports the problem, else the table's."""
    advice = {advice.runbook: advice.text for advice in ADVICE.values()}

    assert FIRST_STEPS.keys() == ALERTS.keys() == {page.name for page in PAGES}
    assert not advice.keys() & OTHER.keys()
    assert {page.name: page.first_steps[0] for page in PAGES if page.name in advice} == advice


@pytest.mark.parametrize("step", FIRST_STEPS.values())
def test_a_first_step_is_one_sentence(step: str) -> None:
    """It is short enough for a phone."""
    assert step[0].isupper()
    assert re.fullmatch(r"[^.]*[^.]\.", step)
    assert len(step) <= 120


@each_page
def test_no_first_step_deletes(page: RunbookPage) -> None:
    """A deletion takes all backups that build on the deleted one with it."""
    assert not [step for step in page.first_steps if DELETION.search(step)]


@pytest.mark.parametrize(
    "step", ["Delete the backup.", "Cancel it, then start another.", "Remove the oldest."]
)
def test_a_deletion_is_noticed(step: str) -> None:
    """The test above would fail."""
    assert DELETION.search(step)


def test_every_query_parses(tmp_path: Path) -> None:
    """`promtool` accepts each as the expression of a rule."""
    queries = [query for page in PAGES for query in page.queries]
    rules = [{"record": f"runbook:query:{number}", "expr": query} for number, query in enumerate(queries)]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "runbooks", "rules": rules}]}), encoding="utf-8")
    command = [need("promtool"), "check", "rules", "--lint=none", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert len(queries) >= 3 * len(PAGES)
    assert result.returncode == 0, result.stdout + result.stderr


@each_page
def test_queries_name_what_exists(page: RunbookPage) -> None:
    """Each metric is served, each record is in the rules, each label is one of theirs."""
    queries = "\n".join(page.queries)
    names = set(METRIC.findall(RECORD.sub("", queries)))
    labels = set(re.findall(r"[{,](\w+)=~?\"", queries)) - {"__name__"}
    grouped = {
        label for found in re.findall(r"(?:by|on) \(([^)]*)\)", queries) for label in found.split(", ")
    }

    assert names - {"bycloud_exporter_"} <= served_names()
    assert set(RECORD.findall(queries)) <= _recorded()
    assert labels | grouped <= served_labels() | {"job", "target", "instance", "team"}


@each_page
def test_queries_look_back_past_one_evaluation(page: RunbookPage) -> None:
    """A record of a slow group is never read at one moment: between two evaluations it would seem gone."""
    slow = [group for group in groups(Settings()) if group.interval]
    names = "|".join(rule.name for group in slow for rule in group.rules if isinstance(rule, Recording))
    moment = re.compile(rf"\b(?:{names})\b(?!:)(?:{{[^}}]*}})?(?!\[|[\w{{])")

    assert not [query for query in page.queries if moment.search(query)]


@each_page
def test_every_command_is_shell(page: RunbookPage) -> None:
    """`bash -n` accepts it, and it begins with a program that the reader has."""
    script = "\n".join(page.blocks("sh"))
    done = subprocess.run(["/bin/bash", "-n"], input=script, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert {command[0] for command in page.commands} <= PROGRAMS


@each_page
def test_commands_of_the_exporter_parse(page: RunbookPage) -> None:
    """Its own parser accepts every command line, behind `kubectl exec`, `sudo env` or alone."""
    program = "bycloud-backup-exporter"
    found = [words[len(words) - words[::-1].index(program) :] for words in page.commands if program in words]
    arguments = [words for words in found if {"check", "explain"} & set(words)]

    for words in arguments:
        assert parse(words).command == words[0]


@each_page
def test_a_runbook_shows_where_to_look(page: RunbookPage) -> None:
    """It runs `explain` on a database, and `check` or a look into the log for a target."""
    words = {word for command in page.commands for word in command}
    expected = {"explain"} if ALERTS[page.name].is_of_database else {"check", "logs", "journalctl"}

    assert words & expected or page.name in NO_LOOK


@each_page
def test_only_documented_calls_are_made(page: RunbookPage) -> None:
    """The vendor documents few calls, and all of them read."""
    for words in page.commands:
        if words[0] == "curl" and "http://EXPORTER:10140/-/healthy" not in words:
            assert DOCUMENTED.fullmatch(words[-1]), words
            assert not {"-X", "--request", "-d", "--data"} & set(words)


@each_page
def test_no_command_shows_a_key(page: RunbookPage) -> None:
    """The list of processes and the shell's history do not have it."""
    for words in page.commands:
        if words[0] == "curl" and "mycloud" in words[-1]:
            assert "-K" in words
            assert "-H" not in words


@each_page
def test_what_runs_has_the_names_of_the_deployment(page: RunbookPage) -> None:
    """Pods are selected as the chart labels them, and the unit is that of systemd's file."""
    for words in page.commands:
        if "kubectl" in words[0]:
            assert {"deploy/bycloud-backup-exporter", "app.kubernetes.io/name=bycloud-backup-exporter"} & set(
                words
            ) or {"secret", "apply"} & set(words), words
        if words[0] in {"journalctl", "systemctl"}:
            assert UNIT & set(words)


@each_page
def test_links_lead_somewhere(page: RunbookPage) -> None:
    """Every file that the runbook links to exists."""
    links = re.findall(r"\]\(([^)#:]+)\)", page.text)

    assert not [link for link in links if not (FOLDER / link).exists()]


@each_page
def test_the_silence_has_the_alert_s_labels(page: RunbookPage) -> None:
    """It mutes one alert of one database, team or target."""
    (words,) = (words for words in page.commands if words[0] == "amtool")
    labels = dict(word.split("=", 1) for word in words if re.match(r"[a-z_]+=", word))
    alert = ALERTS[page.name]
    database = {"instance_id": "INSTANCE_ID"} if alert.is_of_database else {}
    team = {"team": "TEAM"} if alert.is_of_team else {}

    assert labels == {"alertname": page.name, "job": "JOB", "target": "TARGET", **database, **team}


@each_page
def test_amtool_accepts_the_silence(page: RunbookPage) -> None:
    """It gets as far as sending it."""
    with refusing_port() as port:
        result = _silence(page, f"http://127.0.0.1:{port}")

    assert "connection refused" in result.stderr


@pytest.mark.slow
def test_a_real_alertmanager_accepts_every_silence(tmp_path: Path) -> None:
    """Each is active then."""
    (tmp_path / "alertmanager.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    command = [
        need("prometheus-alertmanager"),
        f"--config.file={tmp_path / 'alertmanager.yml'}",
        f"--storage.path={tmp_path}",
        "--cluster.listen-address=",
    ]
    with listening(command, tmp_path / "log") as address:
        url = f"http://{address}"
        wait_until(lambda: requests.get(f"{url}/-/ready", timeout=60).ok)
        results = [_silence(page, url) for page in PAGES]
        silences = requests.get(f"{url}/api/v2/silences", timeout=60).json()

    assert {result.returncode for result in results} == {0}, results
    assert {silence["status"]["state"] for silence in silences} == {"active"}
    assert len(silences) == len(PAGES)


def _silence(page: RunbookPage, url: str) -> "subprocess.CompletedProcess[str]":
    (words,) = (words for words in page.commands if words[0] == "amtool")
    words = [f"--alertmanager.url={url}" if "--alertmanager.url=" in word else word for word in words]
    return subprocess.run([need("amtool"), *words[1:]], capture_output=True, text=True, check=False)


def test_sections_written_by_hand_are_kept() -> None:
    """What is generated is replaced, at both ends; the rest stays, however often it is generated."""
    runbook: Runbook = next(runbooks())
    text = "# X\n\nformer head\n\n## Meaning\n\nby hand\n\n## Silence\n\nformer end\n"
    once = runbook.completed(text)

    assert "former" not in once
    assert "\n\n## Meaning\n\nby hand\n\n## Silence\n\n" in once
    assert runbook.completed(once) == once
