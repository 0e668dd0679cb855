"""Builds the image and runs it: `python3 -m tools.image_check`, or `make image`.

It uses Docker or Podman if one of them runs, else buildah on a stand-in for the base image. The container
runs the demo. It must serve `bycloud_up 1` as a numeric user on a read-only root file system, with nothing
writable. Prints each check, and the container's log if one fails.
"""

import argparse
import json
import re
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from tools.buildah import Buildah, check_machine
from tools.engines import Container, Docker, Engine
from tools.programs import CheckFailedError, UnavailableError, succeeds
from tools.stand_in import cache_folder

ROOT = Path(__file__).parents[1]
PROBE = Path(__file__).with_name("probe.py")
UP_SECONDS = 180.0
UP = re.compile(r"^bycloud_up(?:\{[^}]*\})? 1(?:\.0)?$", re.MULTILINE)
ENGINES = ("docker", "podman", "buildah")


def available_engine() -> str:
    """Return the first container engine that runs, else buildah."""
    return next((name for name in ENGINES[:2] if succeeds(name, "info")), "buildah")


@contextmanager
def engine_named(name: str) -> Iterator[Engine]:
    """Yield an engine; remove what it made when the block ends."""
    if name == "buildah":
        check_machine()
        with TemporaryDirectory(prefix="image-check-") as folder:
            yield Buildah(Path(folder), cache_folder())
    else:
        docker = Docker(name)
        try:
            yield docker
        finally:
            docker.remove()


def numeric_user(user: str) -> tuple[int, int]:
    """Return user and group as numbers; raise `CheckFailedError` for root or a name."""
    match = re.fullmatch(r"([1-9]\d*):([1-9]\d*)", user)
    if match is None:
        raise CheckFailedError(f"the image's user is {user!r}, not two numbers above 0")
    return int(match[1]), int(match[2])


def wait_until_up(container: Container, seconds: float = UP_SECONDS) -> str:
    """Return the URL that serves `bycloud_up 1`; raise `CheckFailedError` after `seconds` without one."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if container.has_ended():
            raise CheckFailedError("the container ended")
        url = container.metrics_url()
        if url and UP.search(_read(url)):
            return url
        time.sleep(0.2)
    raise CheckFailedError(f"no `bycloud_up 1` within {seconds:g} s")


def _read(url: str) -> str:
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=30) as response:
            return str(response.read(), "utf-8")
    except (URLError, OSError):
        return ""


def require_confined(report: dict[str, Any], user: tuple[int, int]) -> None:
    """Raise `CheckFailedError` unless the probe ran as the user and could write nothing."""
    if (report["uid"], report["gid"]) != user or 0 in report["groups"]:
        raise CheckFailedError(f"it runs as {report['uid']}:{report['gid']}, groups {report['groups']}")
    if not report["read_only"]:
        raise CheckFailedError("the root file system is not mounted read-only")
    if report["writable"]:
        raise CheckFailedError(f"its user can write: {' '.join(report['writable'][:10])}")


def check(engine: Engine, context: Path) -> Iterator[str]:
    """Build and run the image; yield a line for each check that passed or was skipped."""
    engine.build(context)
    config = engine.config()
    user = numeric_user(config.user)
    yield f"ok: built; its user is {config.user}"
    yield _reproduced(engine, context)
    with engine.start("demo") as container:
        try:
            yield f"ok: bycloud_up 1 from {wait_until_up(container)}"
            report = json.loads(container.execute("python3", "-c", PROBE.read_text(encoding="utf-8")))
            require_confined(report, user)
            yield f"ok: root file system read-only, nothing writable in {report['folders']} folders"
            yield _healthcheck(engine, config.healthcheck, container)
        except CheckFailedError:
            sys.stderr.write(container.log())
            raise


def _reproduced(engine: Engine, context: Path) -> str:
    """Build again; raise `CheckFailedError` if a layer differs."""
    if not engine.reproduces:
        return "skipped: a second build with this engine cannot give the same layers"
    first = engine.layers()
    engine.build(context)
    if (second := engine.layers()) != first:
        raise CheckFailedError(f"a second build has other layers: {first}, then {second}")
    return f"ok: a second build has the same {len(first)} layers"


def _healthcheck(engine: Engine, command: Sequence[str], container: Container) -> str:
    if not command or not engine.runs_healthcheck:
        return "skipped: the health check needs a network namespace of its own"
    container.execute(*command)
    return "ok: the health check"


def _end(*_: object) -> NoReturn:
    """Exit by an exception, so that everything is cleaned up."""
    raise SystemExit(128 + signal.SIGTERM)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check; return the exit status: 1 if it fails, 2 if it cannot run."""
    parser = argparse.ArgumentParser(prog="image-check", description="Build the image and run it.")
    parser.add_argument("--engine", choices=ENGINES, help="default: the first one that runs")
    parser.add_argument("context", nargs="?", type=Path, default=ROOT, help="folder of the Dockerfile")
    options = parser.parse_args(arguments)
    try:
        with engine_named(options.engine or available_engine()) as engine:
            print(f"image-check: with {engine.confinement}", flush=True)
            for line in check(engine, options.context.resolve()):
                print(f"image-check: {line}", flush=True)
    except CheckFailedError as error:
        print(f"image-check: FAIL: {error}", file=sys.stderr)
        return 1
    except UnavailableError as error:
        print(f"image-check: neither Docker nor Podman runs, and {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    sys.exit(main())
