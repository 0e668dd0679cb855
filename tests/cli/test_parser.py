"""The grammar of the command line: flags, help, and the one line for a mistake."""

import re

import pytest

from tests.support.command import Invoke


def test_help(invoke: Invoke) -> None:
    """The help has examples, each command has its own help, and all end with status 0."""
    status, out, err = invoke("--help")

    assert (status, err) == (0, "")
    assert "BYCLOUD_API_KEY=ID:SECRET bycloud-backup-exporter\n" in out
    for command, option in [
        ("serve", "--web.max-requests"),
        ("check", "--scrape-interval"),
        ("explain", "DATABASE"),
        ("once", "--output"),
        ("demo", "--seed"),
        ("healthcheck", "--web.listen-address"),
    ]:
        assert command in out
        assert option in invoke(command, "--help")[1]


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["nonsense"],
            "unknown command 'nonsense', allowed: serve, check, explain, once, demo, healthcheck; .* --help",
        ),
        (["--nonsense"], "unknown flag --nonsense; see bycloud-backup-exporter serve --help"),
        (["--log.level=loud"], "--log.level: found 'loud', allowed: debug, info, warn or warning, error; .*"),
        (
            ["--web.max-requests=0"],
            "--web.max-requests: found '0', allowed: a whole number from 1 to 9999; .*",
        ),
        (["--web.max-requests=x"], "--web.max-requests: found 'x', allowed: a whole number from 1 .*"),
        (["--web.listen-address=here"], "--web.listen-address: found 'here', allowed: HOST:PORT, .*"),
        (
            ["--web.telemetry-path=metrics"],
            "--web.telemetry-path: found 'metrics', allowed: a path such as /metrics .*",
        ),
        (["--web.telemetry-path=/{x}"], r"--web.telemetry-path: found '/\{x\}', allowed: .*"),
        (
            ["--web.telemetry-path=/databases/metrics"],
            "--web.telemetry-path: found '/databases/metrics', allowed: .*",
        ),
        (["--web.telemetry-path=/-/healthy"], "--web.telemetry-path: found '/-/healthy', allowed: .*"),
        (["--web.telemetry-path=/probe"], "--web.telemetry-path: found '/probe', allowed: .*"),
        (
            ["--config.file=/nonexistent.yml"],
            "--config.file: cannot read /nonexistent.yml: No such file or directory",
        ),
        (["--config.file="], "--config.file: found nothing, allowed: the path of a file; .* serve --help"),
        (["check", "--web.config.file="], "--web.config.file: found nothing, .* check --help"),
        (
            ["check", "--web.config.file=/nonexistent.yml"],
            "--web.config.file: cannot read /nonexistent.yml: No such file or directory",
        ),
        (
            ["chekc"],
            (
                r"unknown command 'chekc' \(did you mean check\?\), allowed: serve, check, explain, once,"
                " demo, healthcheck; see bycloud-backup-exporter --help"
            ),
        ),
        (
            ["check", "--config.fiel=ID:SECRET"],
            (
                r"unknown flag --config.fiel \(did you mean --config.file\?\);"
                " see bycloud-backup-exporter check --help"
            ),
        ),
        (
            ["--web.listen-adress=:1"],
            (
                r"unknown flag --web.listen-adress \(did you mean --web.listen-address\?\);"
                " see bycloud-backup-exporter serve --help"
            ),
        ),
        (["-config.file=x"], r"unknown flag -config.file \(did you mean --config.file\?\); see .*"),
        (["once", "--zzz"], "unknown flag --zzz; see bycloud-backup-exporter once --help"),
        (["once", "extra"], "unexpected argument 'extra'; see bycloud-backup-exporter once --help"),
        (
            ["--config.file=x", "check"],
            "unexpected argument 'check': put the command first, as in bycloud-backup-exporter check; see .*",
        ),
        (
            ["check", "--scrape-interval=0"],
            "--scrape-interval: found '0', allowed: a duration above zero, .*",
        ),
        (
            ["check", "--scrape-interval=1"],
            "--scrape-interval: found '1', allowed: a duration above zero, .*",
        ),
        (["explain"], "the following arguments are required: DATABASE; see .* explain --help"),
        (
            ["explain", "--", "a", "--config.file=x"],
            "unexpected argument --config.file: put flags before --; see .*",
        ),
        (["explain", "a", "b"], "unexpected argument 'b'; see bycloud-backup-exporter explain --help"),
        (["explain", "a", "--targte=b"], r"unknown flag --targte \(did you mean --target\?\); see .*"),
        (["explain", "a", "--target=x"], "--target: found 'x', allowed: default"),
        (["once", "--target=x"], "--target: found 'x', allowed: default"),
        (
            ["demo", "--config.file=x"],
            r"unknown flag --config.file \(did you mean .*\); see bycloud-backup-exporter demo --help",
        ),
    ],
)
def test_misuse_is_one_line(invoke: Invoke, arguments: list[str], line: str) -> None:
    """Each mistake ends with status 2, one line on stderr and nothing on stdout."""
    status, out, err = invoke(*arguments)
    (line_shown,) = (text for text in err.splitlines() if "event=" not in text)

    assert (status, out) == (2, "")
    assert re.fullmatch(f"bycloud-backup-exporter: {line}", line_shown)


def test_the_top_level_help_lists_the_flags_of_serve(invoke: Invoke) -> None:
    """Without a command it serves, so its help lists these flags before the other commands."""
    _, out, _ = invoke("--help")
    _, serve, _ = invoke("serve", "--help")
    flags = set(re.findall(r"^  (--[a-z.-]+)", serve, re.MULTILINE))

    assert len(flags) >= 9
    assert flags <= set(re.findall(r"^  (--[a-z.-]+)", out, re.MULTILINE))
    assert out.index("--web.listen-address") < out.index("commands:") < out.index("    check ")
