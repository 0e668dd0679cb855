"""The check of the image: what it refuses, prints and removes."""

import json
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from tools import image_check, probe, stand_in
from tools.engines import Docker, ImageConfig
from tools.image_check import available_engine, check, main, numeric_user, require_confined, wait_until_up
from tools.programs import CheckFailedError, run

CONFIG: Final = {
    "User": "65532:65532",
    "Entrypoint": ["bycloud-backup-exporter"],
    "Env": ["PATH=/opt/exporter/bin:/usr/bin"],
    "Healthcheck": {"Test": ["CMD", "python3", "-c", "pass"]},
}
CONFINED: Final[Mapping[str, Any]] = {
    "uid": 65532,
    "gid": 65532,
    "groups": [],
    "read_only": True,
    "folders": 3,
    "writable": [],
}


class FakeContainer:
    """A container that serves a text and has a given probe report."""

    def __init__(self, url: str | None = None, report: Mapping[str, Any] = CONFINED) -> None:
        self.url = url
        self.report = report
        self.executed: list[tuple[str, ...]] = []

    def metrics_url(self) -> str | None:
        """Return the URL; None after the container has ended."""
        return self.url

    def has_ended(self) -> bool:
        """Return whether there is no URL."""
        return self.url is None

    def execute(self, *command: str) -> str:
        """Return the probe's report."""
        self.executed.append(command)
        return json.dumps(self.report)

    def log(self) -> str:
        """Return one line."""
        return "what the container said\n"


class FakeEngine:
    """An engine with one container."""

    confinement = "a fake"

    def __init__(
        self, container: FakeContainer, *, runs_healthcheck: bool = True, builds: Sequence[str] = ()
    ) -> None:
        self.container = container
        self.builds = list(builds)  # the layer of each build
        self.reproduces = bool(builds)
        self.layer = ""
        self.runs_healthcheck = runs_healthcheck
        self.running = 0

    def build(self, context: Path) -> None:  # noqa: ARG002 - an engine builds a folder
        """Take the next layer."""
        self.layer = self.builds.pop(0) if self.builds else ""

    def layers(self) -> tuple[str, ...]:
        """Return the layer of the last build."""
        return ("base", self.layer)

    def config(self) -> ImageConfig:
        """Return the image's configuration."""
        return ImageConfig.from_docker(CONFIG)

    @contextmanager
    def start(self, *arguments: str) -> Iterator[FakeContainer]:
        """Count the running containers."""
        assert arguments == ("demo",)
        self.running += 1
        try:
            yield self.container
        finally:
            self.running -= 1


@contextmanager
def serving(text: str) -> Iterator[str]:
    """Serve a text on a free port; yield the URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/metrics"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder at the front of PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def install(folder: Path, name: str, script: str) -> None:
    """Write a shell script into the folder of programs."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def test_a_confined_container_passes(tmp_path: Path) -> None:
    """Each check that passes has a line, and the container is removed."""
    with serving("bycloud_up 1.0\n") as url:
        engine = FakeEngine(FakeContainer(url), builds=("same", "same"))
        lines = list(check(engine, tmp_path))

    assert [line.partition(":")[0] for line in lines] == ["ok"] * 5
    assert engine.container.executed[-1] == ("python3", "-c", "pass")
    assert engine.running == 0


def test_a_skipped_health_check_is_reported(tmp_path: Path) -> None:
    """A health check that cannot run is skipped, and its line says why."""
    with serving("bycloud_up 1.0\n") as url:
        engine = FakeEngine(FakeContainer(url), runs_healthcheck=False)
        *_, last = check(engine, tmp_path)

    assert last.startswith("skipped: the health check")
    assert len(engine.container.executed) == 1


def test_a_second_build_must_have_the_same_layers(tmp_path: Path) -> None:
    """A layer that depends on when it is built fails the check, before a container runs."""
    engine = FakeEngine(FakeContainer(), builds=("first", "second"))

    with pytest.raises(CheckFailedError, match=r"has other layers: .*first.*, then .*second"):
        list(check(engine, tmp_path))


