"""A session that an earlier version began (data/, recorded from its scripts) goes on under this one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parent / "data"


@pytest.fixture
def begun(repo: Any) -> Any:
    """That session, its repository and the verdict of its comparison where they stood."""
    repo.git("checkout", "-q", "--detach")
    repo.git("fetch", "-q", "--force", str(DATA / "session-before.bundle"), "+refs/*:refs/*")
    repo.git("checkout", "-q", "autoresearch/quick")
    for name in ("experiment.yaml", "instructions.md"):  # in no commit of the branch, but in every copy
        (repo.root / name).write_text(repo.git("show", f"refs/autoresearch/exp-01:{name}") + "\n")
    journal = (DATA / "session-before.jsonl").read_text()
    (repo.root / "autoresearch.jsonl").write_text(journal)
    (compared,) = (line for line in journal.splitlines() if '"comparison"' in line)
    event = {key: value for key, value in json.loads(compared).items() if key != "timestamp"}
    folder = repo.root / ".autoresearch" / "comparisons" / event["job"]
    folder.mkdir(parents=True)
    for name, text in (("verdict", json.dumps(event)), ("finished", ""), ("spec.json", "{}")):
        (folder / name).write_text(text)
    return repo


def test_goes_on(begun: Any) -> None:
    """What was compared is kept, what was screened is turned down, a new experiment is run; no old line is touched."""
    before = (begun.root / "autoresearch.jsonl").read_text()

    assert "exp-01: compared: improved" in begun.script("status").stdout
    begun.script("record_result", "keep", "exp-01", "--problem", "it slept", "--reviewed", "it slept too long")
    begun.script("record_result", "discard", "exp-03", "--why", "no gain")
    copy = Path(begun.script("snapshot_workdir", "create").stdout.strip())
    shutil.copy(begun.root / "IMPROVEMENTS.md", copy / "notes.md")
    begun.script("submit_experiment", copy.name, "--desc", "notes")
    screened = begun.script("collect_results", "--wait", "60", "--all").stdout

    after = (begun.root / "autoresearch.jsonl").read_text()
    assert after.startswith(before)
    decided = {e.get("experiment_id"): e["status"] for e in map(json.loads, after.splitlines()) if "run" in e}
    assert {None: "keep", "exp-01": "keep", "exp-02": "checks_failed", "exp-03": "discard"} == decided
    assert "exp-04" == copy.name
    assert "exp-04  local" in screened
    assert "Experiment: exp-01" in begun.git("log", "-1", "--format=%B")
