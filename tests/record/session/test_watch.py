"""What runs now, for people: elapsed beside expected on a terminal, what is new as lines elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from conftest import BUNDLE, Repo

from helpers.record.session import watch


def test_a_row_shows_elapsed_beside_expected() -> None:
    """Half of the expected time is half of the bar; what is not known yet is said, and nothing is made up."""
    known = {
        "name": "exp-01",
        "worker": "local",
        "state": "running",
        "elapsed": 30.0,
        "expected": 60.0,
        "said": "8 pairs",
    }
    head, first, second = watch._table([known, {**known, "expected": None}])

    assert "so far" in head
    assert "##########..........  30 s of about 60 s  8 pairs" in first
    assert "?..................." in second
    assert "about" not in second
    assert ["nothing runs"] == watch._table([])


def test_lines_where_there_is_no_terminal(session: Repo) -> None:
    """Piped, --watch prints what runs once for each change of it, and no sequence of a terminal."""
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("sleep 2\necho 42\n")
    session.script("submit_experiment", "exp-01", "--desc", "slower")
    process = subprocess.Popen(
        [sys.executable, str(BUNDLE / "scripts/status.py"), "--watch", "0.2"],
        cwd=session.root,
        env=session.env,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
    finally:
        process.kill()
        process.wait()
    session.script("submit_experiment", "exp-01", "--cancel")

    assert "exp-01.0.1 on local" in line
    assert "of about" not in line  # how long a screen takes is not known before one has ended
    assert "\x1b" not in line
