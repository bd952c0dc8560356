"""Beginning a comparison, and coming back to one that is under way."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import BENCHMARK, BUNDLE, CHECKS, processes, until

from helpers import console, events, journal, progress, replay
from helpers.comparison import BEGUN
from helpers.judge.compare import driver, figures, local, metric_limits, planning
from helpers.judge.measure.pairs import Measured
from helpers.judge.measure.plan import Plan
from helpers.judge.rule import sign_test
from helpers.run import collect
from helpers.run.local import slots
from helpers.run.local.job_folder import Folder
from helpers.state import State


def test_options_of_another_comparison_are_refused(session: Any) -> None:
    """Who comes back with other options is told; with the same, or none, they follow the one under way."""
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("sleep 0.3\necho 42\n")
    session.script("snapshot_workdir", "seal", "exp-01", "--desc", "slower")
    first = subprocess.Popen(
        [sys.executable, str(BUNDLE / "scripts/compare.py"), "exp-01", "--max-pairs", "8"],
        cwd=session.root,
        env=session.env,
        stderr=subprocess.DEVNULL,
    )
    jobs = session.root / ".autoresearch" / "comparisons"
    while not list(jobs.glob("*/started")):
        time.sleep(0.02)

    other = session.script("compare", "exp-01", "--not-worse", "--margin", "3", code=2)
    same = session.script("compare", "exp-01", "--max-pairs", "8", code=1)

    assert "another margin, mode is under way" in other.stderr
    assert "not improved" in same.stdout
    assert 1 == first.wait()
    assert 1 == len(list(jobs.glob("*/plan.json")))


def test_a_verdict_that_nobody_saw_is_shown_and_not_measured_again(session: Any) -> None:
    """The shell that followed has died: the same command finds the verdict; once that is shown, it measures again."""
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("sleep 0.01\necho 42\n")
    session.script("snapshot_workdir", "seal", "exp-01", "--desc", "quicker")
    session.script("compare", "exp-01", "--max-pairs", "8", "--wait", "0", code=3)
    until(lambda: list(session.root.glob(".autoresearch/comparisons/*/finished")))

    other = session.script("compare", "exp-01", "--max-pairs", "12", "--json", "--not-worse")
    found = session.script("compare", "exp-01", "--max-pairs", "8", "--json")
    again = session.script("compare", "exp-01", "--max-pairs", "8", "--json")

    jobs = [json.loads(done.stdout)["job"] for done in (other, found, again)]
    assert ["exp-01.0.2", "exp-01.0.1", "exp-01.0.3"] == jobs
    assert "ended while nobody followed it" in found.stderr


def test_a_dry_run_shows_a_plan_that_can_be_read(session: Any) -> None:
    """The plan has the numbers; the text of experiment.yaml's sections comes with --full only."""
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("echo 42\n")
    session.script("snapshot_workdir", "seal", "exp-01", "--desc", "quicker")
    short = json.loads(session.script("compare", "exp-01", "--dry-run").stdout)
    full = json.loads(session.script("compare", "exp-01", "--dry-run", "--full").stdout)

    assert "task" not in short
    assert "EXPERIMENT_STATUS" in full["task"]["run"]
    assert 48 == short["max_pairs"]


def test_a_change_that_needs_what_no_commit_has_is_refused_in_those_words(session: Any) -> None:
    """Made after the lock and never committed it is in the copy and on neither side; committed, it is no obstacle."""
    session.write("src/lib.sh", "answer() { echo 42; }\n")
    created = session.script("snapshot_workdir", "create", "exp-01")
    (Path(created.stdout.strip()) / "src/work.sh").write_text(". src/lib.sh\nanswer\n")
    sent = session.script("submit_experiment", "exp-01", "--desc", "by a library")

    refused = session.script("compare", "exp-01", code=4)

    words = "src/lib.sh: uncommitted work that copies carry"
    assert words in created.stderr
    assert words in sent.stderr
    assert "no screen" in sent.stdout
    assert f"It lacks {words}" in refused.stderr
    assert f"It lacks {words}" in session.script("record_result", "keep", "exp-01", code=4).stderr
    assert "git add -- src/lib.sh" in session.script("status").stdout
    session.git("add", "src/lib.sh")
    session.git("commit", "-qm", "library")
    session.script("start_session", "--lock", "--adopt")
    assert "improved" in session.script("compare", "exp-01").stdout


