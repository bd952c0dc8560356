"""Whoever holds the keys leaves marks: in the commit, in IMPROVEMENTS.md and in status.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from written_journal import steadily

from helpers import replay
from helpers.events import from_line
from helpers.record.decision import evidence
from helpers.record.report import marks

LOCKED = {"type": "lock", "commit_full": "b" * 40, "protected": {}, "timestamp": 1}
BEGUN = {"type": "config", "name": "quick", "metricName": "time_s", "bestDirection": "lower", "timestamp": 0}
BASELINE = {"run": 1, "status": "keep", "description": "baseline", "timestamp": 2}
DECIDED = {"run": 2, "status": "discard", "description": "none", "experiment_id": "exp-01", "timestamp": 3}


@pytest.fixture
def steady(repo: Any) -> Any:
    """A locked session whose benchmark prints a file's number: what it says is no chance."""
    return steadily(repo, "1000")


def kept(session: Any, name: str, seconds: str, *options: str) -> None:
    """Make, compare and keep an experiment."""
    copy = Path(session.script("snapshot_workdir", "create", name).stdout.strip())
    (copy / "src/v").write_text(f"{seconds}\n")
    session.script("snapshot_workdir", "seal", name, "--desc", f"sleeps {seconds}")
    session.script("compare", name, "--max-pairs", "8")
    session.script("record_result", "keep", name, *options)


def events(session: Any) -> list[dict[str, Any]]:
    """The journal."""
    return [json.loads(line) for line in (session.root / "autoresearch.jsonl").read_text().splitlines()]


def looks(session: Any) -> list[str]:
    """What status.py asks a person to look at."""
    return [line for line in session.script("status").stdout.splitlines() if line.startswith("look: ")]


def test_a_loosening_marks_the_keeps_that_follow_and_forgery_shows(steady: Any) -> None:
    """A keep before it carries none; the next one does, in commit and page. What was edited in later is named."""
    session = steady
    kept(session, "exp-01", "2.512")
    assert [] == looks(session)
    assert "Loosened" not in session.git("log", "-1", "--format=%B", "autoresearch/quick")

    session.script("start_session", "--goal", "quick", "--margin", "2", "--no-checks", "--allow", "build-file:setup.py")
    kept(session, "exp-02", "1.512")
    words = "Loosened after the lock: "
    said = session.git("log", "-1", "--format=%B", "autoresearch/quick")
    (line,) = [line for line in said.splitlines() if line.startswith(words)]
    assert {"margin 0.05 -> 0.02", "--no-checks", "--allow build-file:setup.py"} == set(line[len(words) :].split("; "))
    page = (session.root / "IMPROVEMENTS.md").read_text()
    assert 1 == page.count(words)
    assert "(1 kept under it)" in "".join(looks(session))

    journal = session.root / "autoresearch.jsonl"
    before = journal.read_text()
    first = next(e for e in events(session) if e.get("type") == "comparison")
    forged = {**first, "candidate_samples": first["baseline_samples"]}
    journal.write_text(before.replace(json.dumps(first, separators=(",", ":")), json.dumps(forged)))
    assert any(line.startswith("look: exp-01: its samples say") for line in looks(session))
    assert "Not borne out: its samples say" in session.script("render_report", "--as", "improvements").stdout

    for better in ({"gain": 9.99}, {"interval": [8.0, 11.0]}):
        figures = json.dumps({**first, **better})
        journal.write_text(before.replace(json.dumps(first, separators=(",", ":")), figures))
        assert any(line.startswith("look: exp-01: its samples give") for line in looks(session)), better

    run = {**next(e for e in events(session) if e.get("experiment_id") == "exp-02" and "run" in e)}
    invented = {**run, "run": 9, "experiment_id": "exp-99", "verdict": {"gain": 0.5, "seed": "none"}}
    journal.write_text(before + json.dumps(invented) + "\n")
    session.write("src/v", "1.0\n")
    session.git("commit", "-qam", "by hand")
    found = "\n".join(looks(session))
    assert "exp-99: the journal holds no comparison of it: nobody measured it" in found
    assert "on autoresearch/quick was measured by nobody" in found