def test_an_engine_that_cannot_reproduce_is_reported(tmp_path: Path) -> None:
    """An engine whose layers keep the time of the build builds once, and a line says so."""
    engine = FakeEngine(FakeContainer())
    lines = check(engine, tmp_path)

    assert next(lines).startswith("ok: built")
    assert next(lines).startswith("skipped: a second build")


def test_a_failure_shows_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If the container ends, the check fails, prints its log and removes it."""
    engine = FakeEngine(FakeContainer())

    with pytest.raises(CheckFailedError, match="the container ended"):
        list(check(engine, tmp_path))

    assert capsys.readouterr().err == "what the container said\n"
    assert engine.running == 0


@pytest.mark.parametrize("text", ["bycloud_up 0.0\n", "bycloud_up 10\n", "# bycloud_up 1\n", ""])
def test_it_waits_for_up_alone(text: str) -> None:
    """Only `bycloud_up 1` ends the wait with success."""
    with serving(text) as url, pytest.raises(CheckFailedError, match="no `bycloud_up 1` within"):
        wait_until_up(FakeContainer(url), seconds=0.5)


@pytest.mark.parametrize(
    ("change", "explain_violation"),
    [
        ({"uid": 0}, "runs as 0:65532"),
        ({"gid": 0}, "runs as 65532:0"),
        ({"groups": [0]}, "groups"),
        ({"read_only": False}, "not mounted read-only"),
        ({"writable": ["/tmp"]}, "can write: /tmp"),  # noqa: S108 - a report
    ],
)
def test_a_loose_container_is_refused(change: dict[str, Any], explain_violation: str) -> None:
    """Another user, a writable root and a writable path each fail the check."""
    with pytest.raises(CheckFailedError, match=explain_violation):
        require_confined({**CONFINED, **change}, (65532, 65532))


@pytest.mark.parametrize("user", ["", "0", "0:0", "root", "nobody", "65532", "65532:0", "0:65532"])
def test_an_image_of_another_user_is_refused(user: str) -> None:
    """The user must be numeric, since Kubernetes can verify `runAsNonRoot` only then."""
    with pytest.raises(CheckFailedError, match="not two numbers above 0"):
        numeric_user(user)


def test_the_probe_finds_what_is_writable(tmp_path: Path) -> None:
    """A writable folder and a writable file are reported, and nothing is left in them."""
    (tmp_path / "below").mkdir()
    (tmp_path / "below/file").touch()
    report = probe.report(str(tmp_path))

    assert report["writable"] == [str(tmp_path), str(tmp_path / "below"), str(tmp_path / "below/file")]
    assert report["uid"] == os.getuid()
    assert report["read_only"] is False
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["below", "file"]


@pytest.mark.parametrize(
    ("answering", "expected"), [(["docker", "podman"], "docker"), (["podman"], "podman"), ([], "buildah")]
)
def test_the_first_working_engine_is_used(programs: Path, answering: list[str], expected: str) -> None:
    """An engine's client without its daemon is not used."""
    for name in ("docker", "podman"):
        install(programs, name, "exit 0" if name in answering else "exit 1")

    assert available_engine() == expected


def test_docker_runs_it_hardened(programs: Path, tmp_path: Path) -> None:
    """Docker runs the image with the README's flags on a free loopback port, then removes it."""
    log = tmp_path / "log"
    inspected = json.dumps([{"Config": CONFIG}])
    install(
        programs,
        "docker",
        f"""echo "$@" >> {log}
case "$1" in
  image) echo '{inspected}' ;;
  inspect) echo true ;;
  port) echo 127.0.0.1:40001 ;;
  exec) echo executed ;;
  logs) echo said >&2 ;;
esac""",
    )
    docker = Docker()
    docker.build(tmp_path)
    config = docker.config()
    with docker.start("demo") as container:
        facts = (container.metrics_url(), container.has_ended(), container.log())
        printed = container.execute("id")
    docker.remove()
    commands = log.read_text(encoding="utf-8").splitlines()
    (started,) = (line for line in commands if line.startswith("run "))

    assert config.user == "65532:65532"
    assert config.healthcheck == ("python3", "-c", "pass")
    assert facts == ("http://127.0.0.1:40001/metrics", False, "said\n")
    assert printed == "executed\n"
    assert "--read-only --cap-drop=ALL --security-opt=no-new-privileges --publish=127.0.0.1::10140" in started
    assert f"rm --force {container.name}" in commands
    assert commands[-1] == f"image rm --force {docker.tag}"


