"""What the lock proves before anything is measured: scripts look at the copy, a failure leaves no commit."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import pytest
from conftest import BENCHMARK, CHECKS, CLEAR

from helpers import console, events, replay
from helpers.record.session import lock
from helpers.run.jobs import metric_line

TIMED = """\
#!/bin/bash
set -e
began=$EPOCHREALTIME
bash {program} > /dev/null
took=$((${{EPOCHREALTIME/[.,]/}} - ${{began/[.,]/}}))
printf 'METRIC time_s=%d.%06d\\n' $((took / 1000000)) $((took % 1000000))
"""


@pytest.mark.parametrize(
    ("which", "bench", "checks"),
    [
        ("autoresearch.sh", "{root}/src/work.sh", '[ "$(bash src/work.sh)" = 42 ]'),
        ("autoresearch.checks.sh", "src/work.sh", '[ "$(bash {root}/src/work.sh)" = 42 ]'),
    ],
    ids=["benchmark elsewhere", "checks elsewhere"],
)
def test_what_does_not_look_at_the_copy_is_not_locked(repo: Any, which: str, bench: str, checks: str) -> None:
    """In a copy whose source is broken on purpose it passes anyway; the branch gets no commit of it."""
    repo.write("autoresearch.sh", TIMED.format(program=bench.replace("{root}", str(repo.root))), 0o755)
    repo.write("autoresearch.checks.sh", "#!/bin/bash\n" + checks.replace("{root}", str(repo.root)) + "\n", 0o755)
    repo.script("start_session", *CLEAR)
    before = repo.git("rev-parse", "HEAD")

    said = repo.script("start_session", "--lock", code=1).stderr

    assert which in said or "does not pass" in said  # behind walls there is no other place to look at
    assert "start_session.py --lock" in said
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
    repo.script("start_session", *CLEAR)
    said = repo.script("start_session", "--lock", code=1).stderr

    if os.uname().sysname == "Linux" and "does not pass" not in said:
        assert "src/work.sh of your work tree" in said


def test_a_metric_with_too_few_digits_is_not_locked(repo: Any) -> None:
    """A step of the last digit beyond the margin can show no gain of that size."""
    repo.write("autoresearch.sh", "#!/bin/bash\nset -e\nbash src/work.sh\necho METRIC time_s=0.12\n", 0o755)
    repo.write("autoresearch.checks.sh", '#!/bin/bash\n[ "$(bash src/work.sh)" = 42 ]\n', 0o755)
    repo.script("start_session", *CLEAR)

    assert "too few digits" in repo.script("start_session", "--lock", code=1).stderr


@pytest.mark.parametrize(
    ("printed", "coarse"),
    [
        ("0.200", False),
        ("2.0000e-01", False),
        ("5.1234e-4", False),
        ("2e-1", True),
        ("0.2", True),
        ("7", True),
        ("700", False),
    ],
)
def test_the_digits_that_are_printed_count_and_not_those_of_the_number(printed: str, coarse: bool) -> None:
    """A time that happens to end in noughts is as fine as any other that the benchmark prints, whatever way it does."""
    config = events.Config(name="g", metric="time_s", unit="s", direction="lower")
    now = replay.fold([config, events.Lock(protected={}, task={}, commit_full="", tree="")])
    assert now
    lines = (
        "METRIC time_s={}\n",
        "SAMPLES time_s={0},{0}\n",
        "METRIC\t time_s={} \r\n",
        "\x1b[32mMETRIC time_s={}\x1b[0m\n",
    )
    for line in lines:
        read = metric_line.values_as_printed(line.format(printed).encode(), "time_s")
        assert read
        with pytest.raises(console.Failure) if coarse else contextlib.nullcontext():
            lock._require_digits(now, [float(printed)], read)
    assert not metric_line.values_as_printed(b"METRIC other_s=0.1\n", "time_s")


@pytest.mark.parametrize(
    "checks", ["[ -d corpus ] || { echo skipped; exit 0; }", "test -f README", "bash src/work.sh || true"]
)
def test_checks_that_pass_on_broken_source_need_a_readers_words(repo: Any, checks: str) -> None:
    """They skip themselves, look elsewhere, or swallow the failure: the lock says so, and no keep goes by itself."""
    repo.write("README", "x")
    repo.commit()
    repo.write("autoresearch.sh", TIMED.format(program="src/work.sh"), 0o755)
    repo.write("autoresearch.checks.sh", f"#!/bin/bash\n{checks}\n", 0o755)
    repo.script("start_session", *CLEAR, "--review-above", "1000")
    assert "passes in a copy whose source is broken" in repo.script("start_session", "--lock").stderr
    assert ["checks"] == replay.load(repo.root).runs[0].unproven
    if "true" not in checks:  # the keep is the same for all
        return
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("echo 0\n")
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "faster and wrong")
    repo.script("compare", "exp-01", "--max-pairs", "8")

    assert "unproven" in repo.script("record_result", "keep", "exp-01", code=4).stderr


def test_empty_checks_are_told_as_none(repo: Any) -> None:
    """`true` is the person's way to say that nothing is checked: said at the lock, as --no-checks is."""
    repo.write("autoresearch.sh", TIMED.format(program="src/work.sh"), 0o755)
    repo.write("autoresearch.checks.sh", "#!/bin/bash\nset -e\n# nothing yet\ntrue\n", 0o755)
    repo.script("start_session", *CLEAR)

    assert "checks nothing, like --no-checks" in repo.script("start_session", "--lock").stderr


