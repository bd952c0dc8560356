"""What a repository brought along is never taken for the session's own: nothing is written through it."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from helpers import console, files, git, locks, ownership

ONES = ("autoresearch.jsonl", "autoresearch.md", "autoresearch.ideas.md", "IMPROVEMENTS.md", "autoresearch.sh")
BEGIN = ("--goal", "quick", "--metric", "time_s", "--unit", "s", "--direction", "lower")


def outside(repo: Any) -> Path:
    """A file of the person's that no repository should reach."""
    file = repo.root.parent / "profile"
    file.write_text("# mine\n")
    return file


def put(repo: Any, kind: str, name: str, theirs: Path) -> None:
    """What a stranger can put into the place of a session's file."""
    place = repo.root / name
    place.parent.mkdir(parents=True, exist_ok=True)
    if kind == "link":
        place.symlink_to(theirs)
    elif kind == "dangling":
        place.symlink_to(theirs.with_name("made"))
    elif kind == "hard link":
        os.link(theirs, place)
    elif kind == "fifo":
        os.mkfifo(place)
    elif kind == "folder":
        place.symlink_to(theirs.parent)
    elif kind == "tracked":
        place.write_text('{"type": "note", "text": "mine"}\n')
        repo.git("add", "-f", name)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("link", name) for name in ONES),
        *(("dangling", name) for name in ("autoresearch.sh", "autoresearch.md", "setup_deps.sh")),
        *(("hard link", name) for name in ("autoresearch.jsonl", ".autoresearch/journal.lock")),
        *(("fifo", name) for name in ("autoresearch.jsonl", ".autoresearch/journal.lock", "autoresearch.sh")),
        *(("folder", name) for name in (".autoresearch", ".autoresearch/jobs", ".autoresearch/jobs/exp-01-1")),
        *(("link", f".autoresearch/{name}") for name in (".gitignore", "journal.lock", "runner.log", "slots/one")),
        *(("tracked", name) for name in ("autoresearch.jsonl", "autoresearch.ideas.md", ".autoresearch/keep.json")),
    ],
)
def test_a_session_s_place_taken_by_a_stranger_is_refused_before_the_first_write(
    repo: Any, kind: str, name: str
) -> None:
    """Links at any depth, second names, pipes, and what the repository tracks: named, refused, and nothing changed."""
    theirs = outside(repo)
    put(repo, kind, name, theirs)
    before = sorted(repo.root.parent.rglob("*"))

    with pytest.raises(console.Failure) as refusal:
        git.find(repo.root)

    assert console.REFUSED == refusal.value.code
    assert name in refusal.value.message
    assert refusal.value.do
    assert (before, "# mine\n") == (sorted(repo.root.parent.rglob("*")), theirs.read_text())


@pytest.mark.parametrize(
    ("script", "options"),
    [
        ("start_session", BEGIN),
        ("status", ()),
        ("ideas", ("add", "an idea")),
        ("fetch_paper", ("arXiv:2205.14135",)),
        ("snapshot_workdir", ("create", "exp-01")),
        ("record_result", ("discard", "exp-01", "--why", "x")),
    ],
)
def test_every_script_refuses_a_journal_that_is_a_link(repo: Any, script: str, options: tuple[str, ...]) -> None:
    """Exit 4, the file named, what lies behind the link as it was."""
    theirs = outside(repo)
    put(repo, "link", "autoresearch.jsonl", theirs)
    repo.commit("hostile")

    said = repo.script(script, *options, code=console.REFUSED).stderr

    assert "autoresearch.jsonl" in said
    assert "# mine\n" == theirs.read_text()
    assert not (repo.root / ".autoresearch").exists()