def test_files_beside_a_change_are_no_excuse_for_it(session: Any) -> None:
    """What fails with the uncommitted file as well is the candidate's own failure."""
    session.write("notes.txt", "mine\n")
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("cat notes.txt missing.txt && echo 42\n")
    session.script("snapshot_workdir", "seal", "exp-01", "--desc", "broken")

    said = session.script("compare", "exp-01", code=1).stdout

    assert "exp-01: not improved" in said


def test_a_noisy_host_gets_more_pairs_where_they_fit_into_an_hour() -> None:
    """What is known of the host before the comparison decides; a person's --max-pairs goes before it."""
    noisy = {"type": "worker", "worker": "local", "event": "calibrated", "sigma_pair": 0.04, "timestamp": 1}
    past = {"worker": "local", "sigma_pair": 0.04, "pairs": 8, "baseline_samples": [1.0] * 8, "timestamp": 2}

    def default(*lines: dict[str, Any], **compared: Any) -> int:
        known = [events.WorkerEvent.from_line(line) for line in lines]
        before = [events.Comparison.of(compared)] if compared else []
        return planning.default_pairs(State(events.Config(margin=0.01), workers=known, comparisons=before), "local")

    assert 48 == default()
    assert 144 == default(noisy)
    assert 48 == default({**noisy, "sigma_pair": 0.015})
    assert 48 == default({**noisy, "worker": "vm-02"})
    assert 96 == default(noisy, **past, measured_seconds=8 * 30.0)
    assert 48 == default(noisy, **past, measured_seconds=8 * 80.0)
    assert 24 == default(**{**past, "sigma_pair": 0.005}, measured_seconds=8 * 600.0)  # a training run, and enough
    assert 48 == default(**{**past, "sigma_pair": 0.015}, measured_seconds=8 * 600.0)


def test_a_worker_belongs_to_the_fleet(session: Any) -> None:
    """Without --on sky a worker's name is not passed over: the run would be here."""
    for script in ("compare", "submit_experiment"):
        done = session.script(script, "exp-01", "--worker", "vm-02", code=2)
        assert "add --on sky" in done.stderr


def test_a_comparison_ends_with_its_last_pair() -> None:
    """Also where so many pairs were asked for as the table has no line for."""
    assert [8, 10] == [n for n in range(1, 20) if sign_test.is_look(n, 10)]
    assert [8, 12, 18, 24] == [n for n in range(1, 60) if sign_test.is_look(n, 24)]


def test_a_guarded_metric_of_zero_may_not_become_more() -> None:
    """It has no ratio, and a share of nothing is nothing: the limit says by how much the metric itself changed."""
    plan = Plan(
        "j", "e", "t", "c", "t", "t", "time_s", "lower", 0.01, 48, 1, "improved", "s", ["misses=+2%"], {}, {}, [], "/w"
    )
    none, one = [{"time_s": 2.0, "misses": 0.0}] * 8, [{"time_s": 1.0, "misses": 1.0}] * 8

    found = metric_limits.limits_result(BEGUN, plan, Measured(none, one))
    alike = metric_limits.limits_result(BEGUN, plan, Measured(none, none))

    assert "not_improved" == found.verdict
    assert "misses=+2%: changed by +1 misses" in (found.reason or "")
    assert ["misses=+2% holds (changed by +0 misses)"] == [limit.words() for limit in alike.limit_results]


def test_what_failing_checks_said_can_be_read_afterwards(session: Any) -> None:
    """The step that follows names a file, and it holds the whole of what the checks printed."""
    copy = Path(session.script("snapshot_workdir", "create", "exp-51").stdout.strip())
    (copy / "src/work.sh").write_text("echo no answer of mine >&2\nexit 7\n")
    session.script("snapshot_workdir", "seal", "exp-51", "--desc", "wrong")
    done = session.script("compare", "exp-51", code=1)
    (told,) = (row for row in (done.stdout + done.stderr).splitlines() if row.startswith("next: "))

    look = told.partition("; why: ")[2]
    assert look.startswith("tail -n 30 ")
    assert "no answer of mine" in subprocess.check_output(["bash", "-c", look], cwd=session.root, text=True)


