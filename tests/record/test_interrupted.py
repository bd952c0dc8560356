"""Killed at any moment, a keep is either not there or whole; the next command works."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

BUNDLE = Path(__file__).resolve().parent.parent.parent


def runs(root: Path) -> list[dict[str, Any]]:
    """Return the run lines."""
    return [e for e in map(json.loads, (root / "autoresearch.jsonl").read_text().splitlines()) if "run" in e]


def test_kill_minus_nine_during_keep(compared: Any, tmp_path: Path) -> None:
    """At 25 random points: afterwards keep ends as one commit, one run line, a clean work tree, no half state."""
    draw, original = random.Random(11), compared.root
    command = [sys.executable, str(BUNDLE / "scripts/record_result.py"), "keep", "exp-01"]
    for number in range(25):
        compared.root = tmp_path / f"again-{number}"
        shutil.copytree(original, compared.root, symlinks=True)
        compared.write("mine.txt", "uncommitted")
        compared.git("add", "mine.txt")
        process = subprocess.Popen(
            command,
            cwd=compared.root,
            env=compared.env,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(draw.uniform(0.02, 0.35))
        process.send_signal(signal.SIGKILL)
        process.wait()
        for lock in (compared.root / ".git").rglob("*.lock"):  # git's own to say
            lock.unlink()

        compared.script("record_result", "keep", "exp-01")

        assert [("baseline", "keep"), ("sleep less", "keep")] == [
            (r["description"], r["status"]) for r in runs(compared.root)
        ]
        assert 3 == len(compared.git("rev-list", "HEAD").split())
        assert runs(compared.root)[1]["commit_full"] == compared.git("rev-parse", "HEAD")
        assert "A  mine.txt" == compared.git("status", "--porcelain")
        assert not (compared.root / ".autoresearch/keep.json").exists()


def test_two_keeps_at_once(compared: Any) -> None:
    """Two processes that keep the same experiment: one commit, one run line."""
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: compared.script("record_result", "keep", "exp-01", code=None), range(4)))

    assert [0, 0, 0, 0] == [d.returncode for d in done]
    assert 2 == len(runs(compared.root))
    assert 3 == len(compared.git("rev-list", "HEAD").split())


def test_the_persons_edits_are_in_the_way(compared: Any) -> None:
    """Uncommitted edits of a file that the change touches: exit 2, nothing moves, nothing of theirs is lost."""
    compared.write("src/work.sh", "echo 42 # my own work\n")
    before = compared.git("rev-parse", "HEAD")

    said = compared.script("record_result", "keep", "exp-01", code=2).stderr

    assert "src/work.sh" in said
    assert before == compared.git("rev-parse", "HEAD")
    assert "echo 42 # my own work\n" == (compared.root / "src/work.sh").read_text()
    compared.git("checkout", "src/work.sh")
    compared.script("record_result", "keep", "exp-01")


def test_a_keep_from_another_branch(compared: Any) -> None:
    """With another branch checked out the session's branch moves and the work tree does not."""
    compared.git("switch", "-q", "main")

    compared.script("record_result", "keep", "exp-01")

    assert "sleep 0.05\necho 42\n" == (compared.root / "src/work.sh").read_text()
    assert "" == compared.git("status", "--porcelain", "--untracked-files=no")
    assert "sleep 0.005\necho 42" == compared.git("show", "autoresearch/quick:src/work.sh")


def test_a_keep_in_a_repository_with_filters(session: Any) -> None:
    """The commit holds files as the repository's own filters store them; the measured bytes stay in the experiment."""
    session.git("config", "filter.upper.clean", "tr a-z A-Z")
    session.git("config", "filter.upper.smudge", "cat")
    (session.root / ".git/info/attributes").write_text("*.up filter=upper\n")
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("sleep 0.005\necho 42\n")
    (copy / "table.up").write_text("quiet\n")
    session.script("snapshot_workdir", "seal", "exp-01", "--desc", "with a table")
    session.script("compare", "exp-01")

    session.script("record_result", "keep", "exp-01", "--reviewed", "a table of words")

    assert "QUIET" == session.git("show", "HEAD:table.up")
    assert "quiet" == session.git("show", "refs/autoresearch/exp-01:table.up")


def test_a_dry_run_completes_nothing(compared: Any) -> None:
    """Where a keep was interrupted, who only looks is told so, and nothing is changed."""
    intent = compared.root / ".autoresearch" / "keep.json"
    intent.write_text("{}")
    before = (compared.root / "autoresearch.jsonl").read_text()

    for verb in (("keep", "exp-01"), ("discard", "exp-01", "--why", "no")):
        done = compared.script("record_result", *verb, "--dry-run", code=1)
        assert "a keep was interrupted" in done.stderr
        assert "{}" == intent.read_text()

    assert before == (compared.root / "autoresearch.jsonl").read_text()
    compared.script("record_result", "keep", "exp-01")
