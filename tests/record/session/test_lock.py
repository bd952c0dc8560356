"""What the lock proves before anything is measured: benchmark and checks look at the copy, and a failure leaves no commit."""

from __future__ import annotations

import os
from typing import Any

import pytest

BEGIN = (
    "--goal",
    "quick",
    "--metric",
    "time_s",
    "--unit",
    "s",
    "--direction",
    "lower",
    "--margin",
    "5",
    "--review-above",
    "1000",
)
TIMED = """\
#!/bin/bash
set -e
began=$EPOCHREALTIME
bash {program} > /dev/null
echo "METRIC time_s=$(python3 -c "print(f'{{$EPOCHREALTIME - $began:.6f}}')")"
"""


@pytest.mark.parametrize(
    ("which", "bench", "checks"),
    [
        ("autoresearch.sh", "{root}/src/work.sh", '[ "$(bash src/work.sh)" = 42 ]'),
        ("autoresearch.checks.sh", "src/work.sh", '[ "$(bash {root}/src/work.sh)" = 42 ]'),
        ("autoresearch.checks.sh", "src/work.sh", "[ -d corpus ] || { echo skipped; exit 0; }"),
    ],
    ids=["benchmark elsewhere", "checks elsewhere", "checks skip themselves"],
)
def test_what_does_not_look_at_the_copy_is_not_locked(repo: Any, which: str, bench: str, checks: str) -> None:
    """In a copy whose source is broken on purpose it passes all the same; the branch gets no commit of it."""
    repo.write("autoresearch.sh", TIMED.format(program=bench.replace("{root}", str(repo.root))), 0o755)
    repo.write("autoresearch.checks.sh", "#!/bin/bash\n" + checks.replace("{root}", str(repo.root)) + "\n", 0o755)
    repo.script("start_session", *BEGIN)
    before = repo.git("rev-parse", "HEAD")

    said = repo.script("start_session", "--lock", code=1).stderr

    assert which in said or "does not pass" in said  # behind walls there is no other place to look at
    assert "--lock again" in said
    assert before == repo.git("rev-parse", "HEAD")
    for script in ("submit_experiment", "compare"):  # without a baseline nothing is measured
        repo.script("snapshot_workdir", "create", "exp-01", code=None)
        repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "x", code=None)
        assert "not locked" in repo.script(script, "exp-01", code=2).stderr
    assert "" == repo.git("diff", "--cached", "--name-only")


def test_the_file_that_was_read_instead_is_named(repo: Any) -> None:
    """Where the system can tell, the message names the file of the person's work tree."""
    repo.write("autoresearch.sh", TIMED.format(program="src/work.sh"), 0o755)
    repo.write("autoresearch.checks.sh", f'#!/bin/bash\n[ "$(bash {repo.root}/src/work.sh)" = 42 ]\n', 0o755)
    repo.script("start_session", *BEGIN)
    said = repo.script("start_session", "--lock", code=1).stderr

    if os.uname().sysname == "Linux" and "does not pass" not in said:
        assert "src/work.sh of your work tree" in said


def test_a_metric_with_too_few_digits_is_not_locked(repo: Any) -> None:
    """A step of the last digit beyond the margin can show no gain of that size."""
    repo.write("autoresearch.sh", "#!/bin/bash\nset -e\nbash src/work.sh\necho METRIC time_s=0.12\n", 0o755)
    repo.write("autoresearch.checks.sh", '#!/bin/bash\n[ "$(bash src/work.sh)" = 42 ]\n', 0o755)
    repo.script("start_session", *BEGIN)

    assert "too few digits" in repo.script("start_session", "--lock", code=1).stderr
