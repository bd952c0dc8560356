"""Git's objects: commits, contents of files, what differs between two trees; and how a commit of ours is made."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from helpers import git

ABSENT = "000000"
"""The mode of a path that a tree does not have."""


_NOTHING = ("", b"", b"")


@dataclass(frozen=True)
class Commit:
    """A commit: its id, its tree's, its parents', and its message as written."""

    id: str
    tree: str
    parents: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class Difference:
    """A path that differs between two trees: modes (ABSENT where it is not there) and ids as git writes them."""

    old_mode: str
    mode: str
    old: str
    new: str
    path: bytes


def commits(root: Path, names: Sequence[str]) -> list[Commit | None]:
    """Return the commit that each of `names` stands for, None for what is none."""
    return [_commit(id_, content) if kind == b"commit" else None for id_, kind, content in _objects(root, names)]


def blobs(root: Path, names: Sequence[str]) -> list[bytes | None]:
    """Return the content of each blob that `names` (an id, or REVISION:PATH) stand for, None for what is none."""
    return [content if kind == b"blob" else None for _, kind, content in _objects(root, names)]


def differences(root: Path, old: str, new: str) -> list[Difference]:
    """Return every path that differs between two trees or commits; renames are a deletion and an addition."""
    fields = git.run(root, ["diff-tree", "-r", "-z", "--no-renames", old, new]).stdout.split(b"\0")
    found = []
    for row, path in zip(fields[0:-1:2], fields[1::2], strict=True):
        old_mode, mode, old_id, new_id, _ = row.decode().lstrip(":").split()
        found.append(Difference(old_mode, mode, old_id, new_id, path))
    return found


@contextmanager
def own_index(root: Path, tree: str) -> Iterator[dict[str, str]]:
    """Yield the environment of an index that holds `tree` and goes away afterwards: the person's is theirs."""
    with tempfile.TemporaryDirectory() as folder:
        env = {"GIT_INDEX_FILE": f"{folder}/index"}
        git.run(root, ["read-tree", tree], env=env)
        yield env


def commit_tree(root: Path, tree: str, parent: str, message: str, who: Mapping[str, str]) -> str:
    """Make a commit, on no branch, and return it; `who` is the environment of its author, as `identity` gives it."""
    command = ["commit-tree", tree, "-p", parent, "-F", "-"]
    return git.output(root, command, stdin=message.encode("utf-8", "surrogateescape"), env=who)


def _objects(root: Path, names: Sequence[str]) -> list[tuple[str, bytes, bytes]]:
    """Return (id, kind, content) for each name, _NOTHING for what is not there."""
    asked = [os.fsencode(name) for name in names if "\n" not in name]
    if not asked:
        return [_NOTHING for _ in names]
    answer = git.run(root, ["cat-file", "--batch"], stdin=b"\n".join([*asked, b""])).stdout
    found, at = [], 0
    for name in names:
        if "\n" in name:
            found.append(_NOTHING)
            continue
        end = answer.index(b"\n", at)
        words, at = answer[at:end].rsplit(b" ", 2), end + 1
        if not words[-1].isdigit():  # missing, ambiguous, or since git 2.51 submodule
            found.append(_NOTHING)
            continue
        size = int(words[2])
        found.append((words[0].decode(), words[1], answer[at : at + size]))
        at += size + 1
    return found


def _commit(id_: str, content: bytes) -> Commit:
    head, _, message = content.partition(b"\n\n")
    rows = [line.split(b" ", 1) for line in head.split(b"\n")]
    values = [(row[0], row[1].decode()) for row in rows if row[0] in (b"tree", b"parent")]
    tree = next(value for key, value in values if key == b"tree")
    return Commit(id_, tree, tuple(value for key, value in values if key == b"parent"), os.fsdecode(message))
