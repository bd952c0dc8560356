"""Metrics of any kind, from the lock to the report: what has no ratio is judged by difference, in its own unit."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from helpers import events
from helpers.record.decision import evidence
from helpers.state import State


def numbers(repo: Any, name: str, value: str, *options: str, code: int = 0) -> str:
    """Begin and lock a session whose program is the number in src/v; return what the lock said."""
    repo.write("src/v", f"{value}\n")
    repo.commit("numbers")
    repo.write("autoresearch.sh", f"set -e; grep -qxE -- '[-+0-9.e]+' src/v; echo METRIC {name}=$(cat src/v)\n")
    repo.write("autoresearch.checks.sh", "grep -qxE -- '[-+0-9.e]+' src/v\n")
    begun = repo.script("start_session", "--goal", "g", "--metric", name, "--scope", "src/v", *options).stderr
    return str(begun + repo.script("start_session", "--lock", code=code).stderr)


def compared(repo: Any, exp: str, value: str, *options: str, code: int = 0) -> str:
    """Try another number and compare it."""
    copy = Path(repo.script("snapshot_workdir", "create", exp).stdout.strip())
    (copy / "src/v").write_text(f"{value}\n")
    repo.script("snapshot_workdir", "seal", exp, "--desc", "another number")
    return str(repo.script("compare", exp, "--wait", "120", *options, code=code).stdout)


KEEP = ("--problem", "p", "--solution", "s")


def test_five_errors_to_none_is_a_triumph(repo: Any) -> None:
    """A count comes to 0: improved by 5, in the fewest pairs, kept without a reader's words, and told so everywhere."""
    said = numbers(repo, "errors", "5", "--direction", "lower", "--unit", "n")
    first = compared(repo, "exp-01", "0")
    same = compared(repo, "exp-02", "5.0", code=1)
    repo.script("submit_experiment", "exp-01", "--screen", "--again")
    screen = repo.script("collect_results", "--wait", "60").stdout
    repo.script("record_result", "keep", "exp-01", *KEEP)
    journal = [json.loads(line) for line in (repo.root / "autoresearch.jsonl").read_text().splitlines()]
    told = repo.git("log", "-1", "--format=%B"), repo.script("status").stdout, repo.script("render_report").stdout
    repo.script("reproduce", "--bundle", "exp-01", "--to", str(repo.root.parent / "evidence"))
    again = repo.script("reproduce", str(repo.root.parent / "evidence")).stdout

    assert "judged by difference (errors may come to 0): the margin is 0.05 errors, 1.0% of the" in said
    assert re.search(r"exp-01: improved  gain -5 errors \[-5, -5\]  n=8 pairs, 8 wins \(8 clear of the 0.05", first)
    assert "errors did not vary on either side" in first
    assert re.search(r"exp-02: not improved .* n=4 pairs", same)
    assert re.search(
        r"errors=0n against 5n  promising -5 errors \[-5.\d+, -4.\d+\] by 2 pairs, which only rank", screen
    )
    assert "difference" == next(event for event in journal if event.get("description") == "baseline")["scale"]
    assert all("-5 errors [-5, -5]" in text for text in (*told, again))
    assert not any("%" in line for text in told for line in text.splitlines() if "exp-01" in line or "gain" in line)


def test_a_margin_in_the_metrics_own_unit(repo: Any) -> None:
    """--scale difference --margin 0.002 asks for 0.002 more, in the session as in a comparison; the scale is locked."""
    options = ("--direction", "higher", "--scale", "difference", "--margin", "0.002")
    said = numbers(repo, "fitness", "-0.901", *options)

    assert "judged by difference: the margin is 0.002 fitness" in said
    assert "not improved" in compared(repo, "exp-01", "-0.900", code=1)
    assert "improved  gain +0.001 fitness" in compared(repo, "exp-01b", "-0.900", "--margin", "0.001")
    assert "asks for a gain of 0.001 fitness" in repo.script("record_result", "keep", "exp-01b", *KEEP, code=4).stderr
    assert "improved  gain +0.901 fitness" in compared(repo, "exp-02", "0")
    repo.script("start_session", "--goal", "g", "--scale", "ratio", code=2)
    assert "--unit stays as it was" in repo.script("start_session", "--goal", "g", "--unit", "ms", code=2).stderr
    repo.script("start_session", "--goal", "g", "--scale", "difference")
    repo.script("start_session", "--goal", "g", "--margin", "0.001")
    assert "loosened after the lock: leastDifference 0.002 -> 0.001" in repo.script("status").stdout


def test_the_holdouts_margin_is_a_share_of_its_own_value(repo: Any) -> None:
    """One percent of 1000 errors is no licence for 4 more where there are 5: the second workload has its own size."""
    repo.write("src/held", "5\n")
    repo.write("autoresearch.holdout.sh", "set -e; grep -qxE '[0-9]+' src/v; echo METRIC errors=$(cat src/held)\n")
    numbers(repo, "errors", "1000", "--direction", "lower", "--scale", "difference", "--scope", "src/")
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/held").write_text("9\n")
    (copy / "src/v").write_text("500\n")
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "another number")

    said = repo.script("compare", "exp-01", "--wait", "120", code=1).stdout

    assert "the holdout loses: +4 errors [+4, +4]" in said


@pytest.mark.parametrize(
    ("baseline", "candidate", "direction", "asks"),
    [
        (-1000.0, -990.0, "higher", ""),
        (-1000.0, -2.0, "higher", "500 times"),
        (-1000.0, 3.0, "higher", "past it"),
        (-10.0, -40.0, "lower", "4 times"),
        (5.0, 0.0, "lower", ""),
        (0.0, 0.4, "higher", "to 0"),
        (0.2, 0.9, "higher", "4.5 times"),
        (0.8, 0.9, "higher", ""),
        (-0.2, -0.2, "higher", ""),
    ],
)
def test_a_leap_by_difference_asks_for_a_reader(baseline: float, candidate: float, direction: str, asks: str) -> None:
    """Likelihoods and rewards leap too: more than threefold, or to the other side of 0; no errors are a triumph."""
    gain = (candidate - baseline) * (1 if direction == "higher" else -1)
    its = {"scale": "difference", "metric": "m", "direction": direction, "verdict": "improved", "gain": gain}
    samples = {"baseline_samples": [baseline] * 8, "candidate_samples": [candidate] * 8}
    compared = events.Comparison.of({**its, **samples})

    said = " ".join(evidence.implausible(State(events.Config.from_line({})), compared))

    assert bool(asks) == bool(said)
    assert asks in said
