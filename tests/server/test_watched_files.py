"""Whether files have changed since they were last read."""

import os
from pathlib import Path

import pytest

from exporter.server.watched_files import WatchedFiles


def test_changes(tmp_path: Path) -> None:
    """A file has changed until it is read, and again with its content, its time or its absence."""
    path = tmp_path / "a"
    path.write_text("a")
    files = WatchedFiles([path])
    found = [files.have_changed]
    with files.reading():
        pass
    found.append(files.have_changed)
    os.utime(path, (1, 1))
    found.append(files.have_changed)
    with files.reading():
        pass
    path.unlink()
    found.append(files.have_changed)

    assert found == [True, False, True, True]
    assert repr(files) == f"WatchedFiles(['{path}'])"


def test_a_reading_that_fails(tmp_path: Path) -> None:
    """The files still count as changed, so that they are read again."""
    files = WatchedFiles([tmp_path / "a"])
    with pytest.raises(ValueError, match="bad"), files.reading():
        raise ValueError("bad")

    assert files.have_changed


def test_a_change_while_it_is_read(tmp_path: Path) -> None:
    """It is not missed: what counts is how the files looked before."""
    path = tmp_path / "a"
    files = WatchedFiles([path])
    with files.reading():
        path.write_text("a")

    assert files.have_changed


def test_what_could_take_forever_to_read(tmp_path: Path) -> None:
    """A FIFO is not regular; a file that is absent, or a name that none can have, is another problem."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    assert WatchedFiles([tmp_path, tmp_path / "absent", "a\0b", "\ud800"]).not_regular is None
    assert WatchedFiles([tmp_path, fifo]).not_regular == str(fifo)