def test_another_bundle_than_that_of_the_lock_is_said(session: Any) -> None:
    """Who judges with other scripts has judged by another rule."""
    journal = session.root / "autoresearch.jsonl"
    lock = next(e for e in events(session) if e.get("type") == "lock")
    journal.write_text(journal.read_text().replace(lock["bundle"], "0" * 64))

    assert [f"look: {marks.BUNDLE}"] == looks(session)


@pytest.mark.parametrize(
    ("key", "was", "value", "said"),
    [
        ("allow", [], ["env"], ["--allow env"]),
        ("allow", ["env"], ["env", "build-file"], ["--allow build-file"]),
        ("noChecks", None, True, ["--no-checks"]),
        ("margin", 0.05, 0.01, ["margin 0.05 -> 0.01"]),
        ("margin", 0.01, 0.05, []),
        ("margin", None, 0.005, ["margin 0.01 -> 0.005"]),
        ("margin", None, 0.03, []),
        ("layouts", None, 4, []),
        ("outputsSeconds", None, 1, ["outputsSeconds 30 -> 1"]),
        ("scope", ["src/"], ["*"], ["scope src/ -> *"]),
        ("scope", ["src/", "lib/"], ["src/parse/*", "lib/a.c"], []),
        ("scope", [], ["src/"], []),
        ("scope", ["src/*.c"], ["src/"], ["scope src/*.c -> src/"]),
        ("network", None, True, ["--network"]),
        ("offLimits", ["a", "b"], ["b", "c"], ["no more off limits: a"]),
        ("guards", ["rss_mb=+2%"], ["rss_mb=+50%"], ["limit rss_mb=+2% -> rss_mb=+50%"]),
        ("guards", ["rss_mb=+2%"], ["rss_mb=+1%", "size=+1%"], []),
        ("guards", ["crc=same", "x=+1%"], ["crc=+1%"], ["limit crc=same -> crc=+1%", "limit x=+1% -> none"]),
        ("reviewAbove", 3.0, 9.0, ["review only above 9.0 times, before 3.0"]),
        ("reviewAbove", None, 9.0, ["review only above 9.0 times, before as usual"]),
        ("passEnv", [], ["LD_LIBRARY_PATH"], ["--pass-env LD_LIBRARY_PATH"]),
        ("budget", {"experiments": 5}, {"experiments": 50}, ["budget experiments 5 -> 50"]),
        ("guards", 7, [None], ["guards -> [None]"]),
        ("objective", "a", "b", []),
    ],
)
def test_what_counts_as_a_loosening(key: str, was: Any, value: Any, said: list[str]) -> None:
    """Less strict than before, and nothing else; before the lock everything is still being agreed."""
    note = {"type": "note", "set": {key: value}, "was": {} if was is None else {key: was}, "timestamp": 5}
    now = replay.fold(list(map(from_line, [BEGUN, LOCKED, BASELINE, DECIDED, note])))
    early = replay.fold(list(map(from_line, [BEGUN, note, LOCKED, {**BASELINE, "timestamp": 9}])))

    assert now
    assert early
    assert (said, []) == (marks.loosened(now), marks.loosened(early))
    assert [] == marks.loosened(now, until=4)


@pytest.mark.parametrize(
    ("lacks", "rules", "asked"),
    [(["no AUTORESEARCH_SEED"], ["remembers"], 1), ([], ["remembers"], 0), (["no AUTORESEARCH_SEED"], ["env"], 0)],
)
def test_a_program_that_remembers_one_input_asks_a_reader(lacks: list[str], rules: list[str], asked: int) -> None:
    """Where the benchmark makes no fresh input nothing shows that the gain stands on it; else the comparison does."""
    now = replay.fold(list(map(from_line, [BEGUN, LOCKED, {**BASELINE, "lacks": lacks}])))

    assert now
    assert asked == len(evidence.by_heart(now, rules))
