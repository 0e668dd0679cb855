"""The wheel and the sdist: built, installed into a clean environment, and run."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

import pytest

from exporter import __version__
from tests.support.programs import need_release_tool, need_tool

ROOT: Final = Path(__file__).parents[2]
NAME: Final = f"bycloud_backup_exporter-{__version__}"


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Return the output of a command; fail with it if the command fails."""
    done = subprocess.run(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with a new wheel and sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "--directory", folder)
    return folder


@pytest.mark.slow
def test_the_wheel_has_what_the_exporter_reads(built: Path) -> None:
    """The wheel has modules, templates and `py.typed`, but no tests and no caches."""
    names = zipfile.ZipFile(built / f"{NAME}-py3-none-any.whl").namelist()
    ours = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "exporter").rglob("*")
        if file.suffix in {".py", ".css", ".html"}
    }

    assert ours <= set(names)
    assert "exporter/py.typed" in names
    assert {name.partition("/")[0] for name in names} == {"exporter", f"{NAME}.dist-info"}
    assert not [name for name in names if "__pycache__" in name]


@pytest.mark.slow
def test_the_metadata_is_fit_for_pypi(built: Path) -> None:
    """PyPI accepts the metadata, and can render the long description."""
    files = sorted(built.glob("bycloud_*"))

    assert len(files) == 2
    assert run(need_release_tool("twine"), "check", "--strict", *files).count("PASSED") == 2


def wanted_with_extras() -> Iterator[str]:
    """Return the requirements with an extra of this environment's distributions, as `name[extra]`."""
    for installed in distributions():
        for requirement in installed.requires or ():
            match = re.match(r"[\w.-]+\[\w+\]", requirement)
            if match and "extra ==" not in requirement:
                yield match[0]


def test_the_lock_keeps_extras() -> None:
    """The lock has a pin for each extra; without one, pip would take the newest release, unhashed."""
    locked = (ROOT / "requirements-dev.lock").read_text()
    wanted = set(wanted_with_extras())

    assert "coverage[toml]" in wanted
    assert [name for name in wanted if f"\n{name}==" not in locked] == []


def instructions(keyword: str) -> list[str]:
    """Return the arguments of each such instruction of the Dockerfile, with continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    return re.findall(rf"^{keyword} +(.*)$", text, re.MULTILINE)


def copied() -> set[str]:
    """Return the files and folders that the Dockerfile copies from the checkout."""
    return {
        source
        for arguments in instructions("COPY")
        if not arguments.startswith("--from=")
        for source in arguments.split()[:-1]
    }


def pins(lock: str) -> set[str]:
    """Return the pins of a lock file as `name==version`, without extras."""
    pins = re.findall(r"^([\w.-]+)(?:\[\S+\])?==(\S+)", (ROOT / lock).read_text("utf-8"), re.MULTILINE)
    return {f"{name}=={version}" for name, version in pins}


def test_the_image_installs_what_is_locked() -> None:
    """Every `pip install` of the Dockerfile uses a lock file or a wheel that was built there."""
    steps = [step for arguments in instructions("RUN") for step in arguments.split(" && ")]
    installs = [step for step in steps if re.search(r"\bpip\b.* install ", step)]
    locks = [re.findall(r" (?:-r|-c|--constraint) +(\S+)", step) for step in installs]
    hashed = [step for step in installs if "--require-hashes" in step]

    assert locks == [["requirements-build.lock"], ["requirements.lock"], []]
    assert hashed == installs[:2]
    assert "--no-index" in installs[2]
    assert [step for step in steps if ".lock" in step and step not in installs] == []


def test_the_image_gets_what_it_copies() -> None:
    """The Dockerfile copies what is in the checkout, and `.dockerignore` allows exactly that."""
    passed = re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)

    assert all((ROOT / source).exists() for source in copied())
    assert {source.removeprefix("./") for source in copied()} == set(passed)


def test_the_build_lock_is_the_build_backend() -> None:
    """The build lock has the build backend, in the versions that the tests use."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert project["build-system"]["requires"] == project["dependency-groups"]["build"]
    assert any(pin.startswith("hatchling==") for pin in pins("requirements-build.lock"))
    assert pins("requirements-build.lock") <= pins("requirements-dev.lock")


@pytest.mark.slow
def test_the_sdist_makes_the_same_wheel(built: Path, tmp_path: Path) -> None:
    """The sdist has everything a build needs, the tests and the licence, and gives the same wheel."""
    with tarfile.open(built / f"{NAME}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    folder = tmp_path / NAME
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path, cwd=folder)
    wheels = [zipfile.ZipFile(place / f"{NAME}-py3-none-any.whl") for place in (built, tmp_path)]

    assert wheels[0].namelist() == wheels[1].namelist()
    assert (folder / "LICENSE").exists()
    assert (folder / "tests/deploy/test_packaging.py").exists()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_it_installs_into_a_clean_environment(built: Path, tmp_path: Path) -> None:
    """The lock and the wheel are enough for an installation, and the command runs."""
    run(sys.executable, "-m", "venv", tmp_path / "clean")
    pip: list[str | Path] = [tmp_path / "clean/bin/python", "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--require-hashes", "-r", ROOT / "requirements.lock")
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", built / f"{NAME}-py3-none-any.whl")
    command = tmp_path / "clean/bin/bycloud-backup-exporter"

    assert "No broken requirements found" in run(*pip, "check")
    assert run(command, "--version", cwd=tmp_path).startswith(f"bycloud-backup-exporter {__version__} (")
    assert "--web.listen-address" in run(command, "serve", "--help", cwd=tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("lock", sorted(lock.name for lock in ROOT.glob("requirements*.lock")))
def test_no_vulnerability_is_known(lock: str) -> None:
    """pip-audit knows no vulnerability, if its database can be reached."""
    command: list[str | Path] = [
        need_tool("pip-audit"),
        "--requirement",
        ROOT / lock,
        "--require-hashes",
        "--disable-pip",
    ]
    done = subprocess.run(
        [*command, "--progress-spinner=off", "--timeout=10"], capture_output=True, text=True, check=False
    )
    output = done.stdout + done.stderr
    if "could not be audited" in output or "ServiceError" in output or "ConnectionError" in output:
        pytest.skip("NOT AUDITED: the database of vulnerabilities cannot be reached")

    assert done.returncode == 0, output
    assert "No known vulnerabilities found" in output
