"""Running git on a real repository."""

from __future__ import annotations

from typing import Any

from helpers import git


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
