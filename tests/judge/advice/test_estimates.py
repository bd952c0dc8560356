"""Advice from the journal: when to stop, what to build on, what is the same idea twice."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import journal
from helpers.judge.advice import estimates


def test_the_newest_count_most() -> None:
    """A result 20 experiments old counts half; the mean is the weighted one."""
    late = estimates.expected([0.0] * 20 + [0.03], 0.03)
    early = estimates.expected([0.03] + [0.0] * 20, 0.03)

    assert late
    assert early
    assert late[0] == pytest.approx(2 * early[0])
    assert late[0] == pytest.approx(0.03 / math.fsum(0.5 ** (age / 20) for age in range(21)))


def test_fourteen_are_too_few() -> None:
    """Nothing is predicted before the 15th."""
    assert estimates.expected([0.01] * 14, 0.01) is None
    assert estimates.expected([0.01] * 15, 0.01) is not None


@given(gains=st.lists(st.floats(0, 0.3), min_size=15, max_size=200))
@settings(max_examples=100)
def test_the_interval_holds_the_mean_and_never_closes(gains: list[float]) -> None:
    """However many experiments gained nothing, the interval has room above zero."""
    found = estimates.expected(gains, 0.02)

    assert found
    mean, low, high = found
    assert 0 <= low <= mean <= high
    assert high > 0


def decided(session: Any, gains: list[float]) -> None:
    """Journal decided experiments: kept where the gain is above zero."""
    for number, gain in enumerate(gains, 1):
        journal.append(
            session.root,
            {
                "run": number + 1,
                "experiment_id": f"old-{number:02}",
                "status": "keep" if gain else "discard",
                "metric": 1.0,
                "commit": "0123456",
                "commit_full": "0" * 40,
                "verdict": {"gain": gain, "verdict": "improved" if gain else "not_improved"},
                "cost_usd": 0.1,
                "description": "an older one",
                "timestamp": 4_000_000_000_000 + number * 600_000,
                "segment": 0,
                "tree": "0" * 40,
            },
        )


def test_it_advises_to_stop_when_the_price_is_higher(session: Any) -> None:
    """Gains early, nothing for long: stop at a price of 1%, go on at 0.01%; rates per hour and dollar are given."""
    decided(session, [0.05, 0.03, *[0.0] * 20])

    dear = session.script("suggest_next", "--price", "1").stdout
    cheap = session.script("suggest_next", "--price", "0.01", "--json").stdout

    assert re.search(r"advice: stop, by python3 \S*finish_session.py, as .* \(price 1%\)\n", dear)
    assert "per hour" in dear
    assert "per dollar" in dear
    assert json.loads(cheap)["stop"] is False


def test_what_nothing_measured_is_no_gain_of_zero(session: Any) -> None:
    """Turned down unseen, an experiment says nothing of what the next one gains, nor that there is nothing left."""
    for number in range(1, 17):
        copy = Path(session.script("snapshot_workdir", "create", f"exp-{number:02}").stdout.strip())
        (copy / "src/work.sh").write_text(f"echo 42 # {number}\n")
        session.script("snapshot_workdir", "seal", f"exp-{number:02}", "--desc", str(number))
        session.script("record_result", "discard", f"exp-{number:02}", "--why", "the person wants it otherwise")

    assert "0 of 15" in session.script("suggest_next").stdout
    assert "none of the last" not in session.script("status").stdout


def test_a_young_session_is_not_judged(session: Any) -> None:
    """Before the 15th decision it says so, and the baseline is what to build on."""
    said = session.script("suggest_next").stdout

    assert "0 of 15" in said
    assert "build on baseline" in said


def test_the_same_idea_twice_is_seen(session: Any) -> None:
    """Two copies with one and the same change are alike, exit 1; another change is not."""
    for name, text in (
        ("exp-01", "echo 42 # one\n"),
        ("exp-02", "echo 42 # one\n"),
        ("exp-03", "true; x=42; printf '%d\\n' $x\n"),
    ):
        copy = Path(session.script("snapshot_workdir", "create", name).stdout.strip())
        (copy / "src/work.sh").write_text(text)
        session.script("snapshot_workdir", "seal", name, "--desc", name)

    same = session.script("suggest_next", "--like", "exp-02", code=1).stdout
    other = session.script("suggest_next", "--like", "exp-03").stdout

    assert "same idea as exp-01" in same
    assert "same idea" not in other


def screened(session: Any, name: str, gain: float, status: str = "done", source: str = "") -> None:
    """Journal an experiment that was submitted and has come back."""
    at = {"experiment_id": name, "job": f"{name}.0.1", "worker": "local", "tree": "0" * 40}
    journal.append(
        session.root, {"type": "submitted", "role": "experiment", "source": [source] if source else [], **at}
    )
    journal.append(session.root, {"type": "finished", "status": status, "gain": gain, "metric": 1.0, **at})


def judged(session: Any, name: str, verdict: str, gain: float, tree: str = "1") -> None:
    """Journal a comparison with the current baseline, or with an older one."""
    base = session.git("rev-parse", "HEAD")
    at = {"experiment_id": name, "verdict": verdict, "gain": gain, "baseline_commit": base, "candidate_tree": tree * 40}
    journal.append(session.root, {"type": "comparison", "baseline_tree": "0" * 40, "mode": "improved", **at})


def test_only_what_stands_is_built_on(session: Any) -> None:
    """The tip and a standing gain are parents; screens, noes, outweighed and decided ones are not, however fast."""
    screened(session, "screened", 0.90)
    screened(session, "wrong", 0.95, "checks_failed")
    judged(session, "good", "improved", 0.10, "1")
    judged(session, "null", "undecided", 0.30, "2")
    judged(session, "picked", "not_improved", 0.30, "3")
    judged(session, "picked", "improved", 0.30, "3")
    judged(session, "older", "improved", 0.30, "4")
    judged(session, "dropped", "improved", 0.30, "5")
    lines = session.root / "autoresearch.jsonl"
    head = session.git("rev-parse", "HEAD")
    text = [line.replace(head, "0" * 40) if '"older"' in line else line for line in lines.read_text().splitlines()]
    lines.write_text("\n".join(text) + "\n")
    session.script("snapshot_workdir", "create", "dropped")
    session.script("snapshot_workdir", "seal", "dropped", "--desc", "x")
    session.script("record_result", "discard", "dropped", "--why", "a table of answers")

    said = session.script("suggest_next")
    parents = json.loads(session.script("suggest_next", "--json").stdout)["parents"]

    assert [("good", pytest.approx(math.log(1.10))), ("baseline", 0.0)] == [(p["name"], p["score"]) for p in parents]
    assert "baseline: nothing is kept yet, and no gain over it is known" in said.stdout
    assert "by its steps, which overstate the whole, +10.00% of the first" in said.stdout


@pytest.mark.parametrize("paper", ["arXiv:2205.14135", "idea-01"])
def test_the_source_that_paid_comes_first(session: Any, paper: str) -> None:
    """With as many tries, the kind of source whose experiments were kept has the higher index; an idea has its own."""
    session.script("ideas", "add", "fuse the passes", "--kind", "paper")
    for number, gain in enumerate([0.05, 0.0, 0.04, 0.0, 0.0, 0.0], 1):
        screened(session, f"old-{number:02}", gain, source=paper if number % 2 else "")
    decided(session, [0.05, 0.0, 0.04, 0.0, 0.0, 0.0])

    sources = json.loads(session.script("suggest_next", "--json").stdout)["sources"]

    assert ["paper", "own"] == [s["kind"] for s in sources]
    assert [3, 3] == [s["tried"] for s in sources]


@pytest.mark.parametrize("args", [("--price", "0"), ("--price", "nan"), ("--like", "exp-99")])
def test_bad_input(session: Any, args: tuple[str, ...]) -> None:
    """A price of nothing, an unknown experiment: exit 2."""
    assert "error:" in session.script("suggest_next", *args, code=2).stderr


def test_words_of_a_diff() -> None:
    """Only added and removed lines count, with their sign; the cosine of a diff with itself is one."""
    bag = estimates.changed_words(["--- a/x", "+++ b/x", "@@ -1 +1 @@", "-old(1)", "+new(1)", " context"])

    assert {"-old", "-(", "-1", "-)", "+new", "+(", "+1", "+)"} == set(bag)
    assert estimates.cosine(bag, bag) == pytest.approx(1.0)
    assert 0.0 == estimates.cosine(bag, estimates.changed_words([]))


def test_a_spent_budget_is_said_before_all_else(session: Any) -> None:
    """No further experiment is taken: that is the advice, whatever another one would gain, and what leads on."""
    journal.append(session.root, {"type": "note", "set": {"budget": {"experiments": 1}}})
    screened(session, "exp-01", 0.2)

    said = session.script("suggest_next", "--price", "0.01").stdout.splitlines()

    assert said[0].startswith("stop: all 1 experiments have been run; what is left to do: python3 ")
    assert said[0].endswith("status.py")
    assert json.loads(session.script("suggest_next", "--json").stdout)["stop"] is True