@pytest.mark.parametrize(
    "name",
    [".git/info/exclude", ".git/config", ".git/HEAD", "src/.gitignore", ".gitattributes", "experiment.yaml", "linked"],
)
def test_a_pipe_where_git_or_a_session_reads_is_refused_and_not_waited_for(
    repo: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Named, and refused; in a linked work tree too, whose git directory lies elsewhere."""
    monkeypatch.setattr(git, "LOCK_SECONDS", 0.5)
    root = repo.root
    if name == "linked":
        root, name = repo.root.parent / "linked", ".git/info/exclude"
        repo.git("worktree", "add", "-q", str(root))
    place = repo.root / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    os.mkfifo(place)

    with pytest.raises(console.Failure, match=f"{name} is no plain file") as refusal:
        git.run(git.find(root).root, ["add", "-A"])

    assert console.REFUSED == refusal.value.code


def test_an_exclude_file_that_never_ends_is_not_read(repo: Any) -> None:
    """A link to a device in its place is refused by the copy that takes over what it says."""
    place = repo.root / ".git" / "info" / "exclude"
    place.parent.mkdir(exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to("/dev/zero")

    assert (
        "info/exclude is no plain file"
        in repo.script("snapshot_workdir", "create", "exp-01", code=console.REFUSED).stderr
    )


def test_a_repository_inside_without_a_commit_is_named(repo: Any) -> None:
    """Git's bare error becomes words, with the command that helps."""
    repo.git("init", "-q", "vendor")

    with pytest.raises(console.Failure, match="vendor is a repository of its own without a commit") as failure:
        git.run(repo.root, ["add", "-A"])

    assert "git submodule update --init vendor" in failure.value.do


def test_somebody_else_s_file_is_not_the_session_s(repo: Any) -> None:
    """A journal that belongs neither to who runs us nor to who owns the repository is refused."""
    if os.getuid() != 0:
        pytest.skip("only root gives files away")
    os.chown(repo.write("autoresearch.jsonl", ""), 12345, -1)

    with pytest.raises(console.Failure, match="belongs to somebody else"):
        git.find(repo.root)


def test_what_a_session_writes_itself_is_its_own(session: Any) -> None:
    """A locked session's files, and protected files that the repository tracks, are no strangers."""
    session.git("add", "-f", "experiment.yaml")
    session.write("IMPROVEMENTS.md", "# Improvements\n")
    session.git("add", "-f", "IMPROVEMENTS.md")

    assert session.root == git.find(session.root).root


def test_a_folder_of_papers_that_is_a_link_is_not_written_to(repo: Any) -> None:
    """Without --dir nothing is fetched through it; the other scripts have no business there."""
    (repo.root / "papers").symlink_to(repo.root.parent / "home")

    assert "papers" in repo.script("fetch_paper", "arXiv:2205.14135", code=console.REFUSED).stderr
    repo.script("snapshot_workdir", "list", code=None)
    assert repo.root == git.find(repo.root).root


@pytest.mark.parametrize("place", ["", "src", ".."])
def test_an_origin_that_nobody_acknowledges_leads_nowhere(repo: Any, tmp_path: Any, place: str) -> None:
    """A stranger's origin.json, in the repository or above it, does not make scripts act on another repository."""
    other = tmp_path / "other"
    other.mkdir()
    repo.git("init", "-q", cwd=other)
    (repo.root / place / "origin.json").write_text(json.dumps({"repository": str(other)}))

    assert repo.root == git.find(repo.root / "src").root


@pytest.mark.parametrize("options", [(), ("--workdir-root", "COPIES")])
def test_scripts_act_on_the_repository_from_inside_its_copies(
    repo: Any, tmp_path: Any, options: tuple[str, ...]
) -> None:
    """Also from copies in a folder of one's own, with another temporary folder, beside a stranger's origin.json."""
    repo.write("src/origin.json", json.dumps({"repository": "/"}))
    repo.commit()
    repo.script("start_session", *BEGIN)
    options = tuple(str(tmp_path / "copies") if part == "COPIES" else part for part in options)
    repo.script("snapshot_workdir", "create", "exp-01", *options)
    copy = next(place for place in tmp_path.rglob("exp-01") if (place / "src").is_dir())

    said = repo.script("ideas", "add", "seen from the copy", cwd=copy / "src", TMPDIR=str(tmp_path)).stdout

    assert said
    assert "seen from the copy" in (repo.root / "autoresearch.ideas.md").read_text()


@pytest.mark.parametrize("kind", ["link", "dangling", "hard link", "fifo"])
def test_a_file_of_ours_is_never_opened_through_something_else(repo: Any, kind: str) -> None:
    """Locks and logs, put in place after the look or deeper than it goes: an error, nothing written or waited for."""
    theirs = outside(repo)
    put(repo, kind, "log.txt", theirs)

    for act in (lambda f: files.own(f, os.O_WRONLY | os.O_APPEND), lambda f: locks.held(f).__enter__()):
        with pytest.raises(OSError, match="not ours"):
            act(repo.root / "log.txt")

    assert "# mine\n" == theirs.read_text()
    assert not theirs.with_name("made").exists()


def test_a_long_output_goes_to_a_file_of_its_own(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever lies under the name that it gets, it is replaced, not followed."""
    theirs = tmp_path / "theirs"
    theirs.write_text("# mine\n")
    text = "x" * (console.LIMIT + 1)
    (tmp_path / "spill").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "spill"))
    console.emit(text)
    (file,) = (tmp_path / "spill").iterdir()
    file.unlink()
    file.symlink_to(theirs)

    console.emit(text)

    assert "# mine\n" == theirs.read_text()
    assert text + "\n" == file.read_text()


def test_the_look_costs_no_walk_through_all_jobs(repo: Any) -> None:
    """It reads the state folder and the folders in it, not what lies in each job."""
    deep = repo.root / ".autoresearch" / "jobs" / "exp-01-1"
    deep.mkdir(parents=True)
    (deep / "anything").symlink_to("/")

    assert [] == list(ownership.strangers(repo.root))
