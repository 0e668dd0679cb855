"""Detects whether files have changed since they were last read without an error."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

Stamp = tuple[int, int, int, int] | None


class WatchedFiles:
    """Compares the inode, size and times of files with those of the last successful read."""

    def __init__(self, paths: Sequence[Path | str]) -> None:
        self.paths = paths
        self._seen: tuple[Stamp, ...] | None = None

    def __repr__(self) -> str:
        return f"WatchedFiles({[str(path) for path in self.paths]})"

    @property
    def have_changed(self) -> bool:
        """Whether any file differs from what was last read. True until the first `reading` succeeds."""
        return self._stamps() != self._seen

    @property
    def not_regular(self) -> str | None:
        """The first path that is not a regular file, if any: reading a FIFO could block forever."""
        return next((str(path) for path in self.paths if _blocks(path)), None)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read the files in the block. If it raises, they still count as changed.

        The files' state is taken before the block, so that a change during it is not missed.
        """
        stamps = self._stamps()
        yield
        self._seen = stamps

    def _stamps(self) -> tuple[Stamp, ...]:
        return tuple(map(_stamp, self.paths))


def _stamp(path: Path | str) -> Stamp:
    status = _status(path)
    return status and (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _blocks(path: Path | str) -> bool:
    status = _status(path)
    return status is not None and not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode)


def _status(path: Path | str) -> os.stat_result | None:
    """Return a file's status; None if there is no such file or the name is impossible."""
    try:
        return os.stat(path)  # noqa: PTH116 - a `Path` or a `str`
    except (OSError, ValueError):
        return None
