"""Tests for the detection of changed files."""

import os
from pathlib import Path

import pytest

from exporter.server.watched_files import WatchedFiles


def test_changes(tmp_path: Path) -> None:
    """Content, time and absence each count as a change."""
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
    """The files still count as changed."""
    files = WatchedFiles([tmp_path / "a"])
    with pytest.raises(ValueError, match="bad"), files.reading():
        raise ValueError("bad")

    assert files.have_changed


def test_a_change_during_a_reading(tmp_path: Path) -> None:
    """It is not missed."""
    path = tmp_path / "a"
    files = WatchedFiles([path])
    with files.reading():
        path.write_text("a")

    assert files.have_changed


def test_not_regular(tmp_path: Path) -> None:
    """A FIFO is not a regular file; missing files and impossible names do not count."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    assert WatchedFiles([tmp_path, tmp_path / "absent", "a\0b", "\ud800"]).not_regular is None
    assert WatchedFiles([tmp_path, fifo]).not_regular == str(fifo)
