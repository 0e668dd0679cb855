"""Standard streams as the parent process left them: closed, as with `>&-`, or of a narrow encoding."""

import io
import os
import sys

TYPE_CHECKING = False  # importing it from `typing` would take a tenth of the start-up time
if TYPE_CHECKING:
    from typing import TextIO


def reopen_closed_streams() -> None:
    """Replace the streams that Python sets to `None` because their descriptor is closed.

    Writing to the new standard output fails as on the closed descriptor, with EBADF; messages on standard
    error are lost. Both descriptors are in use again, so no socket takes their number.
    """
    if sys.stdout is None:
        sys.stdout = _opened(os.O_RDONLY)
    if sys.stderr is None:
        sys.stderr = _opened(os.O_WRONLY)


def write_any_text(*, encoding: "str | None" = None) -> None:
    """Let standard output take every character: one that its encoding lacks is escaped.

    :param encoding: in place of the locale's.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")


def _opened(flags: int) -> "TextIO":
    return open(os.open(os.devnull, flags), "w", encoding="utf-8")  # noqa: PTH123 - open until exit