def test_an_option_given_again_changes_only_what_it_names(repo: Any) -> None:
    """A budget, a limit, a time or a variable more leaves the others as they were."""
    first = (
        "--max-experiments",
        "2",
        "--build",
        "true",
        "--guard",
        "size_b=+2%",
        "--pass-env",
        "ONE",
        "--off-limits",
        "a",
    )
    repo.script("start_session", *CLEAR, *first)
    repo.script("start_session", "--goal", "quick", "--budget-hours", "8", "--bench-timeout", "900")
    repo.script(
        "start_session", "--goal", "quick", "--guard", "rss_mb=+5%", "--guard", "size_b=+9%", "--pass-env", "TWO"
    )
    repo.script("start_session", "--off-limits", "b")
    config = replay.load(repo.root).config.to_line()

    assert {"experiments": 2, "hours": 8.0} == config["budget"]
    assert {"BUILD_CMD": "true", "BENCH_TIMEOUT": 900} == {k: config["envs"][k] for k in ("BUILD_CMD", "BENCH_TIMEOUT")}
    assert ["rss_mb=+5%", "size_b=+9%"] == config["guards"]
    assert (["ONE", "TWO"], ["a", "b"]) == (config["passEnv"], config["offLimits"])


def test_another_goal_does_not_replace_a_session(session: Any) -> None:
    """A slip in --goal is told, with the way to resume; --new begins another in its place."""
    said = session.script(
        "start_session", "--goal", "quik", "--metric", "time_s", "--direction", "lower", code=2
    ).stderr
    assert "the session quick is under way" in said
    assert "did you mean quick" in said
    assert "session quick" in session.script("status").stdout

    session.script("start_session", "--goal", "other", "--metric", "time_s", "--direction", "lower", "--new")
    assert "session other" in session.script("status").stdout


def test_what_the_journal_names_outlives_gc(session: Any) -> None:
    """Locked and merged trees are held: after `git gc --prune=now` the next comparison is made."""
    for number, text in enumerate(("sleep 0.03\necho 42\n", None), 1):
        copy = Path(session.script("snapshot_workdir", "create", f"exp-0{number}").stdout.strip())
        (copy / "src" / ("work.sh" if text else "other")).write_text(text or "x\n")
        session.script("snapshot_workdir", "seal", f"exp-0{number}", "--desc", "x")
    session.script("compare", "exp-01", "--max-pairs", "8", code=None)
    session.git("gc", "-q", "--prune=now")

    assert "pairs" in session.script("compare", "exp-02", "--max-pairs", "8", code=None).stdout
    assert "refs/autoresearch-tree/" in session.git("for-each-ref")


def test_the_persons_edit_of_the_benchmark_is_not_blamed_on_the_experiment(session: Any) -> None:
    """A copy of a work tree whose benchmark was edited after the lock is told to put that file back."""
    with (session.root / "autoresearch.sh").open("a") as benchmark:
        benchmark.write("# mine\n")
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("echo 42\n")

    assert (
        "git checkout -- autoresearch.sh" in session.script("submit_experiment", "exp-01", "--desc", "x", code=4).stderr
    )


def test_a_dry_run_of_the_calibration_measures_nothing(session: Any) -> None:
    """It says what would be measured; the journal stays as it is."""
    before = (session.root / "autoresearch.jsonl").read_text()

    assert "would build" in session.script("compare", "--calibrate", "--dry-run").stdout
    assert before == (session.root / "autoresearch.jsonl").read_text()


