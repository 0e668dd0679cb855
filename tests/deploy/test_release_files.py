"""The single file and the Debian package: built, installed, started, scraped and removed."""

import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.request import ProxyHandler, build_opener

import pytest

from exporter import __version__
from exporter.config import Config
from exporter.simulator import SimulatedApi, bulk_backups
from exporter.validation import convert
from exporter.yaml12 import parse_yaml
from tests.support.command import LOOPBACK, listening_port
from tools.programs import run
from tools.release import build, debian
from tools.release.payload import PLATFORMS
from tools.release.programs import FOLDER, commit_seconds
from tools.stand_in import archive, cache_folder

NAME: Final = "bycloud-backup-exporter"
ARCHITECTURE: Final = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "")
KEY: Final = "demo:demo-secret"
VERSION: Final = f"{NAME} {__version__} "
SECONDS: Final = 300.0
OWN_BOOKS: Final = ("var/lib/dpkg", "var/log", "var/cache")
"""Where dpkg keeps its own records."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with the files for this machine's architecture."""
    if ARCHITECTURE not in PLATFORMS or not FOLDER.exists():
        missing = "needs Linux on amd64 or arm64, and what `make release-lint` installs"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    folder = tmp_path_factory.mktemp("release")
    seconds = int(commit_seconds())
    wheel = build.distributions(folder / build.PYTHON, seconds)
    assert len(list(build.for_architecture(folder, wheel, ARCHITECTURE, seconds))) == 2
    return folder


@contextmanager
def scraped(command: list[str], environment: Mapping[str, str]) -> Iterator[str]:
    """Start a command that serves; yield what one scrape returns."""
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            url = f"http://127.0.0.1:{listening_port(process.stderr)}/metrics"
            with build_opener(ProxyHandler({})).open(url, timeout=60) as response:
                yield str(response.read(), "utf-8")
        finally:
            process.terminate()


def test_the_single_file_runs(built: Path, tmp_path: Path) -> None:
    """The single file serves `bycloud_up 1` with a Python that has no package installed."""
    file = built / build.single_file_name(ARCHITECTURE)
    environment = {"SHIV_ROOT": str(tmp_path), "PATH": os.environ["PATH"]}
    python = [sys.executable, "-I", "-S", str(file)]

    assert run(*python, "--version", timeout=SECONDS, env=environment).startswith(VERSION)
    with scraped([*python, "demo", LOOPBACK], environment) as metrics:
        assert re.search(r"^bycloud_up\S* 1(\.0)?$", metrics, re.MULTILINE)