def test_a_limit_of_same_ends_the_comparison_at_the_first_pair_that_differs(session: Any) -> None:
    """No pair that follows could mend it; what was measured until then is told as far as it was shown."""
    session.write(
        "autoresearch.sh", (session.root / "autoresearch.sh").read_text() + 'echo "METRIC out=$(wc -c <src/a)"\n'
    )
    session.write("src/a", "12")
    session.commit("a")
    again = (
        "--goal",
        "other",
        "--new",
        "--on-top",
        "--metric",
        "time_s",
        "--direction",
        "lower",
        "--guard",
        "out=same",
    )
    session.script("start_session", *again)
    session.script("start_session", "--lock")
    copy = Path(session.script("snapshot_workdir", "create", "exp-51").stdout.strip())
    (copy / "src/a").write_text("123")
    session.script("snapshot_workdir", "seal", "exp-51", "--desc", "less work")

    event = json.loads(session.script("compare", "exp-51", "--json", code=1).stdout)

    assert ("not_improved", 1) == (event["verdict"], len(event["baseline_samples"]))
    assert "out=same: differs in pair 1: 2 against 3" in event["reason"]


def test_the_time_that_is_left_holds_what_comes_after_the_pairs() -> None:
    """At most so long means pairs and answers; what else a winner is asked is said at the beginning."""
    said = io.StringIO()
    plan = Plan("j", "e", "t", "c", "t", "t", "time_s", "lower", 0.01, 48, 1, "improved", "s", [], {}, {}, [], "/w")
    plan = replace(plan, protected={"autoresearch.outputs.sh": "0"}, outputs_seconds=300)
    rows = [{"time_s": 1.0}] * 8

    undecided = replace(sign_test.judge([1.0] * 8, [1.0] * 8, direction="lower"), verdict="undecided")

    driver._reporter(said, plan)(Measured(rows, rows), undecided)

    assert "300 s at most" in said.getvalue()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("8 pairs: 8 wins: undecided; next look in 3 s, 4000 s at most", "; 4000 s more at most, unless it wins"),
        ("9 pairs: 9 wins; next look in 3 s, 4000 s at most\n12 pairs: 12 wins: improved", ""),
        ("12 pairs: 12 wins: improved\noutputs: comparing the answers of both sides for 30 s", "; 30 s more at most"),
    ],
)
def test_each_sign_of_life_says_when_it_ends(
    session: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    """Between two lines of the driver, also after the pairs, a wait tells how long it may still take."""
    folder = Folder(session.root, "exp-01.0.1", driver.KIND)
    folder.path.mkdir(parents=True)
    folder.mark("spec.json", "{}")
    folder.mark("log.txt", f"{line}\nrunning the checks on the candidate\n")
    monkeypatch.setattr(progress, "SILENT_SECONDS", 0.0)
    with folder.claimed(), pytest.raises(console.Failure):
        local.follow(session.root, "exp-01.0.1", 0.0)

    assert f"comparing: 0 s so far{said}\n" in capsys.readouterr().err


def test_who_waits_behind_a_comparison_is_told_its_time(
    session: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is left is what the comparison that runs says last; where nothing is known no time is told."""
    names = "exp-01.0.1", "exp-02.0.1", "exp-03.0.1"
    waits, line = "waiting for what runs to end\n", "8 pairs: 8 wins: so far; next look in 3 s, 40 s at most\n"
    places = [Folder(session.root, name, driver.KIND) for name in names]
    for place, text in zip(places, (waits, waits, waits + line), strict=True):
        place.path.mkdir(parents=True)
        place.mark("spec.json", "{}")
        place.mark("log.txt", text)
    job = {"experiment_id": "exp-09", "job": "exp-09.0.1", "worker": "local", "role": "experiment", "tree": "0" * 40}
    submitted = {"type": "submitted", "executor": "local", "baseline": "0" * 40, **job}
    journal.append(session.root, submitted)
    journal.append(session.root, {"type": "finished", "status": "done", "durations": {"bench": 2.0}, **job})
    monkeypatch.setattr(progress, "SILENT_SECONDS", 0.0)
    with places[0].claimed(), places[1].claimed():
        for runs in (places[2].claimed(), contextlib.nullcontext()):
            with runs, pytest.raises(console.Failure):
                local.follow(session.root, names[0], 0.0)
    journal.append(session.root, submitted | {"job": "exp-09.0.2"})
    with slots.hold_all(session.root):
        behind = collect.waits_for(session.root)

    first, second = (row for row in capsys.readouterr().err.splitlines() if row.startswith("waiting: "))
    assert first.endswith("so far for the comparison of exp-03: next look in 3 s, 40 s at most")
    assert second.endswith("so far for what runs")
    told = " for exp-09.0.2; one takes about 2 s, all about 2 s, after "
    assert behind == f"{told}the comparison or calibration under way"


def test_several_comparisons_are_told_together(compared: Any) -> None:
    """A third attempt's luck is no headline: the pairs of all of them give the figure, and the keep shows it."""
    lines = (compared.root / "autoresearch.jsonl").read_text().splitlines()
    one = json.loads(lines[-1])
    less = {**one, "candidate_samples": [value / 1.02 for value in one["baseline_samples"]]}
    less.pop("confirmation", None)
    (compared.root / "autoresearch.jsonl").write_text(
        "\n".join([*lines[:-1], *[json.dumps(less)] * 4, lines[-1]]) + "\n"
    )

    said = figures.together(replay.load(compared.root).alike(events.Comparison.from_line(one)))

    assert said
    assert said.gain < 0.03 < one["gain"]
    compared.script("record_result", "keep", "exp-01")
    kept = json.loads((compared.root / "autoresearch.jsonl").read_text().splitlines()[-1])["verdict"]
    assert (said.gain, said.pairs, 5) == (kept["gain"], kept["pairs"], kept["comparisons"])
    assert f"n={said.pairs} pairs of" in compared.git("log", "-1", "--format=%B")


def test_builds_of_the_same_bytes_are_said(repo: Any) -> None:
    """A change of a comment builds the same program: said before the first pair, and the reason of the verdict.

    What its pairs tell of the host's noise is known from then on, though nothing was gained.
    """
    repo.write("src/work.sh", "# a comment\necho METRIC time_s=$((10000 + RANDOM % 100))\n")
    repo.write(".gitignore", "prog\n")
    repo.commit()
    repo.write("autoresearch.sh", "#!/usr/bin/env bash\nbash prog\n", 0o755)
    repo.write("autoresearch.checks.sh", "#!/usr/bin/env bash\ngrep -q METRIC prog\n", 0o755)
    begin = ("--goal", "quick", "--metric", "time_s", "--direction", "lower", "--build", "grep -hv '^#' src/*.sh >prog")
    repo.script("start_session", *begin)
    repo.script("start_session", "--lock")
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text((copy / "src/work.sh").read_text().replace("a comment", "another"))
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "another comment")

    done = repo.script("compare", "exp-01", "--max-pairs", "8", code=1)

    assert "both sides build the same bytes" in done.stderr
    assert "reason: both sides build the same bytes" in done.stdout
    (event,) = replay.load(repo.root).comparisons
    assert 0.0 < (event.sigma_pair or 0.0) < 0.03


def test_an_obvious_winners_holdout_costs_less_than_its_comparison(repo: Any) -> None:
    """Half the time in every pair, there too: eight pairs, no confirmation, and two of the holdout."""
    repo.write("autoresearch.sh", "#!/usr/bin/env bash\necho METRIC time_s=$(bash src/work.sh)\n", 0o755)
    repo.write("autoresearch.holdout.sh", "#!/usr/bin/env bash\necho METRIC time_s=$(bash src/work.sh)\n", 0o755)
    repo.write("autoresearch.checks.sh", "#!/usr/bin/env bash\ntrue\n", 0o755)
    repo.write("src/work.sh", "echo $((10000 + RANDOM % 1000))\n")
    repo.commit()
    repo.script("start_session", "--goal", "quick", "--metric", "time_s", "--direction", "lower")
    repo.script("start_session", "--lock")
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("echo $((5000 + RANDOM % 500))\n")
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "quicker")

    event = json.loads(repo.script("compare", "exp-01", "--json").stdout)

    assert (8, 2, "passed") == (event["pairs"], event["holdout"]["pairs"], event["holdout"]["verdict"])
    assert "confirmation" not in event
    repo.script("record_result", "keep", "exp-01")


