"""Builds and runs an image without a container engine or a registry: buildah on a stand-in base image.

Build steps run with chroot isolation. A container is a process in its own mount and PID namespaces. Its root
file system is read-only. It runs as the image's user, without capabilities, and cannot gain any. It shares
the machine's network.
"""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.engines import BUILD_SECONDS, COMMAND_SECONDS, ImageConfig
from tools.programs import UnavailableError, require, run
from tools.stand_in import archive, debian_suite

BASE = "localhost/stand-in"
IMAGE = "localhost/bycloud-backup-exporter"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
CERTIFICATE_VARIABLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
STOP_SECONDS = 30.0
TIMESTAMP = 1_700_000_000  # of every file that a build adds, in seconds since 1970
CONFINE = """
root=$1 uid=$2 gid=$3
shift 3
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --bind /dev "$root/dev"
mount -o remount,bind,ro "$root/dev"
mount -t proc -o ro proc "$root/proc"
exec setpriv --no-new-privs unshare --root="$root" --wd=/ --setgid="$gid" --setuid="$uid" -- "$@"
"""


def check_machine() -> None:
    """Raise `UnavailableError` unless buildah can work here."""
    require("buildah", "debootstrap", "unshare", "setpriv", "mount", "tar")
    if os.geteuid():
        raise UnavailableError("buildah with chroot isolation needs root")


@dataclass(frozen=True, slots=True)
class Process:
    """The container's main process and its log; `confine` is the command that isolates a process like it."""

    main: subprocess.Popen[bytes]
    log_file: Path
    confine: Sequence[str]
    config: ImageConfig

    def metrics_url(self) -> str | None:
        """Return the URL that the demo prints: it chooses its own port."""
        match = re.search(r"^metrics +(http\S+)$", self.log(), re.MULTILINE)
        return match[1] if match else None

    def has_ended(self) -> bool:
        """Return whether the main process has ended."""
        return self.main.poll() is not None

    def execute(self, *command: str) -> str:
        """Run a command isolated like the container."""
        return run(*self.confine, *command, timeout=COMMAND_SECONDS, env=self.config.env)

    def log(self) -> str:
        """Return what the main process has printed."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """Stop the main process: SIGTERM, and SIGKILL after `STOP_SECONDS`."""
        if self.main.poll() is None:
            os.killpg(self.main.pid, signal.SIGTERM)
        try:
            self.main.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.main.pid, signal.SIGKILL)
            self.main.wait()


@dataclass(frozen=True, slots=True)
class Buildah:
    """Buildah with its storage in a folder that the caller removes."""

    folder: Path
    cache: Path

    @property
    def confinement(self) -> str:
        """What replaces a container engine."""
        return (
            "buildah on a stand-in base, own mounts and processes, no new privileges, the machine's network"
        )

    @property
    def runs_healthcheck(self) -> bool:
        """False: the health check needs a fixed port, and the network is the machine's."""
        return False

    @property
    def reproduces(self) -> bool:
        """True: every file gets the same timestamp."""
        return True

    def build(self, context: Path) -> None:
        """Build on the stand-in base, with the machine's proxy, package index and CA certificates."""
        self._import_base(debian_suite((context / "Dockerfile").read_text(encoding="utf-8")))
        options = ["--isolation=chroot", "--network=host", "--layers=false", "--format=docker"]
        options.append(f"--timestamp={TIMESTAMP}")
        options += [f"--build-arg={name}" for name in PROXY_VARIABLES if os.environ.get(name)]
        options += self._pip_settings()
        arguments = [*options, f"--build-arg=PYTHON_IMAGE={BASE}", f"--tag={IMAGE}", str(context)]
        self._run("build", *arguments, timeout=BUILD_SECONDS)

    def config(self) -> ImageConfig:
        """Inspect the image."""
        inspected = json.loads(self._run("inspect", "--type=image", IMAGE))
        return ImageConfig.from_docker(inspected["Docker"]["config"])

    def layers(self) -> tuple[str, ...]:
        """Inspect the image."""
        inspected = json.loads(self._run("inspect", "--type=image", IMAGE))
        return tuple(inspected["Docker"]["rootfs"]["diff_ids"])

    @contextmanager
    def start(self, *arguments: str) -> Iterator[Process]:
        """Run the image on a free loopback port."""
        config = self.config()
        root = self._run("mount", self._run("from", IMAGE).strip()).strip()
        uid, _, gid = config.user.partition(":")
        confine = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", CONFINE, "sh"]
        confine += [root, uid, gid or uid]
        command = [*confine, *config.entrypoint, *arguments, "--web.listen-address=127.0.0.1:0"]
        log_file = self.folder / "container.log"
        with log_file.open("wb") as log:
            main = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, env=config.env, start_new_session=True
            )
        process = Process(main, log_file, confine, config)
        try:
            yield process
        finally:
            process.stop()

    def _import_base(self, suite: str) -> None:
        container = self._run("from", "scratch").strip()
        self._run("add", "--quiet", container, str(archive(suite, self.cache)), "/", timeout=BUILD_SECONDS)
        self._run("config", f"--env=PATH={SYSTEM_PATH}", container)
        self._run("commit", "--quiet", "--rm", container, BASE, timeout=BUILD_SECONDS)

    def _pip_settings(self) -> Iterator[str]:
        """Yield the mounts that let pip in the build use the same package index as pip outside."""
        lines = ["[global]"]
        if index := os.environ.get("PIP_INDEX_URL"):
            lines.append(f"index-url = {index}")
        bundles = filter(None, map(os.environ.get, CERTIFICATE_VARIABLES))
        if bundle := next(bundles, None):
            lines.append(f"cert = {CERTIFICATES}")
            yield f"--volume={Path(bundle).resolve()}:{CERTIFICATES}:ro"
        settings = self.folder / "pip.conf"
        settings.write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield f"--volume={settings}:/etc/pip.conf:ro"

    def _run(self, *arguments: str, timeout: float = COMMAND_SECONDS) -> str:
        """Run buildah in its own mount namespace, so that no mount is left behind."""
        storage = ["--storage-driver=vfs", f"--root={self.folder}/storage", f"--runroot={self.folder}/run"]
        return run("unshare", "--mount", "buildah", *storage, *arguments, timeout=timeout)
