"""Whether files have changed since they were last read without an error."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

Stamp = tuple[int, int, int, int] | None


class WatchedFiles:
    """Compares what files look like now with what they looked like when they were last read."""

    def __init__(self, paths: Sequence[Path | str]) -> None:
        self._paths = paths
        self._seen: tuple[Stamp, ...] | None = None

    def __repr__(self) -> str:
        return f"WatchedFiles({[str(path) for path in self._paths]})"

    @property
    def have_changed(self) -> bool:
        """Whether they differ from what was last read; true until a first `reading` succeeds."""
        return self._stamps() != self._seen

    @property
    def not_regular(self) -> str | None:
        """The first path that is not a regular file: to read a FIFO could take forever. None if all are."""
        return next((str(path) for path in self._paths if _blocks(path)), None)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read the files in the block: if it raises, they still count as changed.

        They are stamped before, so that a change in the meantime is not missed.
        """
        stamps = self._stamps()
        yield
        self._seen = stamps

    def _stamps(self) -> tuple[Stamp, ...]:
        return tuple(map(_stamp, self._paths))


def _stamp(path: Path | str) -> Stamp:
    status = _status(path)
    return status and (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _blocks(path: Path | str) -> bool:
    status = _status(path)
    return status is not None and not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode)


def _status(path: Path | str) -> os.stat_result | None:
    """Return what the system knows of a file; None if there is none, or if no file can have such a name."""
    try:
        return os.stat(path)  # noqa: PTH116 - a path or a text
    except (OSError, ValueError):
        return None
