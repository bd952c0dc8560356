"""Reading the objects of a real repository."""

from __future__ import annotations

from typing import Any

from helpers import git_objects
from helpers.git_objects import ABSENT


def test_blobs_are_read_in_the_order_asked_for(repo: Any) -> None:
    """Contents come back byte for byte; what is no blob, and what is not there, is None."""
    odd = bytes(range(256)) * 3 + b"\n\n"
    repo.write("odd name", odd)
    repo.write("empty", b"")
    repo.commit()
    id_ = repo.git("rev-parse", "HEAD:odd name")

    found = git_objects.blobs(
        repo.root, ["HEAD:empty", "HEAD:not here", id_, "HEAD:src", "HEAD:odd name", "nonsense", "HEAD:src/work.sh"]
    )

    assert [b"", None, odd, None, odd, None, b"sleep 0.05\necho 42\n"] == found
    assert [] == git_objects.blobs(repo.root, [])


def test_commits_are_read_as_written(repo: Any) -> None:
    """Tree, parents and message come back, whatever encoding git was told of; what is no commit is None."""
    repo.git("config", "i18n.commitEncoding", "latin1")
    repo.git("commit", "--allow-empty", "-m", "größer\n\ntree of it\n\nlast")
    repo.git("tag", "-a", "-m", "a tag", "marked")

    first, head, tree, missing, tag = git_objects.commits(
        repo.root, ["HEAD^", "HEAD", "HEAD^{tree}", "HEAD^9", "marked"]
    )

    assert first
    assert head
    assert (head.id, head.tree) == (repo.git("rev-parse", "HEAD"), repo.git("rev-parse", "HEAD^{tree}"))
    assert (head.parents, head.message.strip()) == ((first.id,), "größer\n\ntree of it\n\nlast")
    assert [None, None, None] == [tree, missing, tag]


def test_differences_have_modes_ids_and_raw_paths(repo: Any) -> None:
    """What was added, changed, deleted and moved comes as git has it, names with line ends too."""
    repo.write("gone", "1\n")
    repo.commit()
    (repo.root / "gone").rename(repo.root / "new\nname")
    repo.write("src/work.sh", "sleep 1\n")
    repo.commit()

    found = {row.path: row for row in git_objects.differences(repo.root, "HEAD^", "HEAD")}

    assert {b"gone", b"new\nname", b"src/work.sh"} == set(found)
    assert (found[b"gone"].mode, found[b"new\nname"].old_mode) == (ABSENT, ABSENT)
    assert found[b"gone"].old == found[b"new\nname"].new == repo.git("rev-parse", "HEAD^:gone")
    assert found[b"src/work.sh"].new == repo.git("rev-parse", "HEAD:src/work.sh")
    assert [] == git_objects.differences(repo.root, "HEAD", "HEAD")


def test_odd_names_stand_for_nothing(repo: Any) -> None:
    """A submodule whose commit is not here, bytes that are no text, a line end: none of them is a commit or a file."""
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    repo.git("commit", "-qm", "a submodule that nobody has")

    assert [None, b"sleep 0.05\necho 42\n"] == git_objects.blobs(repo.root, ["HEAD:sub", "HEAD:src/work.sh"])
    assert [None, None] == git_objects.commits(repo.root, ["\udcff", "HEAD\njunk"])
    assert [None] == git_objects.commits(repo.root, ["HEAD:sub"])
