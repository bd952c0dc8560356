"""Copying a work tree as git sees it: tracked files as they are, untracked ones that are not ignored, no .git."""

import errno
import os
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from helpers import console, git
from helpers.run.copies import git_index

_SMALL = 1 << 20
_SHARE = 3000
"""Files that are worth a second process."""
_CONVERTING = {b"text", b"crlf", b"eol", b"filter", b"ident", b"working-tree-encoding"}

Known = dict[bytes, tuple[bytes, tuple[int, ...]]]
"""Of a name: the id of the blob that holds the file's very bytes, and what lstat said when that was true."""


def listing(root: Path) -> list[bytes]:
    """Return the paths, relative to `root`, of what an isolated copy holds.

    Submodules that are checked out included.
    """
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


def known_blobs(root: Path) -> Known:
    """Return the tracked files whose bytes git has as they are: unchanged since staged, and not converted on the way.

    What a file was at that moment is noted first and compared again when it is copied, so that an edit in between
    is seen.
    """
    if git.output(root, ["config", "--default", "false", "core.autocrlf"]).strip().lower() not in ("false", "0", "no"):
        return {}
    source = os.fsencode(root) + b"/"
    noted: Known = {}
    for row in git.run(root, ["ls-files", "-z", "--stage", "-v"]).stdout.split(b"\0"):
        tag, _, rest = row.partition(b" ")
        meta, _, name = rest.partition(b"\t")
        if tag == b"H" and meta.endswith(b" 0") and meta.startswith(b"100"):  # not assumed unchanged, not conflicting
            try:
                noted[name] = (bytes.fromhex(meta.split()[1].decode()), _identity(os.lstat(source + name)))
            except OSError:
                continue
    options = ["-c", "core.checkStat=default", "-c", "core.trustctime=true"]
    for name in git.run(root, [*options, "diff-files", "-z", "--name-only"]).stdout.split(b"\0"):
        noted.pop(name, None)
    names = b"".join(name + b"\0" for name in noted)
    rows = git.run(root, ["check-attr", "-z", "--stdin", "--all"], stdin=names).stdout.split(b"\0")
    for name, attribute, value in zip(rows[0::3], rows[1::3], rows[2::3], strict=False):
        if attribute in _CONVERTING and value != b"unset":
            noted.pop(name, None)
    return noted


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_mode, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def copy(
    root: Path, target: Path, names: Iterable[bytes], known: Known | None = None
) -> tuple[int, dict[bytes, bytes]]:
    """Copy `names` from `root` into `target` with their modes and times.

    Return how many were there to copy, and the index entries of those whose blob was `known` and still holds.
    """
    chosen, known = list(names), known or {}
    here = (os.fsencode(root), os.fsencode(target), known)
    if len(chosen) < 2 * _SHARE or not sys.platform.startswith("linux") or (os.cpu_count() or 1) < 2:
        return _copy_part(chosen, *here)
    import multiprocessing

    middle = len(chosen) // 2
    with multiprocessing.get_context("fork").Pool(1) as pool:
        other = pool.apply_async(_copy_part, (chosen[middle:], *here))
        count, entries = _copy_part(chosen[:middle], *here)
        more, rest = other.get()
    return count + more, {**entries, **rest}


def _copy_part(
    names: Sequence[bytes], source: bytes, target: bytes, known: Mapping[bytes, tuple[bytes, tuple[int, ...]]]
) -> tuple[int, dict[bytes, bytes]]:
    made: set[bytes] = set()
    count, entries = 0, {}
    for name in names:
        folder = name.rpartition(b"/")[0]
        if folder not in made:
            os.makedirs(target + b"/" + folder, exist_ok=True)  # noqa: PTH103 - bytes paths, a hundred thousand of them
            made.add(folder)
        blob, before = known.get(name, (None, None))
        done = _copy_one(source + b"/" + name, target + b"/" + name)
        if done is None:
            continue
        count += 1
        after, written = done
        if blob is not None and written is not None and after == before:
            entries[name] = git_index.entry(name, blob, written)
    return count, entries


def _copy_one(source: bytes, destination: bytes) -> tuple[tuple[int, ...], os.stat_result | None] | None:
    """Copy a file or link; return what the source is after its last byte was read, and the copy if it is a file."""
    try:
        reader = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None  # tracked but deleted in the work tree, or replaced by a file
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.EMLINK, errno.ENXIO, errno.EOPNOTSUPP):
            raise
        return _copy_link(source, destination)
    try:
        status = os.fstat(reader)
        if not stat.S_ISREG(status.st_mode):
            return None
        writer = os.open(
            destination, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o777 if status.st_mode & 0o111 else 0o666
        )
        try:
            _copy_bytes(reader, writer, status.st_size)
            os.utime(writer, ns=(status.st_atime_ns, status.st_mtime_ns))
            return _identity(os.fstat(reader)), os.fstat(writer)
        finally:
            os.close(writer)
    finally:
        os.close(reader)


def _copy_link(source: bytes, destination: bytes) -> tuple[tuple[int, ...], None] | None:
    status = os.lstat(source)
    if stat.S_ISLNK(status.st_mode):
        os.symlink(os.readlink(source), destination)  # noqa: PTH115, PTH211
        return _identity(status), None
    return None  # a socket


def _copy_bytes(reader: int, writer: int, size: int) -> None:
    while True:
        asked = max(min(size + 1, _SMALL), 1)
        block = os.read(reader, asked)
        short = len(block) < asked  # the end of a regular file
        while block:
            block = block[os.write(writer, block) :]
        if short:
            return
