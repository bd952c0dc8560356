"""Putting a measured change onto the session's branch: exactly its diff, in one step that a crash cannot halve."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from helpers import console, events, files, git, git_failures, git_objects, paths, replay
from helpers.events import NO_RUN, Run
from helpers.git_objects import ABSENT, Difference
from helpers.record.decision import untracked
from helpers.state import State
from helpers.typed_line import TypedLine


@dataclass(frozen=True, kw_only=True)
class Intent(TypedLine):
    """A keep under way: written before the branch moves, removed when the journal has it."""

    branch: str
    old: str
    new: str
    event: Run = NO_RUN


def build(repository: git.Repository, base: str, trees: tuple[str, str], improvements: bytes, message: str) -> str:
    """Make (but do not yet place) a commit on `base` with the difference of two raw trees and IMPROVEMENTS.md.

    Files pass through the repository's own filters, as `git add` would.
    """
    root = repository.root
    with git_objects.own_index(root, base) as env:
        rows = [_row(root, difference) for difference in git_objects.differences(root, *trees)]
        blob = git.output(root, ["hash-object", "-w", "--stdin"], stdin=improvements)
        rows.append(f"100644 {blob}\t".encode() + os.fsencode(paths.IMPROVEMENTS))
        git.run(root, ["update-index", "-z", "--index-info"], stdin=b"".join(row + b"\0" for row in rows), env=env)
        tree = git.output(root, ["write-tree"], env=env)
    return git_objects.commit_tree(root, tree, base, message, git.identity(root))


def _row(root: Path, its: Difference) -> bytes:
    name = os.fsdecode(its.path)
    blob = its.new
    if its.mode not in (ABSENT, "120000"):  # as `git add` would store it: line endings, LFS and other filters
        content = git.run(root, ["cat-file", "blob", blob]).stdout
        blob = git.output(root, ["hash-object", "-w", "--stdin", "--path", name], stdin=content)
    return _entry(its, blob)


def _entry(its: Difference, blob: str) -> bytes:
    """Return a line for update-index --index-info (whose mode 0 removes the path)."""
    return f"{'0' if its.mode == ABSENT else its.mode} {blob}\t".encode() + its.path


def place(repository: git.Repository, now: State, intent: Intent) -> None:
    """Move the branch to the new commit, the work tree with it when it stands there, and journal the run.

    Raises Failure (2) when uncommitted edits of the person are in the way, (3) when the branch moved meanwhile.
    """
    root = repository.root
    if git.branch(root) == intent.branch:
        if lost := untracked.would_be_lost(root, intent.old, intent.new):
            raise console.usage(
                f"files of yours that git does not track are in the way: {', '.join(lost[:5])}", "move them, keep again"
            )
        refreshed = git.run(root, ["update-index", "-q", "--refresh"], check=False)  # a touched file is no changed file
        if refreshed.returncode == 128:  # 1: some file is changed, which the trial judges
            raise console.outside("git could not write the index", "see whether the disk is full, then keep again")
        trial = git.run(root, ["read-tree", "-n", "-m", "-u", intent.old, intent.new], check=False)
        if trial.returncode != 0:
            said = trial.stderr.decode("utf-8", "replace").strip()
            if said.startswith("fatal:"):  # a lock, or the disk: nobody's edits
                raise git_failures.explain(["read-tree"], trial)
            raise console.usage(
                f"your own uncommitted work is in the way: {said[:400]}", "commit or move it, keep again"
            )
    git.run(root, ["update-ref", f"{paths.TREE_REF}{intent.new}", intent.new])  # held, should the branch be lost
    file = _intent_file(root)
    files.replace(file, json.dumps(intent.to_line()))
    reference = f"refs/heads/{intent.branch}"
    moved = git.run(root, ["update-ref", "-m", "autoresearch: keep", reference, intent.new, intent.old], check=False)
    if moved.returncode != 0 and git.commit_of(root, reference) != intent.new:  # it may fail after it has moved
        file.unlink()
        raise git_failures.explain(["update-ref"], moved)
    finish(repository, now)


def settled(repository: git.Repository, *, dry_run: bool) -> State:
    """Return the session's state when no keep is under way: one that a crash interrupted is completed first.

    Raises Failure (1) where there is one and `dry_run`: who only looks does not complete it.
    """
    if dry_run and _intent_file(repository.root).exists():
        do = "the same command without --dry-run"
        raise console.answer_no("a keep was interrupted and would be completed first", do)
    finish(repository, replay.load(repository.root))
    return replay.load(repository.root)


def finish(repository: git.Repository, now: State) -> bool:
    """Complete a keep that a crash interrupted; returns whether there was one to complete."""
    root, file = repository.root, _intent_file(repository.root)
    try:
        intent = Intent.from_line(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return False
    except (ValueError, AttributeError):  # no JSON, or no object
        file.unlink()
        return False
    tip = git.commit_of(root, f"refs/heads/{intent.branch}") if intent.branch else ""
    if not tip or tip != intent.new:  # the branch never moved: nothing happened yet
        file.unlink()
        return False
    if git.branch(root) == intent.branch:
        _clear_lock_of_ours(repository, file)
        git.run(root, ["update-index", "-q", "--refresh"], check=False)
        merge = ["read-tree", "-m", "-u", intent.old, intent.new]
        if git.run(root, merge, check=False).returncode != 0:
            _adopt_written(root, intent)
            git.run(root, merge)
    if not any(run.commit_full == intent.new for run in now.runs):
        events.append_locked(root, intent.event)
    file.unlink()
    return True


def _adopt_written(root: Path, intent: Intent) -> None:
    """Enter into the index what an interrupted read-tree had written to the work tree already, so that it can go on."""
    rows = []
    for its in git_objects.differences(root, intent.old, intent.new):
        file = root / os.fsdecode(its.path)
        if its.mode == ABSENT:
            written = not os.path.lexists(file)
        elif its.mode == "120000":
            written = file.is_symlink() and _blob(root, os.fsencode(os.readlink(file))) == its.new  # noqa: PTH115
        else:
            written = file.is_file() and _blob(root, file.read_bytes(), os.fsdecode(its.path)) == its.new
        if written:
            rows.append(_entry(its, its.new))
    git.run(root, ["update-index", "-z", "--index-info"], stdin=b"".join(row + b"\0" for row in rows))


def _blob(root: Path, content: bytes, path: str | None = None) -> str:
    filters = ["--path", path] if path else ["--no-filters"]
    return git.output(root, ["hash-object", "--stdin", *filters], stdin=content)


def _clear_lock_of_ours(repository: git.Repository, intent: Path) -> None:
    """Remove the index lock that our own git left when it was killed with the keep that `intent` tells of."""
    lock = repository.git_dir / "index.lock"
    try:
        if lock.stat().st_mtime >= intent.stat().st_mtime and git.is_stale(lock):
            lock.unlink()
            console.note("note: removed the lock that an interrupted keep had left on the index")
    except FileNotFoundError:
        return


def _intent_file(root: Path) -> Path:
    return paths.state_folder(root) / paths.KEEP
