"""One walk of a target for a command, with its progress on a terminal."""

import sys
from contextlib import AbstractContextManager, nullcontext

from exporter.app.runtime import TargetRuntime
from exporter.target import MAX_WALK_SECONDS, WalkOutcome
from exporter.target.running_walk import RunningWalk


def walk(runtime: TargetRuntime) -> WalkOutcome:
    """Walk a target and its list of instances, once."""
    running = RunningWalk(runtime.api.clock.monotonic(), MAX_WALK_SECONDS, runtime.api.budget)
    with _progress(runtime, running):
        return runtime.walker(MAX_WALK_SECONDS, running=running, instances_seconds=MAX_WALK_SECONDS)


def _progress(runtime: TargetRuntime, running: RunningWalk) -> AbstractContextManager[object]:
    """Return what shows the progress on standard error, or nothing if that is no terminal."""
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console  # noqa: PLC0415 - only for terminals

    from exporter.cli.walk_display import walk_display  # noqa: PLC0415 - the same

    console = Console(stderr=True)
    return walk_display(runtime, running, console) if console.is_interactive else nullcontext()
