"""The files in deploy/: Compose, systemd, Prometheus, Alertmanager, Grafana and the Dockerfile."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from exporter.cli.parser import parse
from tests.support.programs import need, need_tool

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"
COMPOSE: Final = DEPLOY / "compose/compose.yaml"
UNIT: Final = DEPLOY / "systemd/bycloud-backup-exporter.service"
EXPOSURE: Final = 15  # tenths; systemd calls up to 20 OK


def run(*command: str) -> str:
    """Return the output of a command; fail with it if the command fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def services() -> dict[str, dict[str, Any]]:
    """Return the services of the Compose file."""
    services: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    return services


def test_versions_are_pinned() -> None:
    """Every image has a version other than `latest`."""
    assert all(re.search(r":v?\d+\.\d+\.\d+$", service["image"]) for service in services().values())


def test_mounted_files_exist() -> None:
    """Every mounted file exists; Docker would create a missing one as a folder."""
    mounts = [volume for service in services().values() for volume in service.get("volumes", ())]
    sources = [mount.partition(":")[0] for mount in mounts if mount.startswith(".")]

    assert len(sources) == 6
    assert all((COMPOSE.parent / source).resolve().exists() for source in sources)


def test_nothing_is_served_to_others() -> None:
    """Every port is published on loopback only, since Grafana has no password."""
    assert all(port.startswith("127.0.0.1:") for service in services().values() for port in service["ports"])


@pytest.mark.parametrize(("key", "command"), [("", "demo"), ("id:secret", "serve")])
def test_one_variable_makes_it_real(tmp_path: Path, key: str, command: str) -> None:
    """The exporter's entry point runs the demo, or the exporter if a key is set."""
    shell, flag, line = services()["exporter"]["entrypoint"]
    program = tmp_path / "bycloud-backup-exporter"
    program.write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "BYCLOUD_API_KEY": key}
    output = subprocess.check_output([shell, flag, line.replace("$$", "$")], env=environment, text=True)

    assert output == f"{command}\n"


def test_compose_accepts_the_file() -> None:
    """Compose accepts the file, if it is installed; no image is pulled."""
    if compose := shutil.which("docker-compose"):
        command = [compose]
    elif (docker := shutil.which("docker")) and not subprocess.run(
        [docker, "compose", "version"], capture_output=True, check=False
    ).returncode:
        command = [docker, "compose"]
    else:
        pytest.skip("neither `docker compose` nor `docker-compose` is installed")

    assert (
        yaml.safe_load(run(*command, "--file", str(COMPOSE), "config"))["services"].keys()
        == services().keys()
    )


def test_grafana_finds_source_and_dashboards() -> None:
    """Grafana's provisioning points at the mounted dashboards and the home page is one of them."""
    grafana = services()["grafana"]
    folder = yaml.safe_load((COMPOSE.parent / "grafana/dashboards/bycloud.yml").read_text("utf-8"))
    source = yaml.safe_load((COMPOSE.parent / "grafana/datasources/prometheus.yml").read_text("utf-8"))
    path = folder["providers"][0]["options"]["path"]
    home = Path(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])

    assert f"../../dashboards:{path}:ro" in grafana["volumes"]
    assert str(home.parent) == path
    assert json.loads((ROOT / "dashboards" / home.name).read_text("utf-8"))["title"]
    assert source["datasources"][0]["url"] == "http://prometheus:9090"
    assert source["datasources"][0]["isDefault"] is True


@pytest.mark.parametrize(
    "file",
    ["compose/prometheus.yml", *(f"prometheus/{file.name}" for file in DEPLOY.glob("prometheus/*.yml"))],
)
def test_prometheus_accepts_its_configurations(file: str) -> None:
    """`promtool check config` accepts every Prometheus configuration."""
    assert "SUCCESS" in run(need("promtool"), "check", "config", "--syntax-only", str(DEPLOY / file))


def test_alertmanager_accepts_its_configuration() -> None:
    """`amtool check-config` accepts the Alertmanager configuration."""
    assert "SUCCESS" in run(need("amtool"), "check-config", str(DEPLOY / "compose/alertmanager.yml"))


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Return the unit, with an existing program instead of the exporter."""
    text = re.sub(r"^(Exec\w+=)/opt/\S+", r"\1/bin/true", UNIT.read_text("utf-8"), flags=re.MULTILINE)
    path = tmp_path / UNIT.name
    path.write_text(text, encoding="utf-8")
    return path


def test_systemd_accepts_the_unit(unit: Path) -> None:
    """`systemd-analyze verify` finds nothing."""
    output = run(need("systemd-analyze"), "verify", "--man=no", "--recursive-errors=no", str(unit))

    assert UNIT.name not in output


@pytest.mark.parametrize(
    ("setting", "broken"),
    [("LoadCredential=api_key:", "LoadCredential=:"), ("ExecReload=", "ExecReload=no ")],
)
def test_systemd_would_find_a_mistake(unit: Path, setting: str, broken: str) -> None:
    """`systemd-analyze verify` reads the credential and the commands."""
    text = unit.read_text(encoding="utf-8")
    unit.write_text(text.replace(setting, broken), encoding="utf-8")
    command = [need("systemd-analyze"), "verify", "--man=no", "--recursive-errors=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert setting in text
    assert unit.name in done.stderr


def test_systemd_rewards_the_hardening(unit: Path) -> None:
    """The exposure that `systemd-analyze security` computes is low."""
    command = [need("systemd-analyze"), "security", "--offline=true", f"--threshold={EXPOSURE}", str(unit)]
    output = run(*command)

    assert "Overall exposure level" in output


def test_systemd_never_shows_the_key() -> None:
    """The key is a systemd credential, never an environment variable."""
    text = UNIT.read_text(encoding="utf-8")
    example = (UNIT.parent / "environment.example").read_text(encoding="utf-8")

    assert "LoadCredential=api_key:" in text
    assert not re.search(r"^[^#]*BYCLOUD_API_(KEY|TOKEN)=", text + example, re.MULTILINE)


def test_hadolint_finds_nothing() -> None:
    """Hadolint finds nothing in the Dockerfile."""
    assert run(need_tool("hadolint"), str(ROOT / "Dockerfile")) == ""


def test_the_image_has_labels() -> None:
    """The image's labels name title, licence, version, revision and source."""
    labels = re.findall(r"org\.opencontainers\.image\.(\w+)=", (ROOT / "Dockerfile").read_text("utf-8"))

    assert labels == ["title", "description", "licenses", "version", "revision", "created", "source"]


def test_the_health_check_is_a_command_of_the_entry_point() -> None:
    """The image's health check runs `healthcheck` of the program that the image runs, without flags."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (check,) = re.findall(r"^HEALTHCHECK .*\bCMD (\[.*\])$", text, re.MULTILINE)
    (entry_point,) = re.findall(r"^ENTRYPOINT (\[.*\])$", text, re.MULTILINE)
    program, *arguments = json.loads(check)

    assert [program] == json.loads(entry_point)
    assert arguments == ["healthcheck"]
    assert parse(arguments).command == "healthcheck"
