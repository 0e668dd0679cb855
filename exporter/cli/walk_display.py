"""Draws the progress of a walk on a terminal."""

from typing import Final

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from exporter.app.runtime import TargetRuntime
from exporter.cli.estimate import Pace, describe_walk
from exporter.printable import printable_line
from exporter.target.running_walk import RunningWalk

REFRESHES_PER_SECOND: Final = 8


def walk_display(runtime: TargetRuntime, running: RunningWalk, console: Console) -> Live:
    """Return a line that shows how far a walk is, as a context manager; it is gone at the end of the block.

    A thread refreshes it. Log lines appear above it.

    :param runtime: of the target that is walked.
    :param running: the walk.
    """
    spinner = Spinner("dots")

    def draw() -> Spinner:
        spinner.update(text=_sentence(runtime, running))
        return spinner

    return Live(
        get_renderable=draw,
        console=console,
        transient=True,
        refresh_per_second=REFRESHES_PER_SECOND,
        redirect_stdout=False,
    )


def _sentence(runtime: TargetRuntime, running: RunningWalk) -> Text:
    api = runtime.api
    stats = running.stats(api.clock.monotonic())
    text = describe_walk(stats, running.expected_pages, Pace.of(api.budget))
    return Text(printable_line(f"{runtime.target.name}: {text}"))
