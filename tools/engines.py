"""What builds and runs an image: a container engine's command line."""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tools.programs import CheckFailedError, run

BUILD_SECONDS = 1200.0
COMMAND_SECONDS = 120.0
PORT = "10140/tcp"  # what the image exposes
HARDENED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """What an image says about how to run it."""

    user: str
    entrypoint: tuple[str, ...]
    env: Mapping[str, str]
    healthcheck: tuple[str, ...]

    @classmethod
    def from_docker(cls, config: Mapping[str, Any]) -> "ImageConfig":
        """Read the configuration as Docker stores it in an image."""
        test = (config.get("Healthcheck") or {}).get("Test") or ()
        return cls(
            user=config.get("User") or "",
            entrypoint=tuple(config.get("Entrypoint") or ()),
            env=dict(item.partition("=")[::2] for item in config.get("Env") or ()),
            healthcheck=tuple(test[1:]) if test[:1] == ["CMD"] else (),
        )


class Container(Protocol):
    """A running container."""

    def metrics_url(self) -> str | None:
        """Return where it serves metrics; None until that is known."""

    def has_ended(self) -> bool:
        """Tell whether its main process is gone."""

    def execute(self, *command: str) -> str:
        """Run a command confined like the container's own, and return what it printed."""

    def log(self) -> str:
        """Return what its main process has printed."""


class Engine(Protocol):
    """Builds one image and runs containers of it."""

    @property
    def confinement(self) -> str:
        """Say what confines a container."""

    @property
    def runs_healthcheck(self) -> bool:
        """Tell whether the image's health check can reach the container's port."""

    def build(self, context: Path) -> None:
        """Build the image of a folder's Dockerfile."""

    def config(self) -> ImageConfig:
        """Return what the image says about how to run it."""

    def start(self, *arguments: str) -> AbstractContextManager[Container]:
        """Run the image with arguments on a read-only root file system, for as long as the block lasts."""


@dataclass(frozen=True, slots=True)
class DockerContainer:
    """A container of Docker or Podman."""

    cli: str
    name: str

    def metrics_url(self) -> str | None:
        """Return the address at which the engine publishes the port."""
        with suppress(CheckFailedError):
            published = run(self.cli, "port", self.name, PORT, timeout=COMMAND_SECONDS).split()
            return f"http://{published[0]}/metrics" if published else None
        return None

    def has_ended(self) -> bool:
        """Ask the engine."""
        state = run(self.cli, "inspect", "--format={{.State.Running}}", self.name, timeout=COMMAND_SECONDS)
        return state.strip() != "true"

    def execute(self, *command: str) -> str:
        """Run a command in the container."""
        return run(self.cli, "exec", self.name, *command, timeout=COMMAND_SECONDS)

    def log(self) -> str:
        """Return what the container printed."""
        return run("sh", "-c", 'exec "$0" logs "$1" 2>&1', self.cli, self.name, timeout=COMMAND_SECONDS)


@dataclass(frozen=True, slots=True)
class Docker:
    """Docker or Podman, which share a command line."""

    cli: str = "docker"
    tag: str = field(default_factory=lambda: f"bycloud-backup-exporter:check-{uuid.uuid4().hex[:12]}")

    @property
    def confinement(self) -> str:
        """Name the flags that the README advises."""
        return f"{self.cli} run {' '.join(HARDENED)}"

    @property
    def runs_healthcheck(self) -> bool:
        """Say yes: the container has a network namespace and its port to itself."""
        return True

    def build(self, context: Path) -> None:
        """Build with the engine's own cache and settings."""
        run(self.cli, "build", "--tag", self.tag, context, timeout=BUILD_SECONDS)

    def config(self) -> ImageConfig:
        """Inspect the image."""
        inspected = run(self.cli, "image", "inspect", self.tag, timeout=COMMAND_SECONDS)
        return ImageConfig.from_docker(json.loads(inspected)[0]["Config"])

    @contextmanager
    def start(self, *arguments: str) -> Iterator[DockerContainer]:
        """Run detached, on a port of loopback that the engine picks."""
        name = f"image-check-{uuid.uuid4().hex[:12]}"
        options = ["--detach", *HARDENED, "--publish=127.0.0.1::10140", f"--name={name}"]
        try:
            run(self.cli, "run", *options, self.tag, *arguments, timeout=COMMAND_SECONDS)
            yield DockerContainer(self.cli, name)
        finally:
            with suppress(CheckFailedError):
                run(self.cli, "rm", "--force", name, timeout=COMMAND_SECONDS)

    def remove(self) -> None:
        """Remove the image, if it was built."""
        with suppress(CheckFailedError):
            run(self.cli, "image", "rm", "--force", self.tag, timeout=COMMAND_SECONDS)