def test_the_checksums_are_those_of_sha256sum(built: Path) -> None:
    """`sha256sum --check` accepts the checksums next to the files."""
    (built / "flat").mkdir()
    for file in [*built.glob("*.pyz"), *built.glob("*.deb")]:
        shutil.copy(file, built / "flat")
    lines = build.checksums(built / "flat")
    checked = subprocess.run(
        ["/usr/bin/sha256sum", "--check", "--strict"],
        cwd=built / "flat", input=lines, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count(": OK\n") == 2


class Debian:
    """A Debian system in a folder, with Python and nothing of the exporter."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __repr__(self) -> str:
        return f"Debian({self.root})"

    def run(self, *command: str) -> str:
        """Run a command as root in the system; return its output."""
        return run(
            "chroot", self.root, *command, timeout=SECONDS, env={"PATH": os.defpath + ":/usr/sbin:/sbin"}
        )

    def files(self) -> set[str]:
        """Return every file and folder, without dpkg's own records."""
        found = (str(path.relative_to(self.root)) for path in self.root.rglob("*"))
        return {path for path in found if not path.startswith(OWN_BOOKS)}


@pytest.fixture(params=["bookworm", "trixie"])
def system(request: pytest.FixtureRequest, tmp_path: Path) -> Debian:
    """Return a Debian system of each supported release, made by debootstrap."""
    if os.geteuid() or shutil.which("debootstrap") is None:
        pytest.skip("needs root and debootstrap; `.ci/run release` has both")
    made = archive(request.param, cache_folder())
    run("tar", "--extract", "--file", made, "--directory", tmp_path, timeout=SECONDS)
    return Debian(tmp_path)


def service(system: Debian, credentials: str) -> tuple[list[str], dict[str, str]]:
    """Return command and environment as systemd would take them from the installed unit.

    :param credentials: the folder that systemd calls `%d`.
    """
    unit = (system.root / f"usr/lib/systemd/system/{NAME}.service").read_text(encoding="utf-8")
    arguments = (system.root / f"etc/{NAME}/environment").read_text(encoding="utf-8")
    lines = re.findall(r"^Environment=(.*)$", unit, re.MULTILINE)
    environment = dict(line.replace("%d", credentials).split("=", 1) for line in lines)
    environment |= dict(re.findall(r"^(\w+)=(.*)$", arguments, re.MULTILINE))
    (start,) = re.findall(r"^ExecStart=(.*) \$ARGS$", unit, re.MULTILINE)
    return [*shlex.split(start), *shlex.split(environment["ARGS"])], environment


def test_the_package_is_installed_started_removed_and_purged(built: Path, system: Debian) -> None:
    """The package runs as its unit says, keeps what was configured, and leaves nothing behind when purged."""
    before = system.files()
    package = shutil.copy(next(built.glob("*.deb")), system.root / "tmp/exporter.deb")
    system.run("dpkg", "--install", "/tmp/exporter.deb")  # noqa: S108 - within the system
    settings = system.root / f"etc/{NAME}/environment"
    (key := system.root / f"etc/{NAME}/api_key").write_text(KEY, encoding="utf-8")

    assert system.run(NAME, "--version").startswith(VERSION)
    assert "/usr/bin/bycloud-backup-exporter" in system.run("dpkg", "--search", NAME)
    assert system.run("dpkg", "--verify", NAME) == ""

    with SimulatedApi(backups=bulk_backups(45, 6), api_key=KEY) as api:
        settings.write_text(f"ARGS={LOOPBACK}\nBYCLOUD_API_URL={api.url}\n", encoding="utf-8")
        system.run("dpkg", "--install", "/tmp/exporter.deb")  # noqa: S108 - the same
        assert "45 backups" in system.run("/bin/sh", "-c", advised_command())
        command, environment = service(system, f"/etc/{NAME}")
        confined = ["/usr/sbin/chroot", "--userspec=65532:65532", str(system.root), *command]
        with scraped(confined, environment) as metrics:
            assert re.search(r"^bycloud_up\S* 1(\.0)?$", metrics, re.MULTILINE)

    Path(package).unlink()
    system.run("dpkg", "--remove", NAME)
    left = system.files() - before

    assert left == {
        f"etc/{NAME}",
        *(f"etc/{NAME}/{name}" for name in ("api_key", "environment", "exporter.yml")),
    }
    key.unlink()
    system.run("dpkg", "--purge", NAME)
    assert system.files() == before


def test_the_sample_configuration_has_the_default_objectives() -> None:
    """Using the file changes nothing but where the key comes from."""
    sample = parse_yaml((debian.SOURCES / "exporter.yml").read_text(encoding="utf-8"))

    assert isinstance(sample, dict)
    assert convert({"objectives": sample["objectives"]}, Config).objectives == Config().objectives


def advised_command() -> str:
    """Return the command that the sample configuration advises, without `sudo`."""
    text = (debian.SOURCES / "exporter.yml").read_text(encoding="utf-8")
    (command,) = re.findall(r"^#   sudo (env .*\\\n#     .*)$", text, re.MULTILINE)
    return str(command).replace("\\\n#", "")


def test_the_sample_configuration_advises_a_command_that_checks_it(tmp_path: Path) -> None:
    """The command finds the key, the URL of the environment and the sample where the package puts them."""
    shutil.copy(debian.SOURCES / "exporter.yml", tmp_path)
    (tmp_path / "api_key").write_text(KEY, encoding="utf-8")
    command = advised_command().replace(f"/etc/{NAME}", str(tmp_path))
    command = command.replace(f" {NAME} ", f" {sys.executable} -m exporter ")
    with SimulatedApi(backups=bulk_backups(45, 6), api_key=KEY) as api:
        (tmp_path / "environment").write_text(f"ARGS=--x\nBYCLOUD_API_URL={api.url}\n", encoding="utf-8")
        done = subprocess.run(
            ["/bin/sh", "-c", command], capture_output=True, text=True, check=False, timeout=60
        )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "45 backups" in done.stdout
