"""Every shell block of README and docs is run if it can run here, and parsed otherwise."""

import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from exporter import __version__
from exporter.simulator import Fleet, SimulatedApi, bulk_backups, bulk_instances
from tests.support.documented import ROOT, Block, Key, Place, blocks, checkout, languages, metrics, sessions
from tests.support.programs import refusing_port
from tools.engines import HARDENED

BLOCKS: Final = tuple(blocks())
DEPLOYMENT: Final = "docs/deployment/"
BOTH_COMMANDS: Final = Key("README.md", "make demo")
FROM_THE_SHELL: Final = Key("docs/deployment/python.md", "~/bycloud-exporter")
KEY_AND_CHECK: Final = Key("README.md", "export BYCLOUD_API_KEY")
DEMO: Final = Key("docs/getting-started.md", "make demo")
CURL: Final = Key("docs/getting-started.md", "curl")
FIRST_CHECK: Final = Key("docs/getting-started.md", "~/bycloud-exporter")
FIRST_KEY: Final = Key("docs/getting-started.md", "umask")
FIRST_FILE: Final = Key("docs/getting-started.md", "check --config.file=exporter.yml")
DOCKER: Final = Key("docs/deployment/docker.md", "docker run")
COMMAND_LINE: Final = Key("docs/cli.md", "once --target")
SIMULATOR: Final = Key("CONTRIBUTING.md", "exporter.simulator")
SIMULATOR_HELP: Final = Key("docs/developing.md", "exporter.simulator --help")
ONE_TEST: Final = Key("docs/developing.md", "--cov-branch")
SIZING: Final = Key("docs/sizing.md", "check --scrape-interval")
UPGRADING: Final = Key("docs/upgrading.md", "check --config.file")
RUN: Final = (
    BOTH_COMMANDS,
    KEY_AND_CHECK,
    DEMO,
    CURL,
    FIRST_CHECK,
    FIRST_FILE,
    FIRST_KEY,
    FROM_THE_SHELL,
    COMMAND_LINE,
    SIMULATOR,
    SIMULATOR_HELP,
    ONE_TEST,
    SIZING,
    UPGRADING,
)
PARSED: Final = {
    Key("docs/developing.md", "terminal_session"): "test_terminal_session.py runs it",
    DOCKER: "`make image` builds the image and runs it with these flags",
    Key(f"{DEPLOYMENT}compose.md", "docker compose"): "it pulls images of others",
    Key(f"{DEPLOYMENT}kubernetes.md", "helm install"): "it needs a cluster; test_chart renders the chart",
    Key(f"{DEPLOYMENT}systemd.md", "sudo python3 -m venv /opt"): "it changes /opt and needs systemd as PID 1",
    Key("docs/deployment/single-file.md", ".pyz demo"): "test_release_files runs the single file",
    Key(f"{DEPLOYMENT}systemd.md", "apt-get install ./"): "test_release_files installs the package",
    Key("docs/getting-started.md", "promtool"): "test_pages checks this configuration with promtool",
    Key("docs/releasing.md", "git tag"): "it pushes a tag",
    Key("docs/configuration.md", "BYCLOUD_SIZE_UNIT"): "test_environment loads such variables",
    Key("docs/alerts.md", "alerts.source"): "test_source runs the generator with settings",
    Key("docs/dashboards.md", "dashboards.source"): "test_dashboards runs the generator with settings",
    Key("docs/releasing.md", "cosign verify-blob"): "it needs a published release",
    Key("docs/upgrading.md", "--force-reinstall"): "it changes /opt and restarts a unit of systemd",
    Key("docs/upgrading.md", "helm upgrade"): "it needs a cluster with the chart installed",
}
"""The blocks that tests do not run, each with its reason."""
FILE: Final = "/etc/bycloud-backup-exporter/exporter.yml"
LOOPBACK: Final = "--web.listen-address=127.0.0.1:0"
README_KEY: Final = "ACCESS_KEY_ID:SECRET_ACCESS_KEY"


@pytest.fixture
def api() -> Iterator[SimulatedApi]:
    """Run an API that accepts the README's placeholder key."""
    with SimulatedApi(
        backups=bulk_backups(45, 6), instances=bulk_instances(6), api_key=README_KEY, tier="standard"
    ) as running:
        yield running


