"""The end of a session: one fresh comparison of the whole, the page on its branch, the person back on theirs."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import Repo

FAST = "sleep 0.005\necho 42\n"


def keep(session: Repo, name: str, text: str) -> None:
    """Work an experiment to its commit."""
    copy = Path(session.script("snapshot_workdir", "create", name).stdout.strip())
    (copy / "src/work.sh").write_text(text)
    session.script("snapshot_workdir", "seal", name, "--desc", "sleep less")
    session.script("compare", name)
    session.script("record_result", "keep", name, "--reviewed", "it only sleeps")


def journal(session: Repo) -> list[dict[str, object]]:
    """Return the journal's events."""
    return [json.loads(line) for line in (session.root / "autoresearch.jsonl").read_text().splitlines()]


def test_one_command_ends_a_session(session: Repo) -> None:
    """Broken off and called again it compares the whole once; page and branch are there, uncommitted work as it was."""
    keep(session, "exp-01", FAST)
    session.write("mine.txt", "staged")
    session.git("add", "mine.txt")
    session.write("loose.txt", "not tracked")
    before = (session.root / "autoresearch.jsonl").read_bytes()
    plan = session.script("finish_session", "--dry-run").stdout
    assert before == (session.root / "autoresearch.jsonl").read_bytes()
    assert "compare the branch as it stands with the first baseline" in plan
    assert "back on main" in plan

    session.script("finish_session", "--wait", "0", code=3)
    assert "finish_session.py  # broken off while it compares the whole" in session.script("status").stdout
    said = session.script("finish_session").stdout

    assert "main" == session.git("branch", "--show-current")
    assert "A  mine.txt\n?? loose.txt" == session.git("status", "--porcelain")
    assert "headline: improved: gain +" in said
    assert "improved: gain +" in (session.root / ".autoresearch/report.html").read_text()
    page = session.git("show", "autoresearch/quick:IMPROVEMENTS.md")
    assert "headline: improved: gain +" in page
    assert ["IMPROVEMENTS.md"] == session.git("show", "--name-only", "--format=", "autoresearch/quick").split()
    (whole,) = [event for event in journal(session) if event.get("against")]
    assert journal(session)[1]["tree"] == whole["baseline_tree"]
    after = session.script("status")
    assert "render_report.py  # the session is closed" in after.stdout
    assert "nobody measured" not in after.stdout + after.stderr
    tip = session.git("rev-parse", "autoresearch/quick")
    assert "stays on main" in session.script("finish_session").stdout
    assert tip == session.git("rev-parse", "autoresearch/quick")
    assert 1 == len([event for event in journal(session) if event.get("closed")])


def test_the_next_session_begins_from_the_persons_branch(session: Repo) -> None:
    """A finished one needs no --new and takes no more keeps; its benchmark is there to begin with."""
    keep(session, "exp-01", FAST)
    copy = Path(session.script("snapshot_workdir", "create", "exp-02").stdout.strip())
    (copy / "src/work.sh").write_text("echo 42\n")
    session.script("snapshot_workdir", "seal", "exp-02", "--desc", "no sleep")
    session.script("compare", "exp-02")
    session.script("finish_session")
    late = session.script("record_result", "keep", "exp-02", "--reviewed", "it does not sleep", code=4).stderr
    assert "the session is closed: finished" in late
    kept = session.git("rev-parse", "autoresearch/quick")
    begin = ("--metric", "time_s", "--direction", "lower")

    for goal, options, base in (("second", (), "main"), ("third", ("--on-top",), kept)):
        session.git("switch", "-qf", "autoresearch/quick")
        said = session.script("start_session", "--goal", goal, *begin, *options, *(["--new"] if options else []))
        assert session.git("rev-parse", base) == session.git("rev-parse", f"autoresearch/{goal}")
        assert ("begins from main" in said.stderr, "as the session quick had them: autoresearch" in said.stderr) == (
            (True, True) if base == "main" else (False, False)
        )
        assert (session.root / "autoresearch.sh").read_text() == session.git("show", f"{kept}:autoresearch.sh") + "\n"


def test_on_top_begins_from_what_was_kept_wherever_the_work_tree_stands(session: Repo) -> None:
    """finish_session.py has put the person's branch back: --on-top goes to the session's, and says so."""
    keep(session, "exp-01", FAST)
    session.script("finish_session")
    assert "main" == session.git("branch", "--show-current")

    said = session.script("start_session", "--goal", "second", "--metric", "time_s", "--direction", "lower", "--on-top")

    assert "begins from autoresearch/quick, what that session kept" in said.stderr
    assert session.git("rev-parse", "autoresearch/quick") == session.git("rev-parse", "autoresearch/second")
    assert FAST.strip() == (session.root / "src/work.sh").read_text().strip()


def test_a_wrong_session_is_closed_with_its_reason(session: Repo) -> None:
    """--reason measures nothing; afterwards nothing is submitted, and a base branch that is gone is said."""
    session.git("branch", "-m", "main", "away")
    session.script("record_result", "cost", "--usd", "1.5")
    assert "neither --usd nor --tokens" in session.script("record_result", "cost", code=2).stderr

    said = session.script("finish_session", "--reason", "bad benchmark").stdout

    assert "closed: bad benchmark" in said
    assert "agent $1.50, tokens unknown" in said
    assert "the branch main that you began from is gone" in said
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text(FAST)
    refused = session.script("submit_experiment", "exp-01", "--desc", "sleep less", code=4).stderr
    assert "the session is closed: bad benchmark" in refused


def test_the_comparison_of_the_whole_on_a_worker_is_followed(session: Repo) -> None:
    """Broken off on the fleet, the end goes on: its own comparison is no job that must end before; another one is."""
    for name, code in (("final", 0), ("exp-01", 2)):
        job = {"experiment_id": name, "job": f"comparison-{name}.0.1", "role": "comparison", "worker": "vm-01"}
        line = {"type": "submitted", "executor": "sky", "tree": "", "description": "", "source": [], "env": {}, **job}
        with (session.root / "autoresearch.jsonl").open("a") as journal_file:
            journal_file.write(json.dumps({**line, "timestamp": 9_999_999_999_999}) + "\n")
        session.script("finish_session", "--dry-run", code=code)


def test_a_refusal_is_on_record_once(session: Repo) -> None:
    """What the policy refuses at submission is journaled with its places, once, and shown as refused."""
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "autoresearch.sh").write_text("echo METRIC time_s=0.001\n")
    for _ in range(2):
        session.script("submit_experiment", "exp-01", "--desc", "cheat", code=4)

    assert 1 == len([event for event in journal(session) if event.get("refused")])
    assert "autoresearch.sh" in session.script("render_report", "--as", "improvements").stdout
