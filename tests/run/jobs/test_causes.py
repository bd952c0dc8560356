"""The cause is named where it is known: by the words of the tools that fail, with the way out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from conftest import CHECKS, Repo

from helpers.run.jobs import causes

NETWORK, GIT, ROOM, CLOSED = "start_session.py --network", "a copy has no .git", "the disk is full", "HOME and TMPDIR"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("curl: (6) Could not resolve host: example.org", NETWORK),
        ("socket.gaierror: [Errno -3] Temporary failure in name resolution", NETWORK),
        ("Error: getaddrinfo EAI_AGAIN registry.npmjs.org", NETWORK),
        ("dial tcp: lookup proxy.golang.org: no such host", NETWORK),
        ("OSError: [Errno 101] Network is unreachable", NETWORK),
        ("fatal: not a git repository (or any of the parent directories): .git", GIT),
        ("LookupError: setuptools-scm was unable to detect version for /tmp/x.", GIT),
        ("Error: could not find repository from '.'; class=Repository (6); code=NotFound (-3)", GIT),
        ("Exception: Versioning requires a tarball, or access to an upstream git repository.", GIT),
        ("[ERROR] .git directory is not found! Please specify a valid [dotGitDirectory]", GIT),
        ("cc1: fatal error: error writing to x.o: No space left on device", ROOM),
        ("OSError: [Errno 30] Read-only file system: '/usr/lib/x'", CLOSED),
        ("Error: getaddrinfo ENOTFOUND registry.npmjs.org", NETWORK),
        ("wget: bad address 'example.org'", NETWORK),
        ("AssertionError: 1 != 2", None),
        ("ModuleNotFoundError: No module named 'lib'", None),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'd.txt'", None),
        ("OSError: [Errno 14] Bad address", None),
    ],
)
def test_a_known_cause_is_named(tmp_path: Path, words: str, hint: str | None) -> None:
    """Whatever is printed below it; other failures are not blamed on one, and no network is none where it is open."""
    (tmp_path / "log").write_text(f"bench| {words}\n" + "bench| and more\n" * 99)
    said = causes.known_cause(tmp_path / "none", tmp_path / "log", offline=True)

    assert (hint or "") in said
    assert bool(hint) == bool(said)
    assert hint in (None, NETWORK) or words[:40] in said
    assert (hint == NETWORK) == (said != causes.known_cause(tmp_path / "log", offline=False))


def test_a_build_that_asks_git_is_told_how_to_have_a_version(repo: Repo) -> None:
    """The lock quotes git's own line, not the noise below it, and says what to set."""
    repo.write("autoresearch.sh", "echo METRIC time_s=1.234\n")
    repo.write("autoresearch.checks.sh", CHECKS)
    repo.write("build.sh", "git describe --tags || { seq 99; echo 'make: *** [v.h] Error 128'; exit 2; }\n")
    repo.commit()
    begin = ("--goal", "quick", "--metric", "time_s", "--direction", "lower", "--build", "bash build.sh")
    repo.script("start_session", *begin)

    said = repo.script("start_session", "--lock", code=1).stderr

    assert "fatal: not a git repository" in said
    assert "SETUPTOOLS_SCM_PRETEND_VERSION" in said


def test_what_a_partial_clone_left_out_is_named(repo: Repo, tmp_path: Path) -> None:
    """With its remote out of reach: the error says what a partial clone lacks, and the command that corrects it."""
    repo.write("src/work.sh", "echo 42\n")
    repo.commit("second")
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = Repo(tmp_path / "clone", tmp_path)
    repo.git("clone", "-q", "--filter=blob:none", f"file://{repo.root}", str(clone.root))
    moved = repo.root.rename(tmp_path / "away")
    failed = clone.script("snapshot_workdir", "create", "exp-01", "--from", "HEAD~1", code=3)
    assert "partial clone" in failed.stderr
    mend = failed.stderr.partition("next: ")[2].partition("#")[0].split()

    moved.rename(repo.root)
    subprocess.run(mend, cwd=clone.root, env=clone.env, check=True, capture_output=True)

    assert "exp-01" in clone.script("snapshot_workdir", "create", "exp-01", "--from", "HEAD~1").stdout