@pytest.fixture
def place(tmp_path: Path, api: SimulatedApi) -> Place:
    """Return a checkout with everything installed, and an environment that names the API."""
    made = checkout(tmp_path, installed=True)
    made.environment.update(BYCLOUD_API_URL=api.url, BYCLOUD_API_KEY=README_KEY)
    return made


@pytest.fixture
def clean(tmp_path: Path) -> Place:
    """Return a checkout in which nothing is installed."""
    return checkout(tmp_path, installed=False)


@pytest.fixture
def configured(place: Place, api: SimulatedApi) -> str:
    """Return the path of a configuration whose only target is called production."""
    path = place.folder / "exporter.yml"
    text = f"targets: [{{name: production, url: '{api.url}', api_key: '{README_KEY}'}}]\n"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.page)
def test_every_block_is_shell(block: Block) -> None:
    """`bash -n` accepts every block."""
    done = subprocess.run(["/bin/bash", "-n"], input=block.text, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.page)
def test_every_block_is_known(block: Block) -> None:
    """Each block is either run below or listed with the reason why not."""
    assert len([key for key in (*RUN, *PARSED) if key.names(block)]) == 1, block.text


def test_no_block_is_overlooked() -> None:
    """Every fenced block has a language that is tested, or one that is not for a shell."""
    assert languages() <= {"sh", "console", "yaml", "promql", "jsonnet", "text"}
    assert len(BLOCKS) >= 15
    assert len(tuple(sessions())) == 2


@pytest.mark.parametrize("key", [*RUN, *PARSED])
def test_every_entry_has_a_block(key: Key) -> None:
    """Every entry of the tables has its block."""
    assert len([block for block in blocks() if key.names(block)]) == 1


def verdicts(output: str) -> set[str]:
    """Return the findings of `check` without numbers and request IDs."""
    lines = re.findall(r"^  (?:ok|warn|FAIL)  .*$", output, re.MULTILINE)
    return {re.sub(r"req-[\w-]+|(?<![a-z])\d[\w.,-]*", "N", line) for line in lines}


@pytest.mark.slow
@pytest.mark.parametrize(("number", "key", "status"), [(0, README_KEY, 0), (1, "some:other", 1)])
def test_check_prints_what_the_pages_show(place: Place, number: int, key: str, status: int) -> None:
    """`check` prints what the page shows, except for numbers, for good and for refused keys."""
    session = tuple(sessions())[number]
    fleet = Fleet()
    with SimulatedApi(
        backups=lambda: fleet.backups(datetime.now(UTC)),
        instances=lambda: fleet.instances(datetime.now(UTC)),
        api_key=README_KEY,
        tier="standard",
    ) as api:
        production = f"{{name: production, url: '{api.url}', api_key: '{key}', size_unit: GiB}}"
        (place.folder / "production.yml").write_text(f"targets: [{production}]\n", encoding="utf-8")
        place.environment.update(BYCLOUD_API_URL=api.url, BYCLOUD_API_KEY=key)
        printed = place.run(f"status=0; {session.command} || status=$?; test $status -eq {status}")

    assert verdicts(session.output)
    assert verdicts(printed) == verdicts(session.output)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_first_two_commands(clean: Place) -> None:
    """On a clean checkout, `make demo` installs what it needs and serves, and `make test` would run."""
    script = BOTH_COMMANDS.text(
        {
            "make demo ": "make --dry-run test packages && make demo PORT=0 ",
            "\nmake test ": "\n: ",
            "\nmake packages ": "\n: ",
        }
    )

    with clean.serve(script) as url:
        assert "\nbycloud_up 1.0\n" in metrics(url)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_from_the_shell(clean: Place, api: SimulatedApi) -> None:
    """Installed into a new environment, `check` passes and the exporter serves."""
    clean.environment["BYCLOUD_API_URL"] = api.url
    serve = "\nbycloud-backup-exporter\n"
    script = FROM_THE_SHELL.text({serve: f"{serve.rstrip()} {LOOPBACK}\n"})

    with clean.serve(script) as url:
        assert "\nbycloud_up 1.0\n" in metrics(url)


@pytest.mark.slow
def test_check_and_serve(place: Place) -> None:
    """With a key in the environment, the README's two commands work."""
    text = KEY_AND_CHECK.text({"\nbycloud-backup-exporter  ": f"\nbycloud-backup-exporter {LOOPBACK}  "})

    with place.serve(text) as url:
        assert "\nbycloud_up 1.0\n" in metrics(url)


