"""Two sessions in two worktrees of one repository live side by side."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from conftest import BENCHMARK, CHECKS, Repo


def begin(repo: Any, root: Path, goal: str) -> Any:
    """Start a session in a worktree."""
    other = Repo(root, repo.root.parent)
    other.env = repo.env
    other.script(
        "start_session",
        "--goal",
        goal,
        "--metric",
        "time_s",
        "--direction",
        "lower",
        "--margin",
        "5",
        "--review-above",
        "1000",
    )
    other.script("start_session", "--lock")
    return other


def work(session: Any, asleep: str) -> None:
    """Take two experiments of the same names through the loop."""
    for name, text in (("exp-01", f"sleep {asleep}\necho 42\n"), ("exp-02", "sleep 0.05\necho 42 # same\n")):
        copy = Path(session.script("snapshot_workdir", "create", name).stdout.strip())
        (copy / "src/work.sh").write_text(text)
        session.script("snapshot_workdir", "seal", name, "--desc", f"sleep {asleep}")
        session.script("submit_experiment", name)
    session.script("collect_results", "--wait", "60", "--all")
    session.script("compare", "exp-01", "--max-pairs", "24")
    session.script("record_result", "keep", "exp-01")
    session.script("record_result", "discard", "exp-02", "--why", "no change")


def test_two_sessions_in_two_worktrees(repo: Any) -> None:
    """Both at once, with experiments of the same names: each branch, journal and copy is its own."""
    repo.write("autoresearch.sh", BENCHMARK, 0o755)
    repo.write("autoresearch.checks.sh", CHECKS, 0o755)
    repo.commit("benchmark")
    repo.git("worktree", "add", "-q", "-b", "other", str(repo.root.parent / "other tree"))
    sessions = [begin(repo, repo.root, "one"), begin(repo, repo.root.parent / "other tree", "two")]

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, sessions, ("0.01", "0.005")))

    for session, goal, asleep in zip(sessions, ("one", "two"), ("0.01", "0.005"), strict=True):
        assert f"sleep {asleep}\necho 42" == session.git("show", f"autoresearch/{goal}:src/work.sh")
        assert "" == session.git("status", "--porcelain")
        runs = [
            e for e in map(json.loads, (session.root / "autoresearch.jsonl").read_text().splitlines()) if "run" in e
        ]
        assert ["keep", "keep", "discard"] == [e["status"] for e in runs]
        assert runs[1]["commit_full"] == session.git("rev-parse", f"autoresearch/{goal}")
