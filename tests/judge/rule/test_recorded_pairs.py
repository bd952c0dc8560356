"""compare.py --samples: anyone can examine the rule, without a repository."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

GOOD = {"direction": "lower", "baseline": [1.0] * 24, "candidate": [0.9] * 24, "margin": 0.01, "max_pairs": 24}


def test_one_verdict_a_line(repo: Any, tmp_path: Path) -> None:
    """Traces in, verdicts out, in order; it runs outside of any repository and from a pipe."""
    worse = {**GOOD, "candidate": [1.1] * 24}
    text = json.dumps(GOOD) + "\n\n" + json.dumps(worse) + "\n"
    file = tmp_path / "traces.jsonl"
    file.write_text(text)

    from_file = repo.script("compare", "--samples", str(file), cwd=tmp_path).stdout
    from_pipe = repo.script("compare", "--samples", "-", cwd=tmp_path, stdin=text).stdout

    rows = [json.loads(line) for line in from_file.splitlines()]
    assert ["improved", "not_improved"] == [row["verdict"] for row in rows]
    assert {"verdict", "pairs", "gain", "interval", "wins"} == set(rows[0])
    assert from_file == from_pipe


def test_bad_lines_are_named_and_cost_nothing_else(repo: Any, tmp_path: Path) -> None:
    """A line that is no trace gives an error line with its number; the rest is judged; exit 2."""
    lines = [
        "{",
        json.dumps(GOOD),
        "[]",
        json.dumps({**GOOD, "baseline": [0.0] * 24}),
        json.dumps({**GOOD, "candidate": [1.0]}),
        "7",
    ]

    done = repo.script("compare", "--samples", "-", cwd=tmp_path, stdin="\n".join(lines), code=2)

    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [1, 3, 4, 5, 6] == [row["line"] for row in rows if "error" in row]
    assert "improved" == rows[1]["verdict"]


def test_hostile_lines_end_nothing(repo: Any, tmp_path: Path) -> None:
    """Numbers beyond a float, an endless max_pairs, bytes that are no text, deep nesting: an error line each."""
    lines = [
        json.dumps({**GOOD, "baseline": [10**400] * 24, "candidate": [1.0] * 24}).encode(),
        json.dumps({**GOOD, "baseline": [1e308] * 24, "candidate": [1e-308] * 24}).encode(),
        json.dumps({**GOOD, "baseline": [1e-308] * 24, "candidate": [1e308] * 24}).encode(),
        json.dumps({**GOOD, "max_pairs": float("inf")}).encode(),
        json.dumps({**GOOD, "max_pairs": -1}).encode(),
        json.dumps({**GOOD, "mode": "better"}).encode(),
        json.dumps({**GOOD, "baseline": [True] * 24}).encode(),
        b'{"direction":"\xff"}',
        b"[" * 100_000,
        json.dumps(GOOD).encode(),
    ]
    file = tmp_path / "hostile.jsonl"
    file.write_bytes(b"\n".join(lines))
    script = Path(__file__).resolve().parents[3] / "scripts" / "compare.py"
    outputs = []
    for argument in (str(file), "-"):
        with file.open("rb") as stdin:
            done = subprocess.run(
                [sys.executable, script, "--samples", argument], stdin=stdin, capture_output=True, cwd=tmp_path
            )
        assert 2 == done.returncode, done.stderr.decode()
        outputs.append(done.stdout)

    rows = [json.loads(line) for line in outputs[0].splitlines()]
    assert list(range(1, 10)) == [row["line"] for row in rows if "error" in row]
    assert "improved" == rows[-1]["verdict"]
    assert outputs[0] == outputs[1]


def test_a_missing_file(repo: Any, tmp_path: Path) -> None:
    """A file that is not there: exit 2 and what was expected."""
    assert "baseline" in repo.script("compare", "--samples", "none.jsonl", cwd=tmp_path, code=2).stderr
