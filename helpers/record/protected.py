"""Whether the protected files are still what they were when the session was locked."""

import hashlib
from pathlib import Path

from helpers import git, git_objects, paths
from helpers.state import State


def digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def bundle() -> str:
    """Return a digest of the bundle's own scripts and tables: who judges with others has judged by another rule."""
    total = hashlib.sha256()
    there = (file for place in ("helpers", "scripts") for file in (paths.BUNDLE / place).rglob("*"))
    for file in sorted(file for file in there if file.suffix in (".py", ".sh", ".txt")):
        total.update(f"{file.relative_to(paths.BUNDLE)}\0{digest(file)}\n".encode())
    return total.hexdigest()


def is_other_bundle(now: State) -> bool:
    """Tell whether the bundle's scripts are not those that locked the session."""
    locked = now.lock.bundle if now.lock else ""
    return bool(locked) and locked != bundle()


def changed(root: Path, now: State) -> list[str]:
    """Return the protected files whose content is not the locked one.

    They are looked at in the work tree; those that are committed on the session's branch, while another branch is
    checked out, on the session's branch.
    """
    elsewhere = git.branch(root) != now.branch
    return sorted(
        name
        for name, wanted in (now.protected if now.lock else {}).items()
        if _digest_now(root, now, name, committed=elsewhere and name not in paths.EXCLUDED) != wanted
    )


def _digest_now(root: Path, now: State, name: str, *, committed: bool) -> str | None:
    if committed:
        (blob,) = git_objects.blobs(root, [f"refs/heads/{now.branch}:{name}"])
        return None if blob is None else hashlib.sha256(blob).hexdigest()
    return digest(root / name) if (root / name).is_file() else None