@pytest.mark.slow
def test_getting_started_with_the_demo(place: Place) -> None:
    """The demo serves, and the commands for the second terminal print something."""
    with place.serve(DEMO.text({"make demo": "make demo PORT=0"})) as url:
        answers = [place.ask(line) for line in CURL.text({"http://127.0.0.1:10140": url}).splitlines()]

    assert answers[0] == "bycloud_up 1.0\n"
    assert answers[1].count("bycloud_database_restorable_backups{") > 20


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_getting_started_with_an_account(clean: Place, api: SimulatedApi) -> None:
    """The command can be installed, and `check` passes."""
    clean.environment["BYCLOUD_API_URL"] = api.url

    printed = clean.run(FIRST_CHECK.text({}))

    assert "ok    a walk every 1m needs" in printed


@pytest.mark.slow
def test_getting_started_with_a_file(place: Place, configured: str) -> None:
    """`check` accepts a file, and the exporter serves with it."""
    text = FIRST_KEY.text({}) + FIRST_FILE.text({"exporter.yml": configured})

    with place.serve(f"{text.rstrip()} {LOOPBACK}") as url:
        assert "\nbycloud_up 1.0\n" in metrics(url)
    assert (place.folder / "bycloud.key").read_text(encoding="utf-8") == f"{README_KEY}\n"


def test_the_advised_flags_of_docker_are_checked() -> None:
    """The documented `docker run` confines the container as `make image` does."""
    words = DOCKER.text({}).split()

    assert [word for word in words if word in HARDENED] == list(HARDENED)


@pytest.mark.slow
def test_the_command_line(place: Place, configured: str) -> None:
    """Each of the four commands works as described."""
    textfile = str(place.folder / "bycloud.prom")
    text = COMMAND_LINE.text(
        {FILE: configured, "/var/lib/node_exporter/textfile_collector/bycloud.prom": textfile}
    )
    serve, *others = text.splitlines()
    with place.serve(f"exec {serve} {LOOPBACK}") as url:
        served = metrics(url)
    printed = place.run("\n".join(others))

    assert serve.startswith("bycloud-backup-exporter serve ")
    assert "\nbycloud_up 1.0\n" in served
    assert "ok    a walk every 30s" in printed
    assert "\nbycloud_up 1.0\n" in printed
    assert "\nbycloud_up 1.0\n" in Path(textfile).read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.slow
def test_an_api_of_your_choice(place: Place) -> None:
    """`check` walks the simulator that the line before starts."""
    with refusing_port() as port:  # a port that no other process gets meanwhile
        pass
    listening = f"until (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null; do sleep 0.1; done"
    printed = place.run(SIMULATOR.text({"18150": str(port), " &\n": f" &\n{listening}\n"}))

    assert f"http://127.0.0.1:{port}\n  ok    authenticated by api_key\n" in printed
    assert "pages of at most 100," in printed


@pytest.mark.slow
def test_the_simulator_s_flags(place: Place) -> None:
    """The simulator's help names the flags that CONTRIBUTING.md uses."""
    printed = place.run(SIMULATOR_HELP.text({}))

    assert [flag for flag in ("--tier", "--max-limit", "--latency", "--port") if flag not in printed] == []


@pytest.mark.slow
def test_one_test_and_what_it_covers(place: Place) -> None:
    """Both runs pass, and the second prints the module's coverage."""
    printed = place.run(ONE_TEST.text({}))

    assert printed.count(" passed") == 2
    assert "exporter/durations.py" in printed or "100%" in printed


def test_a_release_has_the_documented_files() -> None:
    """The pages name the single file and the package as a build of this version does."""
    pages = ROOT / "docs" / "deployment"
    single, debian = (
        (pages / f"{name}.md").read_text(encoding="utf-8") for name in ("single-file", "systemd")
    )

    assert f"dist/bycloud-backup-exporter-{__version__}-linux-amd64.pyz" in single
    assert f"dist/bycloud-backup-exporter_{__version__}_amd64.deb" in debian


@pytest.mark.slow
def test_sizing_by_check(place: Place) -> None:
    """`check` reports the cost of the scrape interval."""
    assert "ok    a walk every 30s needs" in place.run(SIZING.text({}))


@pytest.mark.slow
def test_upgrading_by_check(place: Place, configured: str) -> None:
    """`check` passes with a configuration that the new version accepts."""
    assert "production  http" in place.run(UPGRADING.text({FILE: configured}))
