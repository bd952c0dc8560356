"""Running git on a real repository."""

from __future__ import annotations

import os
from typing import Any

import pytest

from helpers import console, git


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