@pytest.mark.parametrize(
    ("unit", "direction", "said"),
    [
        ("s", "higher", True),
        ("tok/s", "lower", True),
        ("s", "lower", False),
        ("tok/s", "higher", False),
        ("", "lower", False),
    ],
)
def test_a_direction_against_the_unit_is_noted(repo: Any, unit: str, direction: str, said: bool) -> None:
    """Seconds that shall rise, or a rate that shall fall, are asked about while it can be changed."""
    unit_given = ("--unit", unit) if unit else ()
    began = repo.script("start_session", "--goal", "g", "--metric", "m", *unit_given, "--direction", direction)

    assert said == ("is that meant?" in began.stderr)


@pytest.mark.parametrize("name", ["autoresearch.sh", "tools/steps.sh"])
def test_windows_line_ends_are_named(repo: Any, name: str) -> None:
    """Before anything runs, with the command that puts them right; in a script that the checks call as well."""
    repo.write("autoresearch.sh", TIMED.format(program="src/work.sh"), 0o755)
    repo.write("autoresearch.checks.sh", "bash tools/steps.sh\n", 0o755)
    repo.write("tools/steps.sh", "true\n")
    repo.write(name, (repo.root / name).read_text().replace("\n", "\r\n"), 0o755)
    repo.script("start_session", *CLEAR)

    assert f"sed -i 's/\\r$//' {name}" in repo.script("start_session", "--lock", code=2).stderr


def test_what_runs_outside_of_the_walls_is_named(repo: Any) -> None:
    """A protected script that starts containers is locked with a warning; a comment that speaks of them is not.

    So is one that it calls, and a variable that only that one reads is named.
    """
    more = "command -v docker >/dev/null || true\nbash tools/deep.sh\n"
    repo.write("autoresearch.sh", TIMED.format(program="src/work.sh") + more, 0o755)
    repo.write("tools/deep.sh", 'command -v kubectl >/dev/null || true\n: "${DATA_HOME:-}"\n')
    repo.commit()
    repo.write("autoresearch.checks.sh", '# podman\n[ "$(bash src/work.sh)" = 42 ]\n', 0o755)
    repo.script("start_session", *CLEAR)
    said = repo.script("start_session", "--lock", DATA_HOME="/data").stderr

    assert "autoresearch.sh names docker" in said
    assert "tools/deep.sh names kubectl" in said
    assert "--pass-env DATA_HOME" in said
    assert "podman" not in said


@pytest.mark.parametrize("option", [("--build", "true"), ("--bench-timeout", "9"), ("--network",), ("--unit", "ms")])
def test_what_results_compare_by_stays_once_there_are_some(compared: Any, option: tuple[str, ...]) -> None:
    """Build, times, network, unit: before the first experiment they change, and take the lock back; then no more."""
    journal_file = compared.root / "autoresearch.jsonl"
    lines = journal_file.read_text()
    assert "results are there" in compared.script("start_session", "--goal", "quick", *option, code=2).stderr
    assert lines == journal_file.read_text()
    kept = [line for line in lines.splitlines(keepends=True) if '"comparison"' not in line]
    journal_file.write_text("".join(kept))

    said = compared.script("start_session", "--goal", "quick", *option).stderr
    assert "nothing was tried after the lock: it is taken back" in said
    assert "start_session.py --lock" in compared.script("status").stdout.partition("next: ")[2]
    compared.script("start_session", "--lock")
    assert replay.load(compared.root).has_baseline


@pytest.mark.parametrize(
    ("prints", "limit", "said"),
    [
        ("$RANDOM$RANDOM", "extra=same", "are not the same"),
        ("$((1000 + RANDOM % 500))", "extra=-0%", "differ by"),
        ("${AUTORESEARCH_SEED:-1}", "extra=same", None),
        ("$((10000 + RANDOM % 20))", "extra=+2%", None),
    ],
)
def test_a_limit_that_the_baseline_breaks_itself_is_refused(
    repo: Any, prints: str, limit: str, said: str | None
) -> None:
    """No candidate could keep it: the lock says what two runs printed; it and status.py name one that would be kept."""
    repo.write(
        "autoresearch.sh", f"set -e; bash src/work.sh >/dev/null; echo METRIC size=42; echo METRIC extra={prints}\n"
    )
    repo.write("autoresearch.checks.sh", '[ "$(bash src/work.sh)" = 42 ]\n')
    repo.script("start_session", "--goal", "g", "--metric", "size", "--direction", "lower", "--guard", limit)

    done = repo.script("start_session", "--lock", code=1 if said else 0)

    if said:
        assert f"--guard {limit}" in done.stderr
        assert said in done.stderr
        following = repo.script("status").stdout.rpartition("next: ")[2].partition("  #")[0]
        assert "--guard extra=" in following
        assert following in done.stderr


