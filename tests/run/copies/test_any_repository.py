"""Whatever state a repository is in: copies are exact, and nothing of the person's changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_copies import content, snapshot


def merge_in_progress(repo: Any) -> None:
    """Two branches in conflict, the merge not finished."""
    repo.git("switch", "-q", "-c", "side")
    repo.write("src/work.sh", "echo side\n")
    repo.commit()
    repo.git("switch", "-q", "main")
    repo.write("src/work.sh", "echo main\n")
    repo.commit()
    repo.git("merge", "side", check=False)


def rebase_in_progress(repo: Any) -> None:
    """A rebase that stopped at a conflict."""
    merge_in_progress(repo)
    repo.git("merge", "--abort")
    repo.git("rebase", "side", check=False)


def shallow(repo: Any) -> None:
    """A shallow clone of itself."""
    repo.commit("second")
    other = repo.root.with_name("shallow")
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.root}", str(other))
    repo.root = other


def sparse(repo: Any) -> None:
    """A sparse checkout that leaves a folder out."""
    repo.write("docs/big.txt", "big")
    repo.commit()
    repo.git("sparse-checkout", "set", "src")


def sha256(repo: Any) -> None:
    """A repository with SHA-256 object names."""
    other = repo.root.with_name("sha256")
    other.mkdir()
    repo.git("init", "-q", "--object-format=sha256", cwd=other)
    repo.root = other
    repo.write("src/work.sh", "echo 42\n")
    repo.commit()


def stash_and_staged(repo: Any) -> None:
    """A stash, staged edits, unstaged edits on top, a deleted file, an untracked one."""
    repo.write("gone.txt", "x")
    repo.commit()
    repo.write("src/work.sh", "echo stashed\n")
    repo.git("stash", "-q")
    repo.write("src/work.sh", "echo staged\n")
    repo.git("add", "-A")
    repo.write("src/work.sh", "echo unstaged\n")
    (repo.root / "gone.txt").unlink()
    repo.write("new\tname ü", "untracked")


def locked_index(repo: Any) -> None:
    """Somebody else's git holds the index."""
    (repo.root / ".git/index.lock").write_text("")


def odd_names(repo: Any) -> None:
    """Names with spaces, newlines, quotes, leading dashes and colons; a link that dangles.

    An empty and a large file.
    """
    for name in ("a b", "new\nline", 'quo"te', "-dash", ":colon", "*star", "back\\slash", "é/ü"):
        repo.write(name, name)
    repo.write("empty", "")
    repo.write("large", bytes(range(256)) * 9000)
    (repo.root / "dangling").symlink_to("nowhere/at all")
    repo.commit()


def lfs_pointer(repo: Any) -> None:
    """A file under an LFS-like filter whose work tree content is the large one."""
    repo.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    repo.git("config", "filter.lfs.clean", "sha256sum")
    repo.git("config", "filter.lfs.smudge", "cat")
    repo.write("model.bin", bytes(range(200)) * 50)
    repo.commit()


def autocrlf(repo: Any) -> None:
    """Line endings converted by configuration."""
    repo.git("config", "core.autocrlf", "true")
    repo.write("dos.txt", "a\r\nb\r\n")
    repo.commit()


def detached(repo: Any) -> None:
    """A detached HEAD."""
    repo.git("checkout", "-q", "--detach")


def their_refs(repo: Any) -> list[str]:
    """Return the refs that are not ours."""
    return [line for line in repo.git("for-each-ref").splitlines() if "refs/autoresearch" not in line]


KINDS = [
    merge_in_progress,
    rebase_in_progress,
    shallow,
    sparse,
    sha256,
    stash_and_staged,
    locked_index,
    odd_names,
    lfs_pointer,
    autocrlf,
    detached,
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_copies_are_exact_and_nothing_changes(repo: Any, tmp_path: Path, kind: Any) -> None:
    """Create, seal, diff, restore, prune: index, HEAD, stash, refs, config, files, modes, times stay as they were."""
    kind(repo)
    before, refs = snapshot(repo.root), their_refs(repo)
    expected = content(repo.root)

    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    copied = content(copy)
    (copy / "src/work.sh").write_text("echo faster\n")
    (copy / "added").write_bytes(b"\r\n\0\xff")
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "x")
    repo.script("snapshot_workdir", "diff", "exp-01", "--stat")
    repo.script("snapshot_workdir", "restore", "exp-01", str(tmp_path / "again"))
    sealed = content(copy)
    repo.script("snapshot_workdir", "prune")

    assert expected == copied
    assert sealed == content(tmp_path / "again")
    assert before == snapshot(repo.root)
    assert refs == their_refs(repo)
    assert not copy.exists()
