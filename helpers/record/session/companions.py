"""Files that benchmark and checks name or import and no commit holds: they are protected and committed with them.

A clone of the branch runs its own benchmark then. What experiments may change is none of them, and an edit of the
person's to a tracked file is theirs to commit.
"""

import os
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from helpers import console, git, git_objects, next_step, paths
from helpers.judge.policy import check, evaluator_reach
from helpers.run.copies import uncommitted
from helpers.state import State

MOST_BYTES = 50_000_000
"""More than this of data is committed by nobody unasked."""
_READ = 200_000  # longer files are data


def find_companions(root: Path, now: State, build: str) -> list[str]:
    """Return the companions of the scripts; raises Failure (2) for an edited tracked one, and for too much data."""
    loose = {name: state for name, state in uncommitted.listing(root).items() if not _is_program(root, now, name)}
    text = build + "\n" + "\n".join(text_of(root / name) for name in paths.COMMITTED)
    found: list[str] = []
    while new := _named(evaluator_reach.named_by(text), [name for name in loose if name not in found]):
        found += new
        text += "\n" + "\n".join(text_of(root / name) for name in new if evaluator_reach.is_program(name))
    edited = [name for name in found if loose[name] not in (uncommitted.NEW, "A")]
    if edited:
        files = shlex.join(next_step.path(root, name) for name in edited[:8])
        raise console.usage(
            f"benchmark or checks name {uncommitted.named(edited)}: a clone of the branch would measure something else",
            f"git commit -m 'what the benchmark needs' -- {files}  # or git checkout -- FILE\nstart_session.py --lock",
        )
    size = sum((root / name).lstat().st_size for name in found)
    if size > MOST_BYTES:
        raise console.usage(
            f"benchmark or checks name {uncommitted.named(found)}: {size / 1e6:.0f} MB, which nobody commits unasked",
            "git add and commit them, or have autoresearch.sh or the build (--build CMD) make them, then:\n"
            "start_session.py --lock",
        )
    return sorted(found)


def _is_program(root: Path, now: State, name: str) -> bool:
    """Tell whether experiments may change it: then it is the program's, which the person commits."""
    scope, closed = now.config.scope, now.config.off_limits
    if name.startswith("autoresearch.") or any(check.matches(name, glob) for glob in closed):
        return False
    if scope:
        return any(check.matches(name, glob) for glob in scope)
    driver = evaluator_reach.is_driver(name, text_of(root / name).encode())
    return evaluator_reach.is_program(name) and "/" in name and not driver


def _named(known: evaluator_reach.Named, names: Iterable[str]) -> list[str]:
    """Return those of `names` that are named by path, by file name, by a folder of theirs, or as a module."""
    found = []
    for name in names:
        *folders, last = name.split("/")
        above = {"/".join(folders[: end + 1]) for end in range(len(folders))}
        modules = {last.partition(".")[0], *folders[:1]} if last.endswith((".py", ".pyx")) else set()
        by_path = known.names & {name, *above} or (last in known.names and "." in last) or known.modules & modules
        if by_path or (folders and name.startswith("autoresearch.")):
            found.append(name)
    return found


def text_of(file: Path) -> str:
    """Return what a file holds, empty where there is none that can be read, or a longer one."""
    try:
        return file.read_bytes().decode("utf-8", "replace") if file.is_file() and file.stat().st_size < _READ else ""
    except OSError:
        return ""


def commit(repository: git.Repository, head: str, names: Sequence[str]) -> str:
    """Return a commit of the files `names`, and of nothing else, on top of `head`; no ref moves."""
    root = repository.root
    with git_objects.own_index(root, head) as env:
        _add(root, names, env)
        tree = git.output(root, ["write-tree"], env=env)
    if tree == git.tree_of(root, head):
        return head
    return git_objects.commit_tree(root, tree, head, "autoresearch: benchmark and checks, locked\n", git.identity(root))


def place(root: Path, made: str, head: str, names: Sequence[str]) -> None:
    """Move the branch to the commit `made` of the files `names`, and let the person's index know them."""
    if made != head:
        git.run(root, ["update-ref", "-m", "autoresearch: lock", "HEAD", made, head])
        _add(root, names, None)


def _add(root: Path, names: Sequence[str], env: dict[str, str] | None) -> None:
    there = b"\0".join(os.fsencode(name) for name in names if os.path.lexists(root / name))
    command = ["--literal-pathspecs", "add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul"]
    git.run(root, command, stdin=there, env=env)
