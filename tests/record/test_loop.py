"""The loop on a real repository: a true gain is kept, everything else is turned down for its reason."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

FAST = "sleep 0.005\necho 42\n"


def experiment(session: Any, name: str, files: dict[str, str]) -> Path:
    """Make a copy and edit it as an agent would."""
    copy = Path(session.script("snapshot_workdir", "create", name).stdout.strip())
    for file, text in files.items():
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        (copy / file).write_text(text)
    return copy


def runs(session: Any) -> list[dict[str, Any]]:
    """Return the run lines of the journal."""
    lines = (session.root / "autoresearch.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if "run" in event]


def test_a_true_gain_is_screened_compared_kept(session: Any) -> None:
    """From copy to commit: the commit holds exactly the diff and IMPROVEMENTS.md, the person's own work stays."""
    session.write("mine.txt", "uncommitted")
    session.git("add", "mine.txt")
    experiment(session, "exp-01", {"src/work.sh": FAST})

    assert (
        "not a source"
        in session.script("submit_experiment", "exp-01", "--desc", "x", "--source", "somewhere", code=2).stderr
    )
    session.script("submit_experiment", "exp-01", "--desc", "sleep less", "--source", "own")
    screened = session.script("collect_results", "--wait", "60", "--all").stdout
    compared = session.script("compare", "exp-01").stdout
    session.script("record_result", "keep", "exp-01", "--problem", "it slept", "--solution", "it sleeps less")

    assert "promising" in screened
    assert "improved" in compared
    assert "less time" in compared
    assert ["IMPROVEMENTS.md", "src/work.sh"] == session.git("show", "--name-only", "--format=", "HEAD").split()
    assert FAST == (session.root / "src/work.sh").read_text()
    assert "A  mine.txt" == session.git("status", "--porcelain")
    message = session.git("log", "-1", "--format=%B")
    assert "n=8 pairs, 8 wins on local" in message
    assert "Experiment: exp-01" in message
    assert "it slept" in (session.root / "IMPROVEMENTS.md").read_text()
    assert ["keep", "keep"] == [run["status"] for run in runs(session)]
    assert runs(session)[1]["tree"]
    again = session.script("compare", "exp-01", code=1).stderr
    assert "the baseline holds it already" in again
    assert session.script("compare", "exp-01", "--against", "HEAD^", "--dry-run").stdout


def test_nothing_is_kept_without_its_comparison(session: Any) -> None:
    """No comparison, one of another tree, or one that says no: exit 4 and the reason; the branch does not move."""
    before = session.git("rev-parse", "HEAD")
    copy = experiment(session, "exp-01", {"src/work.sh": "sleep 0.05\necho 42 # the same\n"})
    session.script("snapshot_workdir", "seal", "exp-01", "--desc", "nothing")
    assert "only ranks" in session.script("record_result", "keep", "exp-01", code=4).stderr

    session.script("compare", "exp-01", "--margin", "5", code=1)
    assert "the comparison of exp-01 says" in session.script("record_result", "keep", "exp-01", code=4).stderr

    (copy / "src/work.sh").write_text(FAST)
    assert "--from exp-01" in session.script("compare", "exp-01", code=4).stderr
    assert before == session.git("rev-parse", "HEAD")


def test_faster_and_wrong_is_not_improved(session: Any) -> None:
    """A gain whose checks fail ends as checks_failed."""
    experiment(session, "exp-01", {"src/work.sh": "echo 41\n"})
    session.script("submit_experiment", "exp-01", "--desc", "no sleep")
    said = session.script("collect_results", "--wait", "60", "--all").stdout
    assert "checks_failed  checks: failed (exit 1); those of the baseline pass, 5 of 5 times" in said

    session.script("compare", "exp-01", code=1)
    session.script("record_result", "keep", "exp-01", code=4)
    session.script("record_result", "discard", "exp-01", "--why", "wrong result")

    assert "checks_failed" == runs(session)[1]["status"]


def test_a_crash_is_recorded_with_its_reason(session: Any) -> None:
    """A candidate that does not run is a crash, with what it said."""
    experiment(session, "exp-01", {"src/work.sh": "echo broken >&2; exit 7\n"})
    session.script("submit_experiment", "exp-01", "--desc", "breaks")
    assert "crash" in session.script("collect_results", "--wait", "60", "--all").stdout

    session.script("record_result", "crash", "exp-01", "--why", "it exits 7")

    assert ("crash", 0, "it exits 7") == (
        runs(session)[1]["status"],
        runs(session)[1]["metric"],
        runs(session)[1]["asi"]["why"],
    )


def test_the_guard_refuses_before_anything_runs(session: Any) -> None:
    """An edit of the benchmark is refused by name, at submission and at comparison."""
    experiment(session, "exp-01", {"autoresearch.sh": "echo METRIC time_s=0.001\n"})

    assert "autoresearch.sh" in session.script("submit_experiment", "exp-01", "--desc", "cheat", code=4).stderr
    assert "autoresearch.sh" in session.script("compare", "exp-01", code=4).stderr


