"""A session whose metric is written in its source: whatever else this machine does, a comparison sees the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

GOAL = ("--goal quick --metric time_s --unit s --direction lower --margin 5 --review-above 1000").split()  # noqa: SIM905


@pytest.fixture
def steady(repo: Any) -> Any:
    """A locked session; `src/work.sh` prints the seconds, 2.0417 of them, and a little more, after a tenth of one."""
    return locked(repo, "echo 2.0417\n")


def locked(repo: Any, work: str) -> Any:
    """Begin and lock a session whose work is this."""
    repo.write("src/work.sh", work)
    repo.git("commit", "-qam", "two seconds")
    measure = 'set -e\nsleep 0.1\nv=$(bash src/work.sh)\n[ "$v" ]\necho "METRIC time_s=$v$((RANDOM % 90 + 10))"\n'
    repo.write("autoresearch.sh", measure, 0o755)
    repo.write("autoresearch.checks.sh", '[ "$(bash src/work.sh)" != -1 ] && bash src/work.sh\n', 0o755)
    repo.script("start_session", *GOAL)
    repo.script("start_session", "--lock")
    return repo


def sealed(session: Any, name: str, work: str) -> None:
    """Make an experiment whose work is this."""
    copy = Path(session.script("snapshot_workdir", "create", name).stdout.strip())
    (copy / "src/work.sh").write_text(work)
    session.script("snapshot_workdir", "seal", name, "--desc", "try it")
