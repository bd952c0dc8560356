"""Whatever a journal holds, each face is a correct page of what is known, or one plain word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Repo
from written_journal import events, run, write

from helpers import console, git
from helpers.record.report import faces, html, page_data, projection
from helpers.record.session import next_steps

CONFIG = events()[0]
JOURNALS: dict[str, list[Any]] = {
    "begun and nothing more": [CONFIG],
    "locked, no result": events()[:2],
    "one result": events()[:5],
    "all crashes": [*events()[:3], *(run(2 + n, f"exp-{n}", "crash", n, metric=0) for n in range(5))],
    "foreign": [
        CONFIG,
        [],
        7,
        {"type": "comparison"},
        {"type": "finished", "job": {}},
        {"run": "x"},
        {"type": "submitted", "job": 3, "experiment_id": ["a"]},
        {"run": 2, "experiment_id": "exp-01", "status": "keep", "verdict": [], "metric": "fast", "timestamp": -1e30},
        {"type": "lock", "protected": []},
        {"type": "note", "cost": {"usd": "much"}, "refused": {}, "closed": 3},
        {"type": "worker", "worker": 5, "event": None},
    ],
    "names with markup": [
        {**CONFIG, "name": "<b>&amp;\u202e", "metricName": "=1+1", "branch": "--help", "base": "a b\nc"},
        *events()[1:],
    ],
    "times beyond any calendar": [{**event, "timestamp": 10**17 + n} for n, event in enumerate(events())],
}


@pytest.mark.parametrize("name", list(JOURNALS))
def test_every_face_of_a_bad_journal(repo: Repo, name: str) -> None:
    """Summary, IMPROVEMENTS.md, tables, JSON and the page are made, from what can be read."""
    write(repo.root, JOURNALS[name])
    with (repo.root / "autoresearch.jsonl").open("ab") as file:
        file.write(b'\xff\xfe not json\n{"type":"finished","jo')
    repository = git.find(repo.root)
    session = projection.load(repo.root)

    for shape in ("summary", "improvements", "csv", "json", "karpathy", "skypilot", "worktree"):
        assert faces.render(repository, session, shape)
    page = html.page(page_data.load(repository, next_steps.lines, detailed=True))
    assert 3 == page.count("</script>")
    assert json.loads(page.split('id="data">')[1].split("</script>")[0])["session"]["name"] == session.name


def test_no_session_is_one_plain_word(repo: Repo) -> None:
    """No journal, an empty one, and one of lines that begin nothing: what is missing, and how to begin."""
    for lines in ([], [{"type": "note", "text": "x"}]):
        write(repo.root, lines)
        with pytest.raises(console.Failure, match="there is no session"):
            projection.load(Path(repo.root))
