"""Running git on a real repository."""

from __future__ import annotations

import os
from typing import Any

import pytest

from helpers import console, git


def test_blobs_are_read_in_the_order_asked_for(repo: Any) -> None:
    """Contents come back byte for byte; what is no blob, and what is not there, is None."""
    odd = bytes(range(256)) * 3 + b"\n\n"
    repo.write("odd name", odd)
    repo.write("empty", b"")
    repo.commit()
    id_ = repo.git("rev-parse", "HEAD:odd name")

    found = git.blobs(
        repo.root, ["HEAD:empty", "HEAD:not here", id_, "HEAD:src", "HEAD:odd name", "nonsense", "HEAD:src/work.sh"]
    )

    assert [b"", None, odd, None, odd, None, b"sleep 0.05\necho 42\n"] == found
    assert [] == git.blobs(repo.root, [])


def test_a_lock_of_the_person_s_is_never_removed(repo: Any, tmp_path: Any) -> None:
    """Whatever the folder above the repository is called: only locks in our own folders are ours to clear."""
    root = tmp_path / "autoresearch-work" / "project"
    lock = root / ".git" / "index.lock"
    root.parent.mkdir()
    repo.root.rename(root)
    lock.write_text("")
    os.utime(lock, (1, 1))

    with pytest.raises(console.Failure, match="another git process holds a lock"):
        git.run(root, ["add", "-A"])

    assert lock.exists()
