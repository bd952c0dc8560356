"""A full disk under a runner is told: the job ends, and says why."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import BENCHMARK, CHECKS, Repo, until

from helpers.run.local.room import Room


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk]
    if not sys.platform.startswith("linux") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small disk needs mount, as root")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def fill(file: Path) -> None:
    """Write to a file until its disk is full."""
    with file.open("ab", buffering=0) as out:
        for size in (1 << 16, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while out.write(b"x" * size):
                    pass


def test_room_is_held_for_the_last_words(small_disk: Path) -> None:
    """On a full disk what was held can still be written."""
    room = Room(small_disk)
    assert not room.is_gone()

    fill(small_disk / "other")

    assert room.is_gone()
    room.release()
    (small_disk / "words").write_bytes(os.urandom(30_000))


def test_a_disk_that_fills_under_a_job(small_disk: Path, tmp_path: Path) -> None:
    """Filled by somebody else while a job of ten minutes runs: it ends soon and says so, as no fault of its own."""
    repo = Repo(small_disk / "project", tmp_path)
    repo.root.mkdir()
    repo.git("init", "-q")
    repo.write("src/work.sh", "sleep 0.05\necho 42\n")
    repo.commit("first")
    repo.write("autoresearch.sh", BENCHMARK, 0o755)
    repo.write("autoresearch.checks.sh", CHECKS, 0o755)
    repo.script("start_session", "--goal", "quick", "--metric", "time_s", "--direction", "lower")
    repo.script("start_session", "--lock")
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("sleep 600\necho 42\n")
    repo.script("submit_experiment", "exp-01", "--desc", "slow")
    folder = next(job for job in (repo.root / ".autoresearch/jobs").iterdir() if job.name.startswith("exp-01"))
    until(lambda: (folder / ".room").exists())

    fill(small_disk / "other")
    told = repo.script("collect_results", "--wait", "60").stdout

    assert "crash" in told
    assert "no space left on" in told


@pytest.mark.parametrize(("what", "said"), [("full", "the disk is full"), ("closed", "no permission to write")])
def test_a_temporary_folder_that_takes_nothing_is_named(repo: Repo, small_disk: Path, what: str, said: str) -> None:
    """Full or read-only, whoever meets it first (git or we): the error names the folder, and TMPDIR as the way out."""
    made = repo.script("snapshot_workdir", "create", "exp-01", TMPDIR=str(small_disk)).stdout.strip()
    (Path(made) / "src/work.sh").write_text("echo 42\n")
    fill(small_disk / "fill") if what == "full" else subprocess.run(
        ["mount", "-o", "remount,ro", small_disk], check=True
    )

    for call in (["create", "exp-02"], ["seal", "exp-01", "--desc", "quick"]):
        failed = repo.script("snapshot_workdir", *call, code=3, TMPDIR=str(small_disk)).stderr
        assert said in failed or "git add may not write" in failed
        assert str(small_disk) in failed
        assert "export TMPDIR=" in failed
