"""Property: over repositories put together at random, copies are exact and nothing of the person's changes.

$AUTORESEARCH_EXAMPLES sets how many are tried (30 unless set).
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from conftest import Repo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_any_repository import their_refs
from test_copies import content, snapshot

from helpers import git
from helpers.run.copies.copies import Workdirs

EXAMPLES = int(os.environ.get("AUTORESEARCH_EXAMPLES", "30"))
NAMES = [
    "plain.txt",
    "a b/c d",
    "new\nline",
    'quo"te',
    "-dash",
    ":colon",
    "*star",
    "é/ü",
    "back\\slash",
    "deep/er/still.c",
    "\x01odd",
    "tab\there",
    "dos.bat",
    "UPPER",
    "crlf.txt",
    "x.up",
    "i.id",
]
CONTENTS = [
    b"",
    b"one\n",
    b"dos\r\nlines\r\n",
    b"mixed\r\n\n",
    b"no newline",
    b"\0\xff binary",
    b"$Id$ ident\n",
    b"x" * 70_000,
]


def some_files(repo: Any, draw: random.Random) -> None:
    """Write a few files, links and modes, one of them over another sometimes."""
    for name in draw.sample(NAMES, draw.randint(1, 6)):
        file = repo.root / name
        if os.path.lexists(file):
            file.unlink()
        if draw.random() < 0.15:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.symlink_to(draw.choice(["src/work.sh", "nowhere", "/etc/hosts", "."]))
        else:
            repo.write(name, draw.choice(CONTENTS), draw.choice([0o644, 0o755, 0o600]))


def committed(repo: Any, draw: random.Random) -> None:
    """Files that are committed."""
    some_files(repo, draw)
    repo.commit()


def staged(repo: Any, draw: random.Random) -> None:
    """Files that are staged, some edited again."""
    some_files(repo, draw)
    repo.git("add", "-A")
    if draw.random() < 0.5:
        some_files(repo, draw)


def deleted(repo: Any, draw: random.Random) -> None:
    """A tracked file gone from the work tree."""
    known = [
        name
        for name in repo.git("ls-files", "-z").split("\0")
        if name and name != "src/work.sh" and not (repo.root / name).is_dir()
    ]
    if known:
        (repo.root / draw.choice(known)).unlink(missing_ok=True)


def attributes(repo: Any, draw: random.Random) -> None:
    """Attributes that convert on the way in and out."""
    rows = [
        "* text=auto",
        "*.txt text eol=crlf",
        "*.txt -text",
        "i.id ident",
        "*.up filter=upper",
        "dos.bat text eol=crlf",
        "*.c working-tree-encoding=UTF-16",
    ]
    repo.git("config", "filter.upper.clean", "tr a-z A-Z")
    repo.git("config", "filter.upper.smudge", "cat")
    info = repo.git("rev-parse", "--path-format=absolute", "--git-path", "info/attributes")
    place = draw.choice([".gitattributes", info, "deep/.gitattributes"])
    repo.write(place, "\n".join(draw.sample(rows[:6], 2)) + "\n")


def converted(repo: Any, draw: random.Random) -> None:
    """Line endings converted, modes or links ignored by configuration."""
    key, value = draw.choice(
        [
            ("core.autocrlf", "true"),
            ("core.autocrlf", "input"),
            ("core.fileMode", "false"),
            ("core.symlinks", "false"),
            ("core.precomposeUnicode", "true"),
            ("core.quotePath", "true"),
            ("core.trustctime", "false"),
        ]
    )
    repo.git("config", key, value)


def assumed_unchanged(repo: Any, draw: random.Random) -> None:
    """A file that git is told not to look at, changed anyway."""
    repo.git("update-index", draw.choice(["--assume-unchanged", "--skip-worktree"]), "src/work.sh", check=False)
    repo.write("src/work.sh", "sleep 0.01\necho 42 # unseen\n")


def same_size_and_time(repo: Any, draw: random.Random) -> None:
    """A file changed to content of the same size with its time put back."""
    del draw
    file = repo.root / "src/work.sh"
    old = file.stat()
    file.write_bytes(file.read_bytes()[::-1])
    os.utime(file, ns=(old.st_atime_ns, old.st_mtime_ns))


def intended(repo: Any, draw: random.Random) -> None:
    """A file that is only announced to the index."""
    repo.write("announced", draw.choice(CONTENTS))
    repo.git("add", "-N", "announced")


def stash(repo: Any, draw: random.Random) -> None:
    """A stash."""
    repo.write("src/work.sh", f"echo {draw.random()}\n")
    repo.git("stash", "-q", check=False)


def ignored(repo: Any, draw: random.Random) -> None:
    """Build products that are ignored, one of them tracked."""
    repo.write("build/a.o", b"\0obj")
    repo.write("b.o", b"\0obj")
    if draw.random() < 0.5:
        repo.git("add", "-f", "b.o")


def submodule(repo: Any, draw: random.Random) -> None:
    """A submodule, checked out."""
    del draw
    other = repo.root.parent / "library"
    if not other.exists():
        other.mkdir()
        repo.git("init", "-q", f"--object-format={repo.git('rev-parse', '--show-object-format')}", cwd=other)
        (other / "lib.c").write_text("int f;\n")
        repo.git("add", "-A", cwd=other)
        repo.git("commit", "-qm", "lib", cwd=other)
        repo.git("submodule", "add", "-q", str(other), "vendor/library")
        repo.git("commit", "-qam", "library")


def worktree(repo: Any, draw: random.Random) -> None:
    """The session runs in a linked worktree."""
    other = repo.root.parent / f"linked {draw.randint(0, 10**6)}"
    repo.git("worktree", "add", "-q", "--detach", str(other))
    repo.root = other


def detached(repo: Any, draw: random.Random) -> None:
    """A detached HEAD."""
    del draw
    repo.git("checkout", "-q", "--detach")


def conflict(repo: Any, draw: random.Random) -> None:
    """A merge that stopped half way."""
    del draw
    here = repo.git("rev-parse", "HEAD")
    if repo.git("status", "--porcelain", "--untracked-files=no"):
        return
    repo.write("src/work.sh", "echo theirs\n")
    theirs = repo.commit()
    repo.git("reset", "-q", "--hard", here)
    repo.write("src/work.sh", "echo ours\n")
    repo.commit()
    repo.git("merge", theirs, check=False)


def locked(repo: Any, draw: random.Random) -> None:
    """Somebody else's git holds the index."""
    del draw
    Path(repo.git("rev-parse", "--absolute-git-dir")).joinpath("index.lock").write_text("")


