"""A session survives what people do to its branch: it is said at the next command, with the way to go on."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

BEGIN = ["--goal", "quick", "--metric", "time_s", "--direction", "lower", "--scope", "src/", "--max-pairs", "8"]


@pytest.fixture
def kept(repo: Any) -> Any:
    """A session with one kept change, whose measurements have no noise."""
    repo.write("src/v", "1000\n")
    repo.commit("program")
    repo.write("autoresearch.sh", "#!/usr/bin/env bash\necho METRIC time_s=$(cat src/v)\n", 0o755)
    repo.write("autoresearch.checks.sh", '#!/usr/bin/env bash\n[ "$(cat src/v)" -gt 0 ]\n', 0o755)
    repo.script("start_session", *BEGIN)
    repo.script("start_session", "--lock")
    _experiment(repo, "exp-01", 800)
    repo.script("record_result", "keep", "exp-01")
    return repo


def _experiment(repo: Any, name: str, value: int) -> None:
    copy = Path(repo.script("snapshot_workdir", "create", name).stdout.strip())
    (copy / "src/v").write_text(f"{value}\n")
    repo.script("submit_experiment", name, "--desc", "less")
    repo.script("collect_results", "--wait", "60")
    repo.script("compare", name)


def _said(repo: Any) -> str:
    """Return what status says of the branch, and see that its first next step brings the branch back."""
    base, said = str(repo.script("status", "--json").stdout), repo.script("status").stdout
    base = re.search(r'"commit_full": *"(\w+)"', base)[1]  # type: ignore[index]
    way = re.search(r"next: (git .*?)(?:  #|\n|$)", said)
    assert way, said
    subprocess.run(["bash", "-ec", way[1]], cwd=repo.root, env=repo.env, check=True)
    assert base == repo.git("rev-parse", "autoresearch/quick")
    assert "next: git" not in repo.script("status").stdout.replace("next: git switch", "")
    return said


def test_whatever_happens_to_the_branch_it_can_be_brought_back(kept: Any) -> None:
    """Committed to, amended, set back, renamed or deleted: named as that, and the printed command undoes it."""
    kept.git("commit", "-q", "--allow-empty", "-m", "mine")
    for script, arguments in {"start_session": ["--goal", "quick"], "snapshot_workdir": ["create", "exp-02"]}.items():
        assert "that nobody measured" in kept.script(script, *arguments).stderr
    assert "has 1 commit that nobody measured" in _said(kept)
    kept.git("commit", "-q", "--amend", "-m", "other words")
    assert "was rewritten" in _said(kept)
    kept.git("reset", "-q", "--hard", "HEAD^")
    assert "was set back" in _said(kept)
    kept.git("branch", "-m", "better-name")
    assert "better-name stands at its commit" in _said(kept)
    kept.git("switch", "-q", "main")
    kept.git("branch", "-qD", "autoresearch/quick")
    kept.git("-c", "gc.reflogExpire=now", "-c", "gc.reflogExpireUnreachable=now", "gc", "-q", "--prune=now")
    assert "git branch autoresearch/quick" in kept.script("snapshot_workdir", "create", "exp-03", code=4).stderr
    assert "is gone; nothing of the session is lost" in _said(kept)
    kept.script("finish_session")
    kept.git("switch", "-q", "autoresearch/quick")
    kept.git("commit", "-q", "--allow-empty", "-m", "mine, on top of the report")
    assert "has 1 commit that nobody measured" in kept.script("status").stdout


def test_a_persons_commit_can_become_the_baseline(kept: Any) -> None:
    """It is measured and proven as at the lock; what is on record stays, and a commit that fails changes nothing."""
    _experiment(kept, "exp-02", 700)
    kept.write("src/v", "-1\n")
    kept.commit("wrong")
    before = kept.script("status", "--json").stdout
    kept.script("start_session", "--lock", "--adopt", code=1)
    assert '"locked": true' in before
    assert "that nobody measured" in kept.script("record_result", "keep", "exp-02", code=4).stderr

    kept.write("src/v", "900\n")
    kept.commit("mine")
    assert "baseline: time_s=900" in kept.script("start_session", "--lock", "--adopt").stdout

    said = kept.script("status").stdout
    assert "1 kept" in said
    assert "nobody measured" not in said
    assert "another baseline" in kept.script("record_result", "keep", "exp-02", code=4).stderr


def test_a_second_session_has_its_own_notes_ideas_and_experiments(kept: Any) -> None:
    """What the first one wrote stays readable, and what it decided cannot be decided again.

    A branch that was merged and deleted has ended its session: the next one needs no --new.
    """
    kept.script("ideas", "add", "an idea of the first", "--source", "own")
    for command in (
        ["switch", "-q", "main"],
        ["merge", "-q", "autoresearch/quick"],
        ["branch", "-qd", "autoresearch/quick"],
    ):
        kept.git(*command)
    begin = ["--goal", "second", "--metric", "rss_mb", "--direction", "lower"]
    said = kept.script("start_session", *begin).stderr

    assert ".autoresearch/sessions/quick/autoresearch.md" in said
    assert "# quick" in (kept.root / ".autoresearch/sessions/quick/autoresearch.md").read_text()
    assert "# second" in (kept.root / "autoresearch.md").read_text()
    assert "an idea of the first" not in kept.script("ideas", "list", code=None).stdout
    refused = kept.script("record_result", "discard", "exp-01", "--why", "x", code=2).stderr
    assert "exp-01 is of the session quick" in refused


def test_a_copy_that_is_older_than_the_lock_is_brought_up(repo: Any) -> None:
    """It is not told to take the benchmark out: the printed command makes a copy with locked files and its change."""
    repo.write("src/v", "1000\n")
    repo.commit("program")
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/v").write_text("700\n")
    repo.write("autoresearch.sh", "#!/usr/bin/env bash\necho METRIC time_s=$(cat src/v)\n", 0o755)
    repo.write("autoresearch.checks.sh", '#!/usr/bin/env bash\n[ "$(cat src/v)" -gt 0 ]\n', 0o755)
    repo.script("start_session", *BEGIN)
    repo.script("start_session", "--lock")

    refused = repo.script("submit_experiment", "exp-01", "--desc", "less", code=4).stderr
    assert "its copy is older than the lock" in refused
    way = re.search(r"python3 \S*snapshot_workdir.py (create exp-\d+ --from exp-01)", refused)
    assert way
    repo.script("snapshot_workdir", *way[1].split())
    assert "queued" in repo.script("submit_experiment", "exp-02", "--desc", "less").stdout


def test_a_repository_that_was_moved_finds_its_copies(kept: Any) -> None:
    """Copies, also with edits that are not sealed, are found from the new place, and know the way back."""
    copy = Path(kept.script("snapshot_workdir", "create", "exp-02").stdout.strip())
    (copy / "src/v").write_text("600\n")
    kept.root = kept.root.rename(kept.root.with_name("renamed"))

    assert "exp-02" in kept.script("snapshot_workdir", "list").stdout
    assert "-1000\n" not in kept.script("snapshot_workdir", "diff", "exp-02").stdout
    assert "+600" in kept.script("snapshot_workdir", "diff", "exp-02").stdout
    (now,) = (kept.root.parent / "tmp" / "autoresearch").glob("renamed-*")
    assert "1 kept" in kept.script("status", cwd=now / "exp-02").stdout