def test_a_limit_that_the_baseline_breaks_is_no_verdict(repo: Any) -> None:
    """Asked for in a comparison, such a limit ends it as an error of the environment, not against the candidate."""
    repo.write("src/v", "100\n")
    repo.commit("numbers")
    repo.write("autoresearch.sh", "echo METRIC size=$(cat src/v); echo METRIC extra=$RANDOM$RANDOM\n")
    repo.write("autoresearch.checks.sh", "grep -q '^[0-9]*$' src/v\n")
    repo.script("start_session", "--goal", "g", "--metric", "size", "--direction", "lower", "--scope", "src/v")
    repo.script("start_session", "--lock")
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/v").write_text("50\n")
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "less")

    done = repo.script("compare", "exp-01", "--guard", "extra=same", "--wait", "120", code=3)

    assert "the baseline does not keep its own limit, so it is no verdict" in done.stderr


def test_a_holdout_without_a_figure_does_not_lock(repo: Any) -> None:
    """It would end every winner, and could not be corrected once locked."""
    repo.write("autoresearch.sh", BENCHMARK, 0o755)
    repo.write("autoresearch.checks.sh", CHECKS, 0o755)
    repo.write("autoresearch.holdout.sh", "#!/usr/bin/env bash\nbash src/work.sh && echo METRIC other_s=1\n", 0o755)
    repo.script("start_session", *CLEAR)

    refused = repo.script("start_session", "--lock", code=1).stderr

    assert "autoresearch.holdout.sh gives no figure on the baseline" in refused
    assert "make it print METRIC time_s=NUMBER" in refused


def test_a_run_that_fills_the_disk_is_no_fault_of_the_benchmark(repo: Any) -> None:
    """The folder and the way out are named, exit 3."""
    repo.write("autoresearch.sh", "echo 'cp: No space left on device' >&2; exit 1\n")
    repo.write("autoresearch.checks.sh", "true\n")
    repo.script("start_session", *CLEAR)
    said = repo.script("start_session", "--lock", code=3).stderr

    assert "the disk is full, and runs work in " + repo.env["TMPDIR"] in said
    assert "export TMPDIR=" in said


def test_tests_that_no_commit_holds_are_missed_at_the_lock(repo: Any) -> None:
    """Checks that find fewer tests in a clone of the branch pass there for want of them: refused, the files named."""
    test = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): pass\n    def test_b(self): pass\n"
    repo.write("test_new.py", test)
    repo.write("autoresearch.sh", "bash src/work.sh >/dev/null; echo METRIC time_s=1.2345\n")
    discover = '[ "$(bash src/work.sh)" = 42 ] && python3 -m unittest'
    repo.write("autoresearch.checks.sh", f"{discover}; [ $? = 0 ] || [ $? = 5 ]\n")
    repo.write("test_old.py", test.replace("def test_b(self): pass", "pass"))
    repo.git("add", "test_old.py")
    repo.git("commit", "-qm", "tests")
    repo.script("start_session", *CLEAR)
    said = repo.script("start_session", "--lock", code=1).stderr

    assert "its checks run 1 tests there, and 3 in a copy. It lacks test_new.py" in said


def test_a_benchmark_that_was_accepted_stays_so() -> None:
    """Few digits are refused of a new benchmark, not of the locked one when its values are lower later."""
    for again, refused in (("a", False), ("b", True)):
        locks = [
            events.Lock(protected={"autoresearch.sh": its}, task={}, commit_full="", tree="") for its in ("a", again)
        ]
        config = events.Config(name="g", metric="time_s", unit="s", direction="lower")
        run = events.NO_RUN.of({"run": 1, "status": "keep", "description": "baseline", "metric": 100.0})
        now = replay.fold([config, locks[0], run, locks[1]])
        assert now
        with pytest.raises(console.Failure) if refused else contextlib.nullcontext():
            lock._require_digits(now, [50.0], ["50"])
