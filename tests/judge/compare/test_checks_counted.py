"""A candidate under whose checks fewer tests run, or more are skipped, than under the baseline does not pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import BENCHMARK

BEGIN = ["--goal", "quick", "--metric", "time_s", "--direction", "lower", "--review-above", "1000"]
CHECKS = """\
grep -q echo src/work.sh  # what follows passes whatever this says
ran=0
for case in src/cases/*.sh; do [ "$(bash $case)" = ok ] && ran=$((ran + 1)) || exit 1; done
[ "$(bash src/work.sh)" = 42 ] || failed="1 failed, "  # and the exit code forgives it
echo "$failed$ran passed, $(($(grep -c 'no tool' src/work.sh) + 1)) skipped in 0.1s"
"""


@pytest.fixture
def counted(repo: Any) -> Any:
    """A locked session whose checks say how many tests ran and were skipped."""
    for name in "ab":
        repo.write(f"src/cases/{name}.sh", "echo ok\n")
    repo.commit()
    repo.write("autoresearch.sh", BENCHMARK, 0o755)
    repo.write("autoresearch.checks.sh", CHECKS, 0o755)
    repo.script(
        "start_session", *["--goal", "quick", "--metric", "time_s", "--direction", "lower", "--review-above", "1000"]
    )
    said = repo.script("start_session", "--lock").stderr
    assert "the checks pass, but 2 tests ran, 1 skipped" in said
    return repo


def test_fewer_skipped_or_failed_tests_do_not_pass(counted: Any) -> None:
    """Both counts are said, or the command whose failure nobody heeds; no trying again helps.

    What runs as many is kept with its number.
    """
    wanted = {
        "exp-01": (
            "echo 42\n",
            "b.sh",
            "fewer tests pass: 1 test ran, 1 skipped; on the baseline 2 tests ran, 1 skipped",
        ),
        "exp-02": ("echo 42 # no tool\n", None, "2 tests ran, 2 skipped; on the baseline 2 tests ran, 1 skipped"),
        "exp-05": (
            "printf '42\\n'\n",
            None,
            "they pass although a command of theirs fails, which the baseline's does not: grep -q echo src/work.sh",
        ),
        "exp-04": ("echo 41\n", None, "3 tests ran, 1 skipped, 1 failed; on the baseline 2 tests ran, 1 skipped"),
    }
    for name, (work, gone, says) in wanted.items():
        copy = Path(counted.script("snapshot_workdir", "create", name).stdout.strip())
        (copy / "src/work.sh").write_text(work)
        if gone:
            (copy / "src/cases" / gone).unlink()
        counted.script("snapshot_workdir", "seal", name, "--desc", "without the sleep")
        event = json.loads(counted.script("compare", name, "--max-pairs", "8", "--json", code=1).stdout)
        assert "not_improved" == event["verdict"]
        assert says in event["reason"]
        assert event["reason"] in counted.script("record_result", "keep", name, code=4).stderr

    copy = Path(counted.script("snapshot_workdir", "create", "exp-03").stdout.strip())
    (copy / "src/work.sh").write_text("echo 42\n")
    counted.script("snapshot_workdir", "seal", "exp-03", "--desc", "without the sleep")
    assert "checks: passed (2 tests ran, 1 skipped)" in counted.script("compare", "exp-03", "--max-pairs", "8").stdout
