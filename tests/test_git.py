"""Running git on a real repository."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest

from helpers import console, git, git_failures


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


@pytest.mark.parametrize("known", [("user.name",), ("user.email",), ("author.name", "user.email"), ()])
def test_a_commit_has_an_author_whatever_of_it_is_set(
    repo: Any, known: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name and address are the person's where git knows them, ours where not, also where git may not guess."""
    monkeypatch.setenv("HOME", str(repo.root.parent))
    repo.git("config", "user.useConfigOnly", "true")
    for key in known:
        repo.git("config", key, "Person")
    made = git.identity(repo.root)

    for who in ("AUTHOR", "COMMITTER"):
        for what in ("NAME", "EMAIL"):
            theirs = {f"{who.lower()}.{what.lower()}", f"user.{what.lower()}"} & set(known)
            assert ("Person" in made[f"GIT_{who}_{what}"]) == bool(theirs)
    assert git.run(repo.root, ["var", "GIT_AUTHOR_IDENT"], env=made).stdout


def test_a_temporary_folder_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Git complains of a path: where that lies among the copies, the advice is about TMPDIR and not about .git."""
    monkeypatch.setenv("TMPDIR", "/tmp/x")
    said = b"fatal: Unable to create '%s/index/exp-01.lock': Read-only file system"

    copies, own = (
        git_failures.explain(["add"], subprocess.CompletedProcess([], 128, b"", said % place))
        for place in (b"/tmp/x/autoresearch/p", b"/home/p/.git")
    )

    assert "TMPDIR" in copies.do
    assert ".git" in own.do


def test_a_branch_in_the_way_of_a_folder_of_branches_is_named(repo: Any) -> None:
    """`autoresearch` leaves no room for `autoresearch/quick`: the command that makes it is given."""
    repo.git("branch", "autoresearch")
    begin = ("--goal", "quick", "--metric", "time_s", "--direction", "lower")

    refused = repo.script("start_session", *begin, code=3).stderr

    assert "git branch -m autoresearch autoresearch-renamed" in refused
    repo.git("branch", "-m", "autoresearch", "autoresearch-renamed")
    repo.script("start_session", *begin)


def test_what_is_read_has_one_form_whatever_is_set(repo: Any) -> None:
    """A repository's or person's settings for how a log or a difference looks change nothing of what is read."""
    repo.write("src/work.sh", "cat in.txt\nécho\n")
    repo.commit("Größer \u2192 schneller")
    asked = (["log", "--format=%s%n%b", "-2"], ["log", "-1", "-p", "--stat"], ["diff", "HEAD~1", "HEAD"])
    before = [git.run(repo.root, args).stdout for args in asked]
    settings = {
        "i18n.logOutputEncoding": "UTF-16",
        "log.showSignature": "true",
        "diff.orderFile": str(repo.root / "no-such-file"),
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.context": "0",
        "core.bigFileThreshold": "1",
        "color.ui": "always",
    }
    for key, value in settings.items():
        repo.git("config", key, value)

    assert before == [git.run(repo.root, args).stdout for args in asked]


def test_a_setting_is_not_taken_for_what_git_was_to_do() -> None:
    """A call that failed is named by its command, whatever settings stand before it."""
    said = git_failures.explain(
        ["-c", "core.checkStat=default", "diff-files"], subprocess.CompletedProcess([], 128, b"", b"no")
    )

    assert "git diff-files failed: no" == str(said).splitlines()[0].removeprefix("error: ")
