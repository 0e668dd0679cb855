"""Builds and runs an image with a container engine: Docker or Podman."""

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
    """How an image is to be run."""

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
        """Return the URL of its metrics; None until it is known."""

    def has_ended(self) -> bool:
        """Return whether its main process has ended."""

    def execute(self, *command: str) -> str:
        """Run a command isolated like the container; return its output."""

    def log(self) -> str:
        """Return the output of its main process."""


class Engine(Protocol):
    """Builds an image and runs containers of it."""

    @property
    def confinement(self) -> str:
        """How a container is isolated, in words."""

    @property
    def runs_healthcheck(self) -> bool:
        """Whether the image's health check can run."""

    @property
    def reproduces(self) -> bool:
        """Whether two builds can give the same layers."""

    def build(self, context: Path) -> None:
        """Build the image of a folder's Dockerfile."""

    def layers(self) -> tuple[str, ...]:
        """Return the digests of the image's layers."""

    def config(self) -> ImageConfig:
        """Return how the image is to be run."""

    def start(self, *arguments: str) -> AbstractContextManager[Container]:
        """Run the image with `arguments` on a read-only root file system until the block ends."""


@dataclass(frozen=True, slots=True)
class DockerContainer:
    """A container of Docker or Podman."""

    cli: str
    name: str

    def metrics_url(self) -> str | None:
        """Return the URL at which the engine publishes the port."""
        with suppress(CheckFailedError):
            published = run(self.cli, "port", self.name, PORT, timeout=COMMAND_SECONDS).split()
            return f"http://{published[0]}/metrics" if published else None
        return None

    def has_ended(self) -> bool:
        """Return whether the engine reports it as not running."""
        state = run(self.cli, "inspect", "--format={{.State.Running}}", self.name, timeout=COMMAND_SECONDS)
        return state.strip() != "true"

    def execute(self, *command: str) -> str:
        """Run a command in the container."""
        return run(self.cli, "exec", self.name, *command, timeout=COMMAND_SECONDS)

    def log(self) -> str:
        """Return the container's output."""
        return run("sh", "-c", 'exec "$0" logs "$1" 2>&1', self.cli, self.name, timeout=COMMAND_SECONDS)


@dataclass(frozen=True, slots=True)
class Docker:
    """Docker or Podman: their command lines are the same."""

    cli: str = "docker"
    tag: str = field(default_factory=lambda: f"bycloud-backup-exporter:check-{uuid.uuid4().hex[:12]}")

    @property
    def confinement(self) -> str:
        """The flags that the README recommends."""
        return f"{self.cli} run {' '.join(HARDENED)}"

    @property
    def runs_healthcheck(self) -> bool:
        """True: the container has its own network namespace."""
        return True

    @property
    def reproduces(self) -> bool:
        """False: without BuildKit's exporter for registries, files keep the time of their creation."""
        return False

    def build(self, context: Path) -> None:
        """Build with the engine's own cache and settings."""
        run(self.cli, "build", "--tag", self.tag, context, timeout=BUILD_SECONDS)

    def config(self) -> ImageConfig:
        """Inspect the image."""
        inspected = run(self.cli, "image", "inspect", self.tag, timeout=COMMAND_SECONDS)
        return ImageConfig.from_docker(json.loads(inspected)[0]["Config"])

    def layers(self) -> tuple[str, ...]:
        """Inspect the image."""
        inspected = run(self.cli, "image", "inspect", self.tag, timeout=COMMAND_SECONDS)
        return tuple(json.loads(inspected)[0]["RootFS"]["Layers"])

    @contextmanager
    def start(self, *arguments: str) -> Iterator[DockerContainer]:
        """Run detached, on a loopback port that the engine chooses."""
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
