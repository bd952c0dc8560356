"""The end of a session: one fresh comparison of the whole, the page on its branch, the person back on theirs."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from conftest import QUICKER, Repo, until

from helpers.judge.compare import local


@pytest.fixture
def kept(compared: Repo) -> Repo:
    """A session with one kept change."""
    compared.script("record_result", "keep", "exp-01", "--reviewed", "it only sleeps")
    return compared


def journal(session: Repo) -> list[dict[str, object]]:
    """Return the journal's events."""
    return [json.loads(line) for line in (session.root / "autoresearch.jsonl").read_text().splitlines()]


def test_one_command_ends_a_session(kept: Repo) -> None:
    """Broken off and called again it compares the whole once; page and branch are there, uncommitted work as it was."""
    kept.write("mine.txt", "staged")
    kept.git("add", "mine.txt")
    kept.write("loose.txt", "not tracked")
    before = (kept.root / "autoresearch.jsonl").read_bytes()
    plan = kept.script("finish_session", "--dry-run").stdout
    assert before == (kept.root / "autoresearch.jsonl").read_bytes()
    assert "compare the branch as it stands with the first baseline" in plan
    assert "back on main" in plan

    kept.script("finish_session", "--wait", "0", code=3)
    assert "finish_session.py  # broken off while it compares the whole" in kept.script("status").stdout
    said = kept.script("finish_session").stdout

    assert "main" == kept.git("branch", "--show-current")
    assert "A  mine.txt\n?? loose.txt" == kept.git("status", "--porcelain")
    assert "headline: improved: gain +" in said
    assert "improved: gain +" in (kept.root / ".autoresearch/report.html").read_text()
    page = kept.git("show", "autoresearch/quick:IMPROVEMENTS.md")
    assert "headline: improved: gain +" in page
    assert ["IMPROVEMENTS.md"] == kept.git("show", "--name-only", "--format=", "autoresearch/quick").split()
    (whole,) = [event for event in journal(kept) if event.get("against")]
    assert journal(kept)[1]["tree"] == whole["baseline_tree"]
    after = kept.script("status")
    assert "render_report.py  # the session is closed" in after.stdout
    assert "nobody measured" not in after.stdout + after.stderr
    tip = kept.git("rev-parse", "autoresearch/quick")
    assert "stays on main" in kept.script("finish_session").stdout
    assert tip == kept.git("rev-parse", "autoresearch/quick")
    assert 1 == len([event for event in journal(kept) if event.get("closed")])


def test_the_next_session_begins_from_the_persons_branch(kept: Repo) -> None:
    """A finished one needs no --new and takes no more keeps; its benchmark is there to begin with."""
    copy = Path(kept.script("snapshot_workdir", "create", "exp-02").stdout.strip())
    (copy / "src/work.sh").write_text("echo 42\n")
    kept.script("snapshot_workdir", "seal", "exp-02", "--desc", "no sleep")
    kept.script("compare", "exp-02")
    kept.script("finish_session")
    late = kept.script("record_result", "keep", "exp-02", "--reviewed", "it does not sleep", code=4).stderr
    assert "the session is closed: finished" in late
    tip = kept.git("rev-parse", "autoresearch/quick")
    begin = ("--metric", "time_s", "--direction", "lower")

    for goal, options, base in (("second", (), "main"), ("third", ("--on-top",), tip)):
        kept.git("switch", "-qf", "autoresearch/quick")
        said = kept.script("start_session", "--goal", goal, *begin, *options, *(["--new"] if options else []))
        assert kept.git("rev-parse", base) == kept.git("rev-parse", f"autoresearch/{goal}")
        assert ("begins from main" in said.stderr, "as the session quick had them: autoresearch" in said.stderr) == (
            (True, True) if base == "main" else (False, False)
        )
        assert (kept.root / "autoresearch.sh").read_text() == kept.git("show", f"{tip}:autoresearch.sh") + "\n"


def test_on_top_begins_from_what_was_kept_wherever_the_work_tree_stands(kept: Repo) -> None:
    """finish_session.py has put the person's branch back: --on-top goes to the session's, and says so."""
    kept.script("finish_session")
    assert "main" == kept.git("branch", "--show-current")

    said = kept.script("start_session", "--goal", "second", "--metric", "time_s", "--direction", "lower", "--on-top")

    assert "begins from autoresearch/quick, what that session kept" in said.stderr
    assert kept.git("rev-parse", "autoresearch/quick") == kept.git("rev-parse", "autoresearch/second")
    assert QUICKER.strip() == (kept.root / "src/work.sh").read_text().strip()


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
    (copy / "src/work.sh").write_text(QUICKER)
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


def test_an_end_that_was_broken_off_is_gone_on_with(kept: Repo) -> None:
    """Killed while it compares, or closed and in the way of an edit: the step is the same, until all is done."""
    kept.script("finish_session", "--wait", "0", code=3)
    until(lambda: any(kept.root.glob(".autoresearch/comparisons/final.*/started")))
    (started,) = kept.root.glob(".autoresearch/comparisons/final.*/started")
    os.kill(int(started.read_text()), signal.SIGKILL)
    until(lambda: "broken off" in _next(kept) and local.under_way(kept.root, "lost"))
    assert "finish_session.py  # broken off" in _next(kept)

    kept.write("IMPROVEMENTS.md", "my own words\n")
    kept.script("finish_session", code=2)
    assert "finish_session.py  # closed, and the work tree still on its branch: the report, and main again" in _next(
        kept
    )
    kept.git("checkout", "--", "IMPROVEMENTS.md")
    os.utime(kept.root / "IMPROVEMENTS.md", (1, 1))  # touched, and not changed

    assert "IMPROVEMENTS.md is committed" in kept.script("finish_session").stdout
    assert "render_report.py" in _next(kept)


@pytest.mark.parametrize("against", ["", "abc"])
def test_the_whole_that_was_interrupted_says_no_to_nothing(kept: Repo, against: str) -> None:
    """It is in no one's vote: ended by hand after its first look it is measured again; any other one has said no."""
    place = kept.root / ".autoresearch/comparisons/final.0.1"
    place.mkdir()
    (place / "plan.json").write_text(json.dumps({"experiment_id": "final", "against": against}))
    (place / "log.txt").write_text("8 pairs: 8 wins\n")

    said = local.cancel(kept.root, "final.0.1")

    assert (not against) == ("counts as a comparison that said no" in said)


def _next(session: Repo) -> str:
    return next(line for line in session.script("status").stdout.splitlines() if line.startswith("next: "))
