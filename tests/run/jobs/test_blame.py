"""Whose fault a failure is: the environment's where the baseline fails alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from helpers import events, replay, state
from helpers.journal import Event
from helpers.run.jobs import blame, budget, screening

CONFIG = {"type": "config", "name": "g", "metricName": "t", "bestDirection": "lower", "branch": "b"}
LOCK = {"type": "lock", "commit_full": "c", "tree": "t0", "protected": {}, "task": {}, "timestamp": 1}


def told(*ended: str) -> state.State:
    """Return a session in which jobs ended: `e1 ok`, `c1 checks failed`, `x2 ...` (a comparison in error)."""
    lines: list[Event] = [CONFIG, LOCK, {"run": 1, "status": "keep", "description": "baseline"}]
    for number, words in enumerate(ended):
        name, _, error = words.partition(" ")
        if name[0] == "x":
            verdict = {"verdict": "not_improved"} if error == "ok" else {"verdict": "error", "reason": error}
            lines.append({"type": "comparison", "worker": "local", "experiment_id": name, "job": name, **verdict})
            continue
        role = {"e": "experiment", "c": "control"}[name[0]]
        base = {"job": f"{name}.{number}", "experiment_id": name, "role": role, "worker": "local", "tree": "t0"}
        lines.append({"type": "submitted", "executor": "local", "timestamp": 10**15, **base})
        status = {"status": "done"} if error == "ok" else {"status": "crash", "error": error}
        lines.append({"type": "finished", "timestamp": 10**15, **base, **status})
    found = replay.fold(list(map(events.from_line, lines)))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("ended", "stopped", "spent"),
    [
        (["c0 ok", "e1 bad", "e2 bad", "c1 bad", "e3 bad"], ["e1", "e2", "e3"], 0),
        (["c0 ok", "e1 bad", "e2 bad", "c1 bad"], None, 0),
        (["c0 ok", "e1 bad", "e2 bad", "c1 ok", "e3 bad"], None, 3),
        (["c0 ok", "e1 bad", "e2 bad", "e3 bad", "e4 bad"], None, 4),
        (["e1 after 7 s", "e2 after 9 s", "c1 after 8 s", "e3 after 11 s"], ["e1", "e2", "e3"], 0),
        (["e1 bad", "e2 bad", "c1 other", "e3 bad"], None, 3),
        (["e1 bad", "e2 bad", "c1 bad", "e3 bad", "c2 ok"], None, 0),
        (["e1 bad", "e2 bad", "c1 bad", "e3 bad", "e4 ok"], None, 1),
        (["e1 no space left on h", "e2 no space left on h", "e3 no space left on h"], ["e1", "e2", "e3"], 0),
        (["e1 cancelled", "e2 cancelled", "c1 cancelled", "e3 cancelled"], None, 0),
        (["x1 lost", "x2 lost", "x3 lost"], ["x1", "x2", "x3"], 0),
        (["x1 lost", "x2 ok", "x3 lost", "x3 lost"], None, 1),
        (["e1 bad", "e2 bad", "c1 bad", "e3 bad", "x1 ok"], None, 1),
        (["e1 the baseline: bad", "e2 the baseline: bad", "e3 the baseline: bad"], ["e1", "e2", "e3"], 0),
        (["e1 bad", "e2 the baseline: bad", "e3 bad"], ["e1", "e2", "e3"], 0),
        (["e1 bad", "e2 the baseline: worse", "e3 bad"], None, 2),
    ],
)
def test_the_baseline_tells_whose_fault_it_is(ended: list[str], stopped: list[str] | None, spent: int) -> None:
    """Three that fail as the baseline does stop the session and cost nothing; any success since clears it."""
    now = told(*ended)

    fault = blame.standing(now)

    assert stopped == (fault.experiments if fault else None)
    assert spent == budget.spending(now).experiments


def test_two_alike_ask_for_a_run_of_the_baseline() -> None:
    """The next submission brings a control, which it would not before; once it has run no further one is asked for."""
    asked = [screening.needs_control(told("c0 ok", *more), "local") for more in (["e1 bad"], ["e1 bad", "e2 bad"])]

    assert [False, True] == asked
    assert not screening.needs_control(told("c0 ok", "e1 bad", "e2 bad", "c1 ok"), "local")


def test_an_environment_that_breaks_stops_the_session_and_goes_on_when_mended(repo: Any, tmp_path: Path) -> None:
    """The next command says whose fault it is (exit 3), nothing is spent, and what it ended may simply be run again."""
    shared = tmp_path / "home" / "shared"
    shared.write_text("there\n")
    repo.write("src/v", "100\n")
    repo.commit("numbers")
    repo.write("autoresearch.sh", "echo METRIC size=$(cat src/v)\n")
    repo.write("autoresearch.checks.sh", f"cat {shared} >/dev/null && grep -q '^[0-9]*$' src/v\n")
    begin = ("--goal", "g", "--metric", "size", "--unit", "n", "--direction", "lower", "--scope", "src/v")
    repo.script("start_session", *begin, "--max-experiments", "3")
    repo.script("start_session", "--lock")
    shared.unlink()

    for number in (1, 2, 3):
        copy = Path(repo.script("snapshot_workdir", "create", f"exp-0{number}").stdout.strip())
        (copy / "src/v").write_text(f"{90 + number}\n")
        repo.script("submit_experiment", f"exp-0{number}", "--desc", "less")
        repo.script("collect_results", "--wait", "60", "--all")
    status = repo.script("status").stdout
    again = repo.script("submit_experiment", "exp-01", code=3).stderr
    compared = repo.script("compare", "exp-01", code=3).stderr
    shared.write_text("there again\n")
    repo.script("collect_results", "--wait", "60", "--all", code=None)
    repo.script("submit_experiment", "exp-01", code=None)  # the control before was still of the broken environment
    repo.script("collect_results", "--wait", "60", "--all", code=None)

    for said in (status, again, compared):
        assert "exp-01, exp-02, exp-03 ended with one error" in said
        assert "shared: No such file" in said
    assert "3 of 3 experiments" in status
    repo.script("submit_experiment", "exp-02")
    assert "done" in repo.script("collect_results", "--wait", "60").stdout


def test_a_screen_looks_at_the_baseline_before_it_blames_the_change(repo: Any, tmp_path: Path) -> None:
    """Whichever side ran first: what the baseline fails at as well is the environment's, and costs nothing."""
    shared = tmp_path / "home" / "shared"
    shared.write_text("1\n")
    repo.write("src/v", "100\n")
    repo.commit("numbers")
    repo.write(
        "autoresearch.sh",
        f"set -e\nv=$(cat src/v) by=$(cat {shared})\nprintf 'METRIC\\ttime_s=%s \\r\\n' $((v * by))\n",
    )
    repo.write("autoresearch.checks.sh", "grep -q '^[0-9]' src/v\n")
    repo.script("start_session", "--goal", "g", "--metric", "time_s", "--unit", "s", "--direction", "lower")
    repo.script("start_session", "--lock")

    for number, broken in ((1, None), (2, None), (3, "0\n")):
        shared.unlink() if broken is None and shared.exists() else broken and shared.write_text(broken)
        copy = Path(repo.script("snapshot_workdir", "create", f"exp-0{number}").stdout.strip())
        (copy / "src/v").write_text(f"{90 + number}\n")
        repo.script("submit_experiment", f"exp-0{number}", "--desc", "less")
        said = repo.script("collect_results", "--wait", "60", "--all").stdout
        assert "crash  the baseline: " + ("METRIC time_s is 0" if broken else "benchmark failed (exit 1)") in said

    assert "(0 experiments" in repo.script("status").stdout


def test_hours_in_which_nothing_ran_are_told_apart() -> None:
    """What is spent of the agreed hours is told with the pause in it, and dollars with what they count."""
    now = told("e1 ok")
    hours = 3_600_000
    now.began, now.now_ms = 1 * hours, lambda: 5 * hours  # type: ignore[method-assign]
    job = next(iter(now.jobs.values()))
    assert job.finished is not None
    job.submitted = replace(job.submitted, timestamp=2 * hours)
    job.finished = replace(job.finished, timestamp=3 * hours)

    assert 3.0 == budget.idle_hours(now)
