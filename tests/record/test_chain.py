"""From a source to the commit: nothing on the way loses where a change came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def test_from_a_forgotten_commit_to_a_kept_one(session: Any) -> None:
    """Found in the log, queued, submitted by the idea's id, kept: the commit cites both with their titles."""
    session.git("switch", "-q", "main")
    session.write("src/work.sh", "sleep 0.04\necho 42\n")
    old = session.commit("Sleep less: 1.25x faster (#7)")
    session.git("switch", "-q", "autoresearch/quick")

    found = session.script("search_github", "prs", "--local").stdout
    assert f"commit:{old[:12]}" in found
    session.script("ideas", "add", "--from", f"commit:{old[:12]}")
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("sleep 0.005\necho 42\n")
    session.script("submit_experiment", "exp-01", "--desc", "sleep less", "--source", "idea-01")
    session.script("collect_results", "--wait", "60", "--all")
    session.script("compare", "exp-01")
    session.script("record_result", "keep", "exp-01")

    message = session.git("log", "-1", "--format=%B")
    assert 'Source: idea-01 "Sleep less: 1.25x faster (#7)"' in message
    assert f'Source: commit:{old[:12]} "Sleep less: 1.25x faster (#7)"' in message
    assert f"commit:{old[:12]}" in session.git("show", "HEAD:IMPROVEMENTS.md")
    events = [json.loads(line) for line in (session.root / "autoresearch.jsonl").read_text().splitlines()]
    assert f"commit:{old[:12]}" in [e.get("source") for e in events if e.get("type") == "literature"]
    assert f"idea-01, commit:{old[:12]}" == events[-1]["literature_source"]
