"""What a repository brought along is never taken for the session's own.

A session's files are plain files of the user who runs it. A link, a pipe, a second name of a file elsewhere or somebody
else's file in their place would have us write, or believe, what a stranger chose.
"""

import contextlib
import itertools
import os
import shlex
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from helpers import console, paths, printable

WRITTEN = (paths.JOURNAL, paths.NOTES, paths.IDEAS, paths.STATE)
"""What only a session writes: tracked by the repository it is a stranger's, or an old session's that was committed."""
_NAMES = (*paths.COMMITTED, paths.IMPROVEMENTS, *WRITTEN)
_READ = (paths.TASK, paths.PROTOCOL)
"""What a person writes and a session only reads: it may be a link of theirs, but no pipe."""
_READ_BY_GIT = frozenset([".gitignore", ".gitattributes", ".gitmodules"])


def strangers(root: Path) -> Iterator[tuple[str, str]]:
    """Yield each session file of the repository at `root` that is not the session's own, with what it is instead."""
    owners = {os.getuid(), os.lstat(root).st_uid}
    yield from ((name, "no plain file") for name in _READ if (root / name).exists() and not (root / name).is_file())
    for name in _NAMES:
        if said := _strange(root / name, owners, folder=name == paths.STATE, replaced=name not in WRITTEN):
            yield name, said
        elif name == paths.STATE and os.path.isdir(root / name):  # noqa: PTH112 - no link, as was seen
            yield from _inside(root / name, owners)


def _inside(state: Path, owners: set[int]) -> Iterator[tuple[str, str]]:
    for entry in os.scandir(state):
        is_folder = entry.is_dir(follow_symlinks=False)
        if said := _strange(Path(entry.path), owners, folder=is_folder):
            yield f"{state.name}/{entry.name}", said
        elif is_folder:
            with contextlib.suppress(FileNotFoundError):  # a job that somebody removes meanwhile
                for below in os.scandir(entry.path):
                    if below.is_symlink():
                        yield f"{state.name}/{entry.name}/{below.name}", "a link"


def _strange(place: Path, owners: set[int], *, folder: bool, replaced: bool = False) -> str:
    """Return what `place` is instead of a file (or folder) of the session's own, "" when it is one or is not there."""
    try:
        its = os.lstat(place)
    except FileNotFoundError:
        return ""
    if stat.S_ISLNK(its.st_mode):
        return f"a link to {os.readlink(place)}"  # noqa: PTH115
    if not (stat.S_ISDIR if folder else stat.S_ISREG)(its.st_mode):
        return f"no plain {'folder' if folder else 'file'}"
    if its.st_uid not in owners:
        return "there, and belongs to somebody else"
    second = its.st_nlink > 1 and not folder and not replaced
    return "a file that has a second name elsewhere" if second else ""


def require(root: Path, tracked: list[str]) -> None:
    """Raise Failure (4) when a session's file in `root` is not its own; `tracked`: those that the repository tracks."""
    for name, said in strangers(root):
        shown = printable.one_line(name)
        raise console.refused(
            f"{shown} is {printable.one_line(said)}: a session writes plain files of its own, never through others",
            f"look at it, then take it away: rm {shlex.quote(name)}",
        )
    if tracked:
        name = shlex.quote(tracked[0])
        raise console.refused(
            f"the repository tracks {printable.one_line(tracked[0])}: a session has its own journal, notes and state, "
            "never what a clone brings",
            f"git rm -r {name}  # look at it first; a session of your own: git rm -r --cached {name}",
        )


def plain_text(file: Path) -> str:
    """Return a stranger's text, "" where no file is; raises Failure (4) for a pipe or device, read it would not end."""
    if not file.exists():
        return ""
    if not file.is_file():
        raise _no_file(file)
    return file.read_bytes().decode("utf-8", "surrogateescape")


def answered(
    root: Path, command: list[str], stdin: bytes | None, env: dict[str, str], seconds: float
) -> subprocess.CompletedProcess[bytes]:
    """Run git to its end; raises Failure (4) when after `seconds` it still waits, and a pipe lies where it reads."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=root, env=env, stdin=pipe, stdout=pipe, stderr=pipe) as child:
        try:
            out, err = child.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired:  # only now is it worth a look at every file
            if place := _pipe_that_is_read(root):
                child.kill()
                raise _no_file(place) from None
            out, err = child.communicate()
    return subprocess.CompletedProcess(command, child.returncode, out, err)


def _pipe_that_is_read(root: Path) -> Path | None:
    """Return a pipe that lies where git reads: in the git directory around `root`, or as a .gitignore below."""
    above = next((folder for folder in (root, *root.parents) if os.path.lexists(folder / ".git")), root)
    its = above / ".git"
    linked = its.read_text("utf-8", "surrogateescape").partition("gitdir: ")[2].strip() if its.is_file() else ""
    for inside, folders, names in itertools.chain(*map(os.walk, [above, *Path(linked).parents[1:2]])):
        in_git = ".git" in Path(inside).parts
        for name in names if in_git else _READ_BY_GIT & set(names):
            if (place := Path(inside, name)).is_fifo():
                return place
        folders[:] = [name for name in folders if len(name) > 2 or not in_git]  # all but the objects
    return None


def _no_file(place: Path) -> console.Failure:
    said = f"{printable.one_line(str(place))} is no plain file: git and we would wait for what it says, for ever"
    return console.refused(said, f"look at it, then take it away: rm {shlex.quote(str(place))}")