def test_a_candidate_that_cannot_run_the_holdout_has_crashed(repo: Any) -> None:
    """It won its pairs and fails alone afterwards: that is its own answer, and no error of the environment."""
    repo.write("autoresearch.sh", BENCHMARK, 0o755)
    repo.write("autoresearch.checks.sh", CHECKS, 0o755)
    repo.write(
        "autoresearch.holdout.sh", "#!/usr/bin/env bash\ngrep -q 0.05 src/work.sh && echo METRIC time_s=1\n", 0o755
    )
    repo.script("start_session", "--goal", "quick", "--metric", "time_s", "--direction", "lower", "--margin", "5")
    repo.script("start_session", "--lock")
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("sleep 0.01\necho 42\n")
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "quicker")

    event = json.loads(repo.script("compare", "exp-01", "--json", code=1).stdout)

    assert ("not_improved", True) == (event["verdict"], event["reason"].startswith("crash: "))
    assert event["baseline_samples"]


def _begun(session: Any) -> subprocess.Popen[str]:
    """A comparison under way, of four seconds a pair, followed by a shell of its own; exp-02 waits in the queue."""
    for name in ("exp-01", "exp-02"):
        copy = Path(session.script("snapshot_workdir", "create", name).stdout.strip())
        (copy / "src/work.sh").write_text(f"command sleep 4\nsleep 0.045\necho 42 # {name}\n")
        session.script("snapshot_workdir", "seal", name, "--desc", name)
    command = [sys.executable, str(BUNDLE / "scripts/compare.py"), "exp-01"]
    followed = subprocess.Popen(
        command,
        cwd=session.root,
        env=session.env,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # what is tested in the background ignores it
    )
    until(lambda: any(session.root.glob(".autoresearch/comparisons/*/started")))
    session.script("submit_experiment", "exp-02", "--screen")
    return followed


