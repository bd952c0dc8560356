"""The lock refuses what only one whole run can measure, and what is built or measured once and then read again."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from conftest import BENCHMARK, CHECKS

from helpers.comparison import BEGUN
from helpers.judge.compare import checks
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import Side, SideError
from helpers.run.jobs.task import Task
from helpers.run.jobs.tests_run import Tests

BEGIN = ["--goal", "quick", "--metric", "time_s", "--direction", "lower", "--margin", "5", "--review-above", "1000"]
STALE = (
    '#!/bin/bash\nset -e\n[ -f old ] || { bash src/work.sh && echo "METRIC time_s=2.$RANDOM$RANDOM" >old; }\ncat old\n'
)


def refused(repo: Any) -> str:
    """Return why the lock refuses, and what it says to do."""
    return str(repo.script("start_session", "--lock", code=1).stderr)


def test_a_benchmark_that_gives_its_first_result_again_is_refused(repo: Any) -> None:
    """Its noise would be the same in every pair of a comparison, and prove anything; the file is named."""
    repo.write("autoresearch.sh", STALE, 0o755)
    theirs = CHECKS.rstrip() + ' && [ "${LC_ALL-C.UTF-8}" = C.UTF-8 ]\n'  # in every run, or in none
    repo.write("autoresearch.checks.sh", theirs, 0o755)
    repo.script("start_session", *BEGIN)

    assert "read from what an earlier run, or the build, left (old" in refused(repo)
    repo.write("autoresearch.sh", "set -e\nn=$(bash src/work.sh)\necho METRIC time_s=${n:?}.1234 | tee old\n")
    repo.script("start_session", "--lock", LC_ALL="C.UTF-8")  # what never varies is no such thing


def test_checks_may_need_what_the_benchmark_makes(repo: Any) -> None:
    """A benchmark that builds the program itself is no reason to blame the baseline before it has run."""
    repo.write("autoresearch.sh", BENCHMARK.replace("bash src/work.sh", "cp src/work.sh out; bash out"), 0o755)
    repo.write("autoresearch.checks.sh", CHECKS.replace("src/work.sh", "out"), 0o755)
    repo.script("start_session", *BEGIN, "--max-pairs", "8")
    repo.script("start_session", "--lock")
    for name, answer, code in (("exp-01", 42, 0), ("exp-02", 41, 1)):
        copy = Path(repo.script("snapshot_workdir", "create", name).stdout.strip())
        (copy / "src/work.sh").write_text(f"sleep 0.01\necho {answer}\n")
        repo.script("snapshot_workdir", "seal", name, "--desc", "less sleep")
        repo.script("compare", name, code=code)


def test_what_a_build_hands_on_outside_of_the_copy_is_not_there(repo: Any) -> None:
    """A whole run has it, a comparison has not: that is said at the lock, not of every candidate later."""
    repo.write("autoresearch.sh", BENCHMARK.replace("bash src/work.sh", 'bash "$TMPDIR/work.sh"'), 0o755)
    repo.write("autoresearch.checks.sh", CHECKS, 0o755)
    repo.script("start_session", *BEGIN, "--build", 'cp src/work.sh "$TMPDIR/"')

    said = refused(repo)

    assert "does not as a comparison runs it: autoresearch.sh ended with exit" in said
    assert "only the copy stays" in said


def test_a_product_in_git_that_make_takes_for_new_is_refused(repo: Any) -> None:
    """All files of a copy are of one time, so no candidate would ever be built: that is seen on a broken copy."""
    repo.write("Makefile", "out.sh: src/work.sh\n\tcp src/work.sh out.sh\n")
    repo.write("out.sh", (repo.root / "src/work.sh").read_text())
    repo.commit()
    repo.write("autoresearch.sh", BENCHMARK.replace("src/work.sh", "out.sh"), 0o755)
    repo.write("autoresearch.checks.sh", CHECKS.replace("src/work.sh", "out.sh"), 0o755)
    repo.script("start_session", *BEGIN, "--build", "make", "--scope", "src/")

    said = refused(repo)

    assert "does not build it again" in said
    assert "let git ignore what the build makes" in said


def test_an_answer_that_the_checks_write_themselves_is_the_baselines(repo: Any) -> None:
    """Where there is none they write the candidate's own: it is held against the one of the baseline as well.

    What they write otherwise in each folder, or in each run, is no such answer.
    """
    own = "[ -s src/work.sh ]\n[ -f golden ] || bash src/work.sh >golden\nbash src/work.sh | diff - golden\n"
    folder = 'date +%N >log\n[ -f where ] || pwd >where\n[ "$(cat where)" = "$PWD" ]\n'
    repo.write("autoresearch.sh", BENCHMARK, 0o755)
    repo.write("autoresearch.checks.sh", f"#!/bin/bash\nset -e\n{own}{folder}", 0o755)
    repo.script("start_session", *BEGIN, "--max-pairs", "8")
    repo.script("start_session", "--lock")
    for name, answer in (("exp-01", 41), ("exp-02", 42)):
        copy = Path(repo.script("snapshot_workdir", "create", name).stdout.strip())
        (copy / "src/work.sh").write_text(f"sleep 0.01\necho {answer}\n")
        repo.script("snapshot_workdir", "seal", name, "--desc", "less sleep")

    wrong = repo.script("compare", "exp-01", code=1).stdout
    refusal = repo.script("record_result", "keep", "exp-01", code=4).stderr
    right = repo.script("compare", "exp-02").stdout

    assert "checks: beside golden, log, where, as they write it on the baseline: failed" in wrong
    assert "beside golden" in refusal
    assert "improved" in right


def test_checks_that_chance_decides_are_found(repo: Any) -> None:
    """They fail in one of three on the baseline, or look at one case of three: the lock runs them several times."""
    repo.write("autoresearch.sh", BENCHMARK, 0o755)
    repo.script("start_session", *BEGIN)

    repo.write("autoresearch.checks.sh", f"{CHECKS}\n[ $((RANDOM % 3)) != 0 ] || exit 9\n", 0o755)
    said = (refused(repo) for _ in range(20))  # in one of three of them the baseline does not pass once
    assert "as a comparison runs it: the checks: failed (exit 9)" in next(each for each in said if "once, and" in each)

    repo.write("autoresearch.checks.sh", f"[ $((RANDOM % 3)) = 0 ] || {{\n{CHECKS}\n}}\n", 0o755)
    said = repo.script("start_session", "--lock").stderr
    assert "autoresearch.checks.sh still passes in a copy whose source is broken on purpose" in said
    assert "of several runs some passed: chance, or an earlier run, decides what is looked at. Each keep will" in said


def test_a_candidate_that_is_wrong_now_and_then_is_not_kept(repo: Any) -> None:
    """A winner's checks run as often as is cheap: a fault that half of the runs do not show is found.

    What they leave in the copy (a stamp, products of other names in every run) neither spares them a later run nor is
    held against a candidate.
    """
    repo.write("autoresearch.sh", BENCHMARK, 0o755)
    repo.write("seen", "")
    repo.commit()
    stamp = f"[ -e stamp ] || [ -s seen ] || [ -e ~/stamp ] || [ -e $TMPDIR/stamp ] || {{\n{CHECKS}\n}} || exit 1\n"
    stamp += "touch stamp ~/stamp $TMPDIR/stamp; echo >>seen\nmkdir -p made/deep && mktemp made/deep/XXXXXX\n"
    repo.write("autoresearch.checks.sh", stamp, 0o755)
    repo.script("start_session", *BEGIN, "--max-pairs", "8")
    repo.script("start_session", "--lock")
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("echo $((RANDOM % 2 ? 42 : 0))\n")
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "without the sleep")

    said = repo.script("compare", "exp-01", "--max-pairs", "8", "--json", code=1).stdout

    assert '"verdict": "not_improved"' in said
    assert "checks: failed" in said
    copy = Path(repo.script("snapshot_workdir", "create", "exp-02").stdout.strip())
    (copy / "src/work.sh").write_text("sleep 0.01\necho 42\n")
    repo.script("snapshot_workdir", "seal", "exp-02", "--desc", "less sleep")
    assert "exp-02: improved" in repo.script("compare", "exp-02").stdout


def test_checks_that_no_wrong_answer_fails_are_told(repo: Any) -> None:
    """The answer against itself notices a crash alone: small faults in the source show it; a digest makes up for it."""
    repo.write("src/work.sh", "sleep 0.02\nn=$((3 * 2))\necho $((n * 7))\n")
    repo.commit()
    itself = 'one=$(bash src/work.sh) && [ "$one" = "$(bash src/work.sh)" ]\n'
    repo.write("autoresearch.sh", BENCHMARK, 0o755)
    repo.write("autoresearch.checks.sh", itself, 0o755)
    repo.script("start_session", *BEGIN)

    said = repo.script("start_session", "--lock").stderr

    assert "passes with each of 3 faults put into the source ('src/work.sh:2: n=$((4 * 2))', ...)" in said
    assert "notices a crash, but no wrong answer" in said
    repo.write("autoresearch.checks.sh", itself + '[ "$one" = 42 ]\n', 0o755)
    assert "faults put into the source" not in repo.script("start_session", "--lock").stderr


class Asked(Side):
    """A side whose checks are `said` run by run, each a pair of a result and a log; the last of them again and again.

    A run that finds a mark of an earlier one passes: in a new or a changed file of the copy, in HOME, or in TMPDIR.
    """

    def __init__(self, folder: Path, *said: tuple[str, str]) -> None:
        super().__init__(folder, "", folder, Task("", "", ""), [])
        for place in ("copy", "home", "tmp"):
            (folder / place).mkdir(parents=True)
        (folder / "copy" / "status").write_text("untested")
        self.results, self.spared = list(said), 0
        self.remember()

    def check(self) -> str:
        """Say the next of what is said."""
        self.empty()
        marks = [self.folder / place / "stamp" for place in ("copy", "home", "tmp")]
        if any(mark.exists() for mark in marks) or (self.copy / "status").read_text() != "untested":
            self.spared += 1
            return "passed"
        for mark in marks:
            mark.touch()
        (self.copy / "status").write_text("passed")
        result, printed = self.results.pop(0) if len(self.results) > 1 else self.results[0]
        self.checks_log.write_text(printed)
        return result


GOOD, BAD = ("passed", "Ran 3 tests in 0.1s"), ("failed (exit 1)", "")
LESS = ("passed", "Ran 3 tests in 0.1s\n\nOK (skipped=1)")


@pytest.mark.parametrize("before", [0, 1, 4])
def test_whichever_run_fails_the_checks_have_failed(tmp_path: Path, before: int) -> None:
    """The first of several as well as a later one: what runs of the same checks say after it takes nothing back.

    No run finds what one before it made or changed.
    """
    one, other = (Asked(tmp_path / name, *[GOOD] * before, BAD, GOOD) for name in "ab")
    plan = cast("Plan", SimpleNamespace(tests=None))

    assert {"passed", "failed (exit 1)"} == set(checks.runs(one))
    assert "not_improved" == checks.run(BEGUN, plan, Asked(tmp_path / "c", GOOD), other, io.StringIO()).verdict
    assert 0 == one.spared == other.spared


@pytest.mark.parametrize("worse", [BAD, LESS])
@pytest.mark.parametrize("before", [0, 4])
@pytest.mark.parametrize("shared", [False, True])
def test_a_run_that_fails_or_tests_less_is_held_against_as_many_of_the_baseline(
    tmp_path: Path, worse: tuple[str, str], before: int, shared: bool
) -> None:
    """It ends a winner whichever of its runs it is, unless a run of the baseline, which no stamp spares, is like it."""
    cand = Asked(tmp_path / "c", *[GOOD] * before, worse, GOOD)
    base = Asked(tmp_path / "b", *[GOOD] * 3, worse if shared else GOOD, GOOD)
    plan = cast("Plan", SimpleNamespace(tests=vars(Tests(3))))

    def asked() -> Any:
        return checks.run(BEGUN, plan, base, cand, io.StringIO())

    if shared and worse is BAD:
        with pytest.raises(SideError, match="do not pass on the baseline"):
            asked()
    else:
        assert ("" if shared else "not_improved") == asked().verdict