def test_a_half_made_base_is_never_used(programs: Path, tmp_path: Path) -> None:
    """An interrupted debootstrap leaves nothing; a complete base is cached."""
    install(programs, "unshare", 'shift; exec "$@"')
    make = 'for root; do :; done; mkdir -p "$root/usr/local/bin"; echo made >> $(dirname $0)/made'
    cache = tmp_path / "cache"
    install(programs, "debootstrap", f"{make}; exit 1")
    with pytest.raises(CheckFailedError, match="debootstrap"):
        stand_in.archive("bookworm", cache)
    left = list(cache.iterdir())
    install(programs, "debootstrap", make)
    archives = {stand_in.archive("bookworm", cache) for _ in range(2)}

    assert left == []
    assert archives == set(cache.iterdir())
    assert (programs / "made").read_text(encoding="utf-8") == "made\nmade\n"


def test_the_base_is_of_the_images_debian() -> None:
    """The stand-in has the Dockerfile's Debian release."""
    dockerfile = (image_check.ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert stand_in.debian_suite(dockerfile) == "bookworm"
    with pytest.raises(CheckFailedError, match="names no Debian release"):
        stand_in.debian_suite("FROM scratch")


def test_a_program_that_hangs_is_killed(tmp_path: Path) -> None:
    """A program that hangs is killed with its children."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(CheckFailedError, match=r"took longer than 1 s"):
        run("sh", "-c", f"exec 9>{pipe}; sleep 600 & wait", timeout=1.0)
    os.set_blocking(reader, True)

    assert os.read(reader, 1) == b""
    os.close(reader)


def test_without_any_engine_the_error_names_the_requirements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without any engine it prints one line and exits with 2."""
    monkeypatch.setenv("PATH", str(tmp_path))

    assert main([]) == 2
    assert capsys.readouterr().err.startswith(
        "image-check: neither Docker nor Podman runs, and not installed: "
    )


def test_continuous_integration_runs_it() -> None:
    """`.ci/run` runs every check, and the workflow runs all its parts."""
    script = (image_check.ROOT / ".ci/run").read_text(encoding="utf-8")
    workflow = (image_check.ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")

    assert re.findall(r"^ +(?:as_root )?make ([\w -]+)$", script, re.MULTILINE) == [
        "tools release-lint site",
        "test",
        "check",
        "image",
        "image",
        "release-dry-run",
    ]
    assert re.findall(r"run: \.ci/run (\w+)", workflow) == ["suite", "image", "release"]


def executable(path: Path, script: str) -> None:
    """Write a shell script."""
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def test_continuous_integration_stays_strict_as_root(tmp_path: Path) -> None:
    """`as_root` passes on `CI`, which sudo drops: a test of a missing program must fail, not be skipped."""
    script = (image_check.ROOT / ".ci/run").read_text(encoding="utf-8")
    function = script[script.index("as_root() {") : script.index("\n}\n") + 3]
    executable(tmp_path / "id", "echo 1000")
    executable(tmp_path / "sudo", 'exec env -i PATH="$PATH" "$@"')
    command = ["/bin/bash", "-c", f"{function}as_root printenv CI"]
    environment = {"PATH": f"{tmp_path}:{os.defpath}", "CI": "true"}

    assert run(*command, timeout=60, env=environment) == "true\n"
