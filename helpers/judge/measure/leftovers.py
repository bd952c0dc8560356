"""What a measurement leaves behind in the copy that it ran in: files, and what can be said of files and folders.

Temporary files may come and go. What stays could be an answer, kept from one call to the next.
"""

import contextlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

Mark = tuple[object, ...]
Scan = dict[str, Mark]
"""Path in the copy to what is seen of it; \".\" is the copy itself."""
MOST_ASIDE = 200_000_000
"""So many bytes are kept aside at most while something runs that may change them."""
_COMPILED = re.compile(r"(?P<stem>[^/.]+)\.[a-z]+-?[0-9]+[a-z]?(-pytest-[0-9.]+)?(\.opt-[12])?\.pyc")
"""The file name that Python gives a compiled module (PEP 3147, PEP 488), and pytest a test that it rewrote."""


def file_names(copy: Path) -> set[str]:
    """Return the paths of all plain files in the copy."""
    found = (Path(folder) / name for folder, _, files in os.walk(copy) for name in files)
    return {os.path.relpath(file, copy) for file in found if stat.S_ISREG(os.lstat(file).st_mode)}


def scan(copy: Path) -> Scan:
    """Return the marks of everything in the copy.

    Of files what lstat says: the time of the last change of an inode cannot be set back. Of folders, where entries come
    and go, all but that: mode, owner, extended attributes, and a time of change that no entry can have left.
    """
    found: Scan = {".": _folder(str(copy))}
    for folder, folders, names in os.walk(copy):
        for name in (*names, *folders):
            file = os.path.join(folder, name)  # noqa: PTH118 - tens of thousands of them
            seen = os.lstat(file)
            inner = stat.S_ISDIR(seen.st_mode)
            found[os.path.relpath(file, copy)] = (
                _folder(file) if inner else (seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino)
            )
    return found


def _folder(path: str) -> Mark:
    seen = os.lstat(path)
    attributes: list[tuple[str, bytes]] = []
    if hasattr(os, "listxattr"):
        try:
            attributes = [(name, os.getxattr(path, name)) for name in sorted(os.listxattr(path))]
        except OSError:  # a file system without them, or one that may not be read
            attributes = []
    # An entry that is made or removed gives a folder one time for both; with utime(2) they differ.
    set_time = 0 if seen.st_mtime_ns == seen.st_ctime_ns else seen.st_mtime_ns
    return (seen.st_mode, seen.st_uid, seen.st_gid, tuple(attributes), set_time)


def changed(before: Scan, now: Scan) -> set[str]:
    """Return the paths that were made, removed or changed."""
    return {name for name in now.keys() | before.keys() if not _same(before.get(name), now.get(name))}


def clear(copy: Path, before: Scan) -> None:
    """Remove what was made in the copy since `before`; what was changed stays."""
    for name in sorted(scan(copy).keys() - before.keys()):  # a folder before what is in it
        made = copy / name
        if made.is_dir() and not made.is_symlink():
            _remove(made)
        else:
            made.unlink(missing_ok=True)


def _remove(folder: Path) -> None:
    for inner in (folder, *folder.rglob("*")):
        if inner.is_dir() and not inner.is_symlink():
            inner.chmod(0o700)  # Go's modules close their folders
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def undoing(copy: Path, before: Scan | None = None) -> Iterator[Callable[[], None]]:
    """Give what makes the copy again as it is now: what was made since goes, what was changed or removed comes back.

    `before`: what is seen of the copy now, and again afterwards. Of very much data only what was made goes.
    """
    before = scan(copy) if before is None else before
    with tempfile.TemporaryDirectory(dir=copy.parent) as folder:
        aside = Path(folder) / "copy"
        if sum(file.lstat().st_size for file in copy.rglob("*")) <= MOST_ASIDE:
            with contextlib.suppress(shutil.Error):  # sockets and the like
                shutil.copytree(copy, aside, symlinks=True)

        def undo() -> None:
            clear(copy, before)
            if aside.is_dir() and changed(before, scan(copy)):
                _remove(copy)
                shutil.copytree(aside, copy, symlinks=True, dirs_exist_ok=True)
                before.clear()
                before.update(scan(copy))

        yield undo


def _same(one: Mark | None, other: Mark | None) -> bool:
    if one is None or other is None or len(one) != len(other) or len(one) != 5:
        return one == other
    return one[:4] == other[:4] and other[4] in (0, one[4])


def take_compiled(copy: Path, before: Scan) -> list[str]:
    """Remove every module that was compiled since `before`; return their sources, as paths in the copy.

    What stands in a __pycache__ without being a compiled module of a source beside it stays, to be found.
    """
    sources = []
    for name in sorted(scan(copy).keys() - before.keys()):
        if source := _source(copy, name):
            (copy / name).unlink()
            sources.append(source)
    return sorted(set(sources))


def accept_compiled(copy: Path, before: Scan) -> None:
    """Enter into `before` the compiled modules that are there now, and the folders that hold them."""
    for name, mark in scan(copy).items():
        if name not in before and (_source(copy, name) or name.rpartition("/")[2] == "__pycache__"):
            before[name] = mark


def _source(copy: Path, name: str) -> str:
    """Return the source of a compiled module, empty when it is none."""
    folder, _, file = name.rpartition("/")
    parent, _, last = folder.rpartition("/")
    match = _COMPILED.fullmatch(file)
    if last != "__pycache__" or match is None:
        return ""
    source = f"{parent}/{match['stem']}.py" if parent else f"{match['stem']}.py"
    return source if (copy / source).is_file() and "\n" not in source else ""
