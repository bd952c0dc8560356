"""Putting a measured change onto the session's branch: exactly its diff, in one step that a crash cannot halve."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from helpers import console, git, journal, paths
from helpers.record import precious
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
        if lost := precious.would_be_lost(root, intent.old, intent.new):
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
                raise git.explain(["read-tree"], trial)
            raise console.usage(
                f"your own uncommitted work is in the way: {said[:400]}", "commit or move it, keep again"
            )
    file = _intent_file(root)
    partial = file.with_suffix(".part")
    partial.write_text(json.dumps(asdict(intent)), encoding="utf-8")
    partial.rename(file)
    reference = f"refs/heads/{intent.branch}"
    moved = git.run(root, ["update-ref", "-m", "autoresearch: keep", reference, intent.new, intent.old], check=False)
    if moved.returncode != 0 and git.commit_of(root, reference) != intent.new:  # it may fail after it has moved
        file.unlink()
        raise git.explain(["update-ref"], moved)
    finish(repository, now)


def refuse_interrupted(root: Path) -> None:
    """Raise Failure (1) when a keep was interrupted: who only looks does not complete it."""
    if _intent_file(root).exists():
        do = "the same command without --dry-run"
        raise console.answer_no("a keep was interrupted and would be completed first", do)


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
        _clear_lock_of_ours(repository, file)
        git.run(root, ["update-index", "-q", "--refresh"], check=False)
        merge = ["read-tree", "-m", "-u", intent.old, intent.new]
        if git.run(root, merge, check=False).returncode != 0:
            _adopt_written(root, intent)
            git.run(root, merge)
    if not any(run.get("commit_full") == intent.new for run in now.runs):
        journal.append_locked(root, intent.event)
    file.unlink()
    return True


def _adopt_written(root: Path, intent: Intent) -> None:
    """Enter into the index what an interrupted read-tree had written to the work tree already, so that it can go on."""
    fields = git.run(root, ["diff-tree", "-r", "-z", "--no-renames", intent.old, intent.new]).stdout.split(b"\0")
    rows = []
    for meta, path in zip(fields[0::2], fields[1::2], strict=False):
        _, mode, _, blob, _ = meta.lstrip(b":").split(b" ")
        file = root / os.fsdecode(path)
        if mode == b"000000":
            written = not os.path.lexists(file)
        elif mode == b"120000":
            written = file.is_symlink() and _blob(root, os.fsencode(os.readlink(file))) == blob  # noqa: PTH115
        else:
            written = file.is_file() and _blob(root, file.read_bytes(), os.fsdecode(path)) == blob
        if written:
            rows.append((b"0" if mode == b"000000" else mode) + b" " + blob + b"\t" + path)
    git.run(root, ["update-index", "-z", "--index-info"], stdin=b"".join(row + b"\0" for row in rows))


def _blob(root: Path, content: bytes, path: str | None = None) -> bytes:
    filters = ["--path", path] if path else ["--no-filters"]
    return git.run(root, ["hash-object", "--stdin", *filters], stdin=content).stdout.strip()


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
    return paths.state_folder(root) / "keep.json"
