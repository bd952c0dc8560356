"""Putting a measured change onto the session's branch: exactly its diff, in one step that a crash cannot halve."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from helpers import console, git, journal, paths
from helpers.record.session import identity
from helpers.state import State


@dataclass(frozen=True)
class Intent:
    """A keep under way: written before the branch moves, removed when the journal has it."""

    branch: str
    old: str
    new: str
    event: journal.Event


def build(repository: git.Repository, base: str, trees: tuple[str, str], improvements: bytes, message: str) -> str:
    """Make (but do not yet place) a commit on `base` with the difference of two raw trees and IMPROVEMENTS.md.

    Files pass through the repository's own filters, as `git add` would. Raises Failure (4) for a change inside a
    submodule, which a commit here cannot hold.
    """
    root = repository.root
    index = paths.state_folder(root) / f"keep-{os.getpid()}.index"
    env = {"GIT_INDEX_FILE": str(index)}
    try:
        git.run(root, ["read-tree", base], env=env)
        rows = [_row(root, base, raw) for raw in _differences(root, *trees)]
        blob = git.text(root, ["hash-object", "-w", "--stdin"], stdin=improvements)
        rows.append(f"100644 {blob}\t".encode() + os.fsencode(paths.IMPROVEMENTS))
        git.run(root, ["update-index", "-z", "--index-info"], stdin=b"".join(row + b"\0" for row in rows), env=env)
        tree = git.text(root, ["write-tree"], env=env)
    finally:
        index.unlink(missing_ok=True)
    return git.text(root, ["commit-tree", tree, "-p", base, "-F", "-"], stdin=message.encode(), env=identity(root))


def _differences(root: Path, old: str, new: str) -> list[tuple[bytes, bytes, bytes]]:
    """Return (new mode, new blob, path) of every path that differs; mode 000000 means deleted."""
    fields = git.run(root, ["diff-tree", "-r", "-z", "--no-renames", old, new]).stdout.split(b"\0")
    pairs = zip(fields[0::2], fields[1::2], strict=False)
    return [(meta.split()[1], meta.split()[3], path) for meta, path in pairs if meta]


def _row(root: Path, base: str, difference: tuple[bytes, bytes, bytes]) -> bytes:
    mode, blob, path = difference
    name = os.fsdecode(path)
    parent = name
    while "/" in parent:
        parent = parent.rsplit("/", 1)[0]
        kind = git.text(root, ["ls-tree", base, "--", f":(literal){parent}"])
        if kind.startswith("160000"):
            raise console.refused(f"{name} lies in the submodule {parent}", "make that change in the submodule itself")
    if mode == b"000000":
        return b"0 " + b"0" * len(blob) + b"\t" + path
    if mode != b"120000":  # as `git add` would store it: line endings, LFS and other filters of the repository
        content = git.run(root, ["cat-file", "blob", blob.decode()]).stdout
        blob = git.run(root, ["hash-object", "-w", "--stdin", "--path", name], stdin=content).stdout.strip()
    return mode + b" " + blob + b"\t" + path


def place(repository: git.Repository, now: State, intent: Intent) -> None:
    """Move the branch to the new commit, the work tree with it when it stands there, and journal the run.

    Raises Failure (2) when uncommitted edits of the person are in the way, (3) when the branch moved meanwhile.
    """
    root = repository.root
    if git.branch(root) == intent.branch:
        git.run(root, ["update-index", "-q", "--refresh"], check=False)  # a touched file is no changed file
        trial = git.run(root, ["read-tree", "-n", "-m", "-u", intent.old, intent.new], check=False)
        if trial.returncode != 0:
            said = trial.stderr.decode("utf-8", "replace").strip()
            raise console.usage(
                f"your own uncommitted work is in the way: {said[:400]}", "commit or move it, keep again"
            )
    file = _intent_file(root)
    partial = file.with_suffix(".part")
    partial.write_text(json.dumps(asdict(intent)), encoding="utf-8")
    partial.rename(file)
    reference = f"refs/heads/{intent.branch}"
    moved = git.run(root, ["update-ref", "-m", "autoresearch: keep", reference, intent.new, intent.old], check=False)
    if moved.returncode != 0:
        file.unlink()
        raise git.explain(["update-ref"], moved)
    finish(repository, now)


def finish(repository: git.Repository, now: State) -> bool:
    """Complete a keep that a crash interrupted; returns whether there was one to complete."""
    root, file = repository.root, _intent_file(repository.root)
    try:
        intent = Intent(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return False
    except (ValueError, TypeError):
        file.unlink()
        return False
    tip = git.commit_of(root, f"refs/heads/{intent.branch}")
    if tip != intent.new:  # the branch never moved: nothing happened yet
        file.unlink()
        return False
    if git.branch(root) == intent.branch:
        git.run(root, ["update-index", "-q", "--refresh"], check=False)
        git.run(root, ["read-tree", "-m", "-u", intent.old, intent.new])
    if not any(run.get("commit_full") == intent.new for run in now.runs):
        journal.append_locked(root, intent.event)
    file.unlink()
    return True


def _intent_file(root: Path) -> Path:
    return paths.state_folder(root) / "keep.json"