EARLY = [committed, submodule, attributes, converted, worktree, detached, stash]
LATE = [staged, deleted, some_files, assumed_unchanged, same_size_and_time, intended, ignored, conflict]


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(
    early=st.lists(st.sampled_from(EARLY), max_size=4, unique=True),
    late=st.lists(st.sampled_from(LATE), max_size=4, unique=True),
    kind=st.sampled_from(["sha1", "sha1", "sha256"]),
    lock=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_whatever_the_repository(early: list[Any], late: list[Any], kind: str, lock: bool, seed: int) -> None:
    """Create, seal, diff, restore, prune: copies exact.

    Index, HEAD, stash, refs, config, files, modes and times as before.
    """
    folder = Path(tempfile.mkdtemp(prefix="a folder "))
    try:
        repo, draw = Repo(folder / "the project", folder), random.Random(seed)
        repo.root.mkdir()
        repo.git("init", "-q", f"--object-format={kind}")
        repo.write(".gitignore", "*.o\nbuild/\n")
        repo.write("src/work.sh", "sleep 0.01\necho 42\n")
        repo.commit("first")
        for step in (*early, *late, *([locked] if lock else [])):
            step(repo, draw)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HOME", repo.env["HOME"])
            patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
            untouched(repo, folder, draw)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def theirs(git_dir: Path) -> dict[str, Any]:
    """Return everything of a git directory but objects and our own refs."""
    found = snapshot(git_dir)
    return {name: what for name, what in found.items() if not name.startswith(("objects/", "refs/autoresearch"))}


def untouched(repo: Any, folder: Path, draw: random.Random) -> None:
    """Take a copy through its life and compare everything before and after."""
    before, refs, kept = snapshot(repo.root), their_refs(repo), theirs(folder / "the project" / ".git")
    expected = content(repo.root)
    ignored_files = set(repo.git("ls-files", "-z", "--others", "--ignored", "--exclude-standard").split("\0"))
    work = Workdirs(git.find(repo.root), folder / "copies")

    exp, _ = work.create("exp-01")
    copied = content(exp.path)
    (exp.path / "src/work.sh").write_text(f"echo {draw.random()}\n")
    (exp.path / "added").write_bytes(draw.choice(CONTENTS))
    exp = work.seal(exp, "x")
    work.diff(exp)
    work.restore(exp, folder / "again")
    sealed = content(exp.path)
    work.prune(exp)

    assert {name: what for name, what in expected.items() if name not in ignored_files} == copied
    assert sealed == content(folder / "again")
    assert before == snapshot(repo.root)
    assert kept == theirs(folder / "the project" / ".git")
    assert refs == their_refs(repo)
    subprocess.run(["git", "fsck", "--connectivity-only"], cwd=repo.root, check=True, capture_output=True)