@pytest.mark.parametrize("by_key", [False, True])
def test_a_comparison_here_is_cancelled_by_the_verb_of_every_job(session: Any, by_key: bool) -> None:
    """By the step that status.py names, or by Ctrl-C: its processes end, nobody is told a verdict, the rest stays."""
    session.script("start_session", "--goal", "quick", "--max-experiments", "2")
    followed = _begun(session)
    log = next(session.root.glob(".autoresearch/comparisons/*/log.txt"))
    until(lambda: "pairs: " in log.read_text())
    assert "submit_experiment.py exp-01 --cancel" in session.script("status").stdout

    if by_key:
        followed.send_signal(signal.SIGINT)
    else:
        assert "exp-01.0.1" in session.script("submit_experiment", "exp-01", "--cancel", "--dry-run").stdout
        assert "--cancel" in session.script("record_result", "discard", "exp-01", "--why", "slow", code=2).stderr
        assert "exp-01.0.1: cancelled" in session.script("submit_experiment", "exp-01", "--cancel").stdout

    said = followed.communicate()[1]
    assert ("exp-01.0.1: cancelled; as pairs were shown" if by_key else "exp-01.0.1 was cancelled") in said
    assert (130 if by_key else 1) == followed.returncode
    assert not processes(str(session.root), "runs/exp-01.0.1")
    assert not list(Path(session.env["TMPDIR"]).glob("autoresearch/*/runs/exp-01.0.1"))
    now = replay.load(session.root)
    assert not now.comparisons
    assert "cancelled" in now.notes[-1].text
    assert "1 of 2 experiments" in session.script("status").stdout
    assert "exp-01 does not wait or run" in session.script("submit_experiment", "exp-01", "--cancel", code=1).stderr
    session.script("collect_results", "--wait", "60")
    assert "done" == replay.load(session.root).results["exp-02"].status