def test_a_change_is_merged_onto_a_moved_baseline(session: Any) -> None:
    """After a keep, an experiment that began before is compared again, merged; a conflict is said plainly."""
    session.write("src/other.sh", "exit 0\n")
    session.git("add", "src/other.sh")
    session.git("commit", "-qm", "stays measured? no")
    assert "nobody measured" in _kept(session, "exp-01", {"src/work.sh": FAST}, code=4)
    session.git("reset", "-q", "--soft", "HEAD^")
    session.git("rm", "-qf", "--cached", "src/other.sh")
    experiment(session, "exp-02", {"src/work.sh": "sleep 0.001\necho 42\n"})
    experiment(session, "exp-03", {"src/new.sh": "exit 0\n"})
    session.script("snapshot_workdir", "seal", "exp-02", "--desc", "conflicts")
    session.script("snapshot_workdir", "seal", "exp-03", "--desc", "elsewhere")
    session.script("record_result", "keep", "exp-01")

    assert "conflicts with it in src/work.sh" in session.script("compare", "exp-02", code=1).stderr
    assert "merged onto it" in session.script("compare", "exp-03", code=1).stderr


def _kept(session: Any, name: str, files: dict[str, str], code: int) -> str:
    experiment(session, name, files)
    session.script("snapshot_workdir", "seal", name, "--desc", name)
    session.script("compare", name)
    return str(session.script("record_result", "keep", name, code=code).stderr)


def test_what_only_a_reader_can_judge_is_shown_to_the_next_one(session: Any) -> None:
    """A flagged place needs a reviewer's words; both stand in IMPROVEMENTS.md for whoever reads the branch."""
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text('x=$(eval "echo 1")\nsleep 0.005\necho 42\nexit 0\nsystem("x")\n')
    session.script("snapshot_workdir", "seal", "exp-01", "--desc", "sleep less")
    session.script("compare", "exp-01")

    refused = session.script("record_result", "keep", "exp-01", code=4).stderr
    session.script("record_result", "keep", "exp-01", "--reviewed", "the last line is never reached")

    assert "src/work.sh:5" in refused
    assert (
        "Look here: src/work.sh:1 (hidden-code); src/work.sh:5 (hidden-code). Reviewed: the last line is never reached"
        in session.git("show", "HEAD:IMPROVEMENTS.md")
    )


def test_the_whole_against_the_first_baseline(compared: Any) -> None:
    """The headline: the branch's tip compared afresh with the code before the session, under the same benchmark."""
    compared.script("record_result", "keep", "exp-01")
    compared.script("snapshot_workdir", "create", "final")
    compared.script("snapshot_workdir", "seal", "final", "--desc", "the whole")

    assert "improved" in compared.script("compare", "final", "--against", "main").stdout
    assert "another baseline" in compared.script("record_result", "keep", "final", code=4).stderr


def test_figures_that_do_not_compare_say_so(compared: Any) -> None:
    """The lock's run makes five calls, a comparison one, a screen one beside its own baseline: each is told as that."""
    copy = Path(compared.script("snapshot_workdir", "create", "exp-02").stdout.strip())
    (copy / "src/work.sh").write_text("sleep 0.002\necho 42\n")
    compared.script("submit_experiment", "exp-02", "--desc", "less", "--screen")
    screen = compared.script("collect_results", "--wait", "60").stdout
    compared.script("record_result", "keep", "exp-01")

    assert re.search(r"time_s=[\d.]+s? against [\d.]+s?  ", screen), screen
    first = next(line for line in compared.script("status").stdout.splitlines() if line.startswith("first baseline"))
    assert "measured at another time, by 5 calls and the current one by 1" in first


def test_status_fits_in_forty_lines(session: Any) -> None:
    """A fresh agent learns goal, metric, baseline, what waits and what to do next."""
    for number in range(1, 4):
        experiment(session, f"exp-0{number}", {"src/work.sh": f"sleep 0.05\necho 42 # {number}\n"})
        session.script("snapshot_workdir", "seal", f"exp-0{number}", "--desc", f"number {number}")
        session.script("record_result", "discard", f"exp-0{number}", "--why", f"reason {number}")

    lines = session.script("status").stdout.splitlines()

    assert len(lines) <= 40
    text = "\n".join(lines)
    for part in (
        "session quick",
        "time_s",
        "first baseline",
        "3 discard",
        "reason 3",
        "intact",
        "next:",
        "budget left",
    ):
        assert part in text


def test_a_spent_budget_stops_submissions(session: Any) -> None:
    """The agreed number of experiments is the end of submissions, exit 4."""
    session.script("start_session", "--goal", "quick", "--max-experiments", "1")
    experiment(session, "exp-01", {"src/work.sh": "sleep 0.04\necho 42\n"})
    session.script("submit_experiment", "exp-01", "--desc", "one")
    experiment(session, "exp-02", {"src/work.sh": "sleep 0.03\necho 42\n"})

    assert "budget" in session.script("submit_experiment", "exp-02", "--desc", "two", code=4).stderr
    session.script("collect_results", "--wait", "60", "--all")


def test_unknown_experiments(session: Any) -> None:
    """Every script that takes an experiment says which ones there are."""
    for command in (
        ["compare", "nope"],
        ["submit_experiment", "nope", "--desc", "x"],
        ["record_result", "keep", "nope"],
        ["record_result", "discard", "nope", "--why", "x"],
        ["snapshot_workdir", "diff", "nope"],
    ):
        assert "no experiment nope" in session.script(*command, code=2).stderr
