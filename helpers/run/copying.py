"""Copying a work tree as git sees it: tracked files as they are, untracked ones that are not ignored, no .git."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from helpers import console, git

_SMALL = 1 << 20


def listing(root: Path) -> list[bytes]:
    """Return the paths, relative to `root`, of what an isolated copy holds; submodules that are checked out included."""
    tracked = git.run(root, ["ls-files", "-z", "--stage"]).stdout.split(b"\0")
    found: dict[bytes, None] = {}
    for row in tracked:
        if not row:
            continue
        meta, path = row.split(b"\t", 1)
        if meta.startswith(b"160000"):
            _add_submodule(root, path, found)
        else:
            found[path] = None
    for path in git.run(root, ["ls-files", "-z", "--others", "--exclude-standard"]).stdout.split(b"\0"):
        if path.endswith(b"/"):
            console.note(f"note: {os.fsdecode(path)} is a git repository of its own, not tracked here: left out")
        elif path:
            found[path] = None
    return list(found)


def _add_submodule(root: Path, path: bytes, found: dict[bytes, None]) -> None:
    folder = root / os.fsdecode(path)
    if (folder / ".git").exists():
        for inner in listing(folder):
            found[path + b"/" + inner] = None


def copy(root: Path, target: Path, names: Iterable[bytes]) -> int:
    """Copy `names` from `root` into `target` with their modes and times; return how many were there to copy."""
    source, destination = os.fsencode(root), os.fsencode(target)
    made: set[bytes] = set()
    count = 0
    for name in names:
        folder = os.path.dirname(name)  # noqa: PTH120 - bytes paths, a hundred thousand of them
        if folder not in made:
            os.makedirs(os.path.join(destination, folder), exist_ok=True)  # noqa: PTH103, PTH118
            made.add(folder)
        count += _copy_one(source + b"/" + name, destination + b"/" + name)
    return count


def _copy_one(source: bytes, destination: bytes) -> int:
    try:
        status = os.lstat(source)
        if stat.S_ISLNK(status.st_mode):
            os.symlink(os.readlink(source), destination)  # noqa: PTH115, PTH211
            return 1
        if not stat.S_ISREG(status.st_mode):
            return 0
        reader = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return 0  # tracked but deleted in the work tree, or replaced by a file
    try:
        mode = 0o777 if status.st_mode & 0o111 else 0o666
        writer = os.open(destination, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            _copy_bytes(reader, writer, status.st_size)
            os.utime(writer, ns=(status.st_atime_ns, status.st_mtime_ns))
        finally:
            os.close(writer)
    finally:
        os.close(reader)
    return 1


def _copy_bytes(reader: int, writer: int, size: int) -> None:
    while True:
        block = os.read(reader, max(min(size + 1, _SMALL), 1))
        if not block:
            return
        while block:
            block = block[os.write(writer, block) :]
        if size < _SMALL and os.fstat(reader).st_size == os.lseek(reader, 0, os.SEEK_CUR):
            return
