"""Each fact of a keep that stands in two places: status.py tells when one of them was edited or deleted."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from written_journal import steadily

Lines = list[dict[str, Any]]


def journal(session: Any) -> Lines:
    """The journal."""
    return [json.loads(line) for line in (session.root / "autoresearch.jsonl").read_text().splitlines()]


def write(session: Any, lines: Lines) -> None:
    """Replace the journal."""
    (session.root / "autoresearch.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def looks(session: Any) -> list[str]:
    """What status.py asks a person to look at."""
    return [line for line in session.script("status").stdout.splitlines() if line.startswith("look: ")]


def kept(session: Any, name: str, seconds: str) -> None:
    """Make, screen, compare and keep an experiment."""
    copy = Path(session.script("snapshot_workdir", "create", name).stdout.strip())
    (copy / "src/v").write_text(f"{seconds}\n")
    session.script("submit_experiment", name, "--desc", f"sleeps {seconds}", "--source", "own")
    session.script("collect_results", "--wait", "60")
    session.script("compare", name, "--max-pairs", "8")
    session.script("record_result", "keep", name, "--reviewed", "it is right")


@pytest.fixture
def steady(repo: Any) -> Any:
    """A locked session whose benchmark prints a file's number: what it says is no chance."""
    return steadily(repo, "1.5")


def other(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return "f" * 40 if len(value) == 40 else value + "x"
    return (
        [*value, *(value[:1] if isinstance(value[0], float) else "x")]
        if isinstance(value, list) and value
        else {"x": 1}
        if isinstance(value, dict)
        else ["x"]
    )


OWN = {"type", "timestamp", "clock", "run", "segment", "confidence", "cost_usd", "host", "worker", "metrics"}
OWN |= {"changed", "problem", "solution", "status", "commit"}
"""Keys of a run line that stand nowhere else, or decide nothing of a keep."""


def edits(lines: Lines) -> Iterator[tuple[str, Callable[[Lines], object]]]:
    """Every line deleted that a keep rests on; every key of its run and its comparison, and of the lock, changed."""
    for at, line in enumerate(lines):
        kind, name = "run" if "run" in line else line["type"], line.get("experiment_id")
        if kind not in ("worker", "literature", "idea", "finished"):
            yield f"{kind} {name} deleted", functools.partial(lambda its, at: its.pop(at), at=at)
        keys = {
            "comparison": {*line} - {"type", "timestamp", "clock"},
            "run": {*line} - OWN - {key for key in line if line[key] is None} if name else set(),
        }
        for key in () if name == "exp-01" else keys.get(kind, {"tree", "commit_full"} if kind == "lock" else ()):
            changed = {key: other(line[key])}
            yield f"{kind} {name} {key}", functools.partial(lambda its, at, by: its[at].update(by), at=at, by=changed)
        if kind == "lock":
            hashes = {"protected": {**line["protected"], "autoresearch.sh": "0" * 64}}
            yield "a locked hash", functools.partial(lambda its, at, by: its[at].update(by), at=at, by=hashes)


def test_what_was_edited_or_deleted_in_the_journal_is_told(steady: Any) -> None:
    """Every line that a keep rests on, deleted; every key of its run and its comparison, changed: each says more."""
    session = steady
    kept(session, "exp-01", "2.512")
    session.script("start_session", "--goal", "quick", "--margin", "2", "--allow", "build-file:setup.py")
    kept(session, "exp-02", "1.012")
    honest, lines = looks(session), journal(session)
    assert [True] == ["loosened after the lock" in line for line in honest], honest

    def differs(change: Callable[[Lines], object]) -> list[str]:
        edited = json.loads(json.dumps(lines))
        change(edited)
        write(session, edited)
        done = session.script("status", code=None)
        return [line for line in done.stdout.splitlines() if line.startswith("look: ") and line not in honest]

    silent = [what for what, edit in edits(lines) if not differs(edit)]
    assert [] == silent, silent

    note = next(at for at, line in enumerate(lines) if "set" in line)
    said = "".join(differs(lambda its: its.pop(note)))
    assert "exp-02: the journal's notes do not tell of '--allow build-file:setup.py; margin 0.05 -> 0.02'" in said
    run = next(at for at, line in enumerate(lines) if line.get("experiment_id") == "exp-02" and "run" in line)
    said = "".join(differs(lambda its: (its[run].pop("marks"), its.pop(note))))
    assert "exp-02: its commit says 'Loosened after the lock: --allow build-file:setup.py; margin 0.05 -> 0.02'" in said
    report = session.script("render_report").stdout
    assert "its commit says 'Loosened" in report
    assert "its commit says 'Loosened" in session.script("render_report", "--as", "improvements").stdout
    assert "its commit says 'Loosened" in session.script("finalize").stderr
    assert all(word in report for word in ("git show", "put the journal's line back"))

    write(session, lines)
    verdict = (
        session.root / f".autoresearch/comparisons/{next(e['job'] for e in lines if e.get('type') == 'comparison')}"
    )
    (verdict / "verdict").unlink()
    (told,) = (line for line in looks(session) if "exp-01: what measuring it wrote is gone" in line)
    assert "put the journal's line back" not in told


def test_what_was_done_honestly_is_not_told(steady: Any) -> None:
    """A keep after two comparisons, what was put on top and adopted, a keep after that, the end: nothing to look at."""
    session = steady
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/v").write_text("4.123\n")
    session.script("snapshot_workdir", "seal", "exp-01", "--desc", "subject: a field\x1b[0m of \u202e its own")
    session.script("compare", "exp-01", "--max-pairs", "8")
    session.script("compare", "exp-01", "--max-pairs", "8")
    session.script(
        "record_result", "keep", "exp-01", "--reviewed", "a \u202e reason\twith\x1b[1m marks", "--source", "own"
    )
    assert [] == looks(session)
    session.write("src/other", "1\n")
    session.commit("mine")
    session.script("start_session", "--lock", "--adopt")
    assert [] == looks(session)
    kept(session, "exp-02", "2.512")
    assert [] == looks(session)
    session.script("finish_session")
    assert [] == looks(session)
