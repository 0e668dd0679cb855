"""Runs in the container; prints as JSON its user and everything that the user can write."""

import json
import os
from collections.abc import Iterator

KERNEL = {"/dev", "/proc", "/sys"}  # file systems that the engine mounts


def can_create(folder: str) -> bool:
    """Return whether a file can be created in a folder."""
    path = os.path.join(folder, ".image-check")  # noqa: PTH118 - paths are text here
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except OSError:
        return False
    os.unlink(path)  # noqa: PTH108 - the same
    return True


def can_write(path: str) -> bool:
    """Return whether a file can be opened for writing."""
    return not os.path.islink(path) and os.access(path, os.W_OK)  # noqa: PTH114 - the same


def folders(top: str) -> Iterator[tuple[str, list[str]]]:
    """Yield every folder outside the kernel's file systems, with its files."""
    for folder, below, files in os.walk(top):
        paths = {name: os.path.join(folder, name) for name in below}  # noqa: PTH118 - the same
        below[:] = [name for name, path in paths.items() if path not in KERNEL]
        yield folder, [os.path.join(folder, name) for name in files]  # noqa: PTH118 - the same


def report(top: str = "/") -> dict[str, object]:
    """Return user and groups, whether the root file system is read-only, and what is writable."""
    readable = list(folders(top))
    writable = [folder for folder, _ in readable if can_create(folder)]
    writable += [path for _, files in readable for path in files if can_write(path)]
    return {
        "uid": os.getuid(),
        "gid": os.getgid(),
        "groups": os.getgroups(),
        "read_only": bool(os.statvfs(top).f_flag & os.ST_RDONLY),
        "folders": len(readable),
        "writable": writable,
    }


if __name__ == "__main__":
    print(json.dumps(report()))
