"""In every state of a session the first `next:` line of status.py can be pasted, and leads on."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import BUNDLE, until

from helpers import console, git, journal, replay
from helpers.judge.compare import report
from helpers.read.ideas import queue
from helpers.record.session import next_steps, step_table
from helpers.run.copies.copies import Workdirs
from helpers.run.fleet import lifecycle
from helpers.run.fleet.arguments import WorkerRequest
from helpers.run.fleet.submit import submit_to_fleet
from helpers.run.local import executor, slots
from helpers.run.local.submit import Request

FASTER = "sleep 0.004\necho 42\n"


def steps(repo: Any) -> list[str]:
    """Return the commands that status.py names, as they would be pasted: one is next, the others follow it."""
    found = [line.partition(": ") for line in repo.script("status").stdout.splitlines()]
    named = [(word, command) for word, _, command in found if word in ("next", "also")]
    assert ["next", *["also"] * (len(named) - 1)] == [word for word, _ in named]
    return [command for _, command in named]


def follow(repo: Any, expected: str, code: int = 0, said: str = "", **words: str) -> str:
    """Run the first next step (`said`), which must name `expected`, with an agent's words; return what it said."""
    command = said or steps(repo)[0]
    assert expected in command, command
    for blank, word in words.items():
        command = command.replace(f'--{blank} "..."', f"--{blank} '{word}'")
    command = command.replace('"..."', '"an agent says why"')
    done = subprocess.run(
        ["bash", "-c", command], cwd=repo.root, env=repo.env, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, (command, done.stdout, done.stderr)
    return done.stdout + done.stderr


def sealed(session: Any, name: str, text: str) -> str:
    """Make and seal an experiment; return its tree."""
    copy = Path(session.script("snapshot_workdir", "create", name).stdout.strip())
    (copy / "src/work.sh").write_text(text)
    session.script("snapshot_workdir", "seal", name, "--desc", name)
    return str(session.git("rev-parse", f"refs/autoresearch/{name}^{{tree}}"))


def screened(session: Any, name: str, **said: Any) -> None:
    """Journal a run of an experiment that came back."""
    tree = sealed(session, name, f"sleep 0.05\necho 42 # {name}\n")
    at = {"experiment_id": name, "job": f"{name}.0.1", "worker": "local", "tree": tree, "role": "experiment"}
    tip = replay.load(session.root).baseline.tree if said.get("job") is None else "0" * 40
    at["job"] = said.get("job", at["job"])
    journal.append(session.root, {"type": "submitted", "executor": "local", "baseline": tip, **at})
    journal.append(session.root, {"type": "finished", "status": "done", "metric": 0.05, "log": "x.log", **at, **said})


def journaled(session: Any, name: str, verdict: str, **said: Any) -> None:
    """Journal a comparison of an experiment with the current baseline."""
    baseline = replay.load(session.root).baseline
    known = session.git("rev-parse", "--verify", "-q", f"refs/autoresearch/{name}^{{tree}}", check=False)
    tree = known or sealed(session, name, f"sleep 0.05\necho 42 # {name}\n")
    event = {
        "experiment_id": name,
        "verdict": verdict,
        "job": f"{name}.0.9",
        "pairs": 48,
        "max_pairs": 48,
        "gain": 0.01,
    }
    sides = {"baseline_commit": baseline.commit_full, "sealed_tree": tree, "candidate_tree": tree, "mode": "improved"}
    journal.append(session.root, {"type": "comparison", "measured_seconds": 96.0, **event, **sides, **said})


def test_where_there_is_no_session_status_says_how_to_begin(repo: Any) -> None:
    """No session is an answer with the way to begin, exit 0; begun, the next step is the lock."""
    assert "no session" in repo.script("status").stdout
    assert '"config": null' in repo.script("status", "--json").stdout

    follow(repo, "start_session.py --goal")

    assert "start_session.py --lock" in steps(repo)[0]

    assert "would close the session" in repo.script("finish_session", "--dry-run").stdout
    assert "the work tree is on main again" in repo.script("finish_session").stdout
    assert "start_session.py --goal" in steps(repo)[0]


def test_the_first_step_leads_from_an_idea_to_a_keep(session: Any) -> None:
    """No idea, one, sealed, run, ended, screened, compared, kept: each step is the one printed."""
    assert ["search_github.py", "snapshot_workdir.py"] == [
        re.findall(r"[a-z_]+\.py", step)[0] for step in steps(session)
    ]
    follow(session, "search_github.py prs --local; ")
    session.script("ideas", "add", "sleep less", "--kind", "own", "--impact", "5")
    copy = Path(follow(session, "snapshot_workdir.py create exp-01").splitlines()[0])
    assert "changes nothing" in follow(session, "submit_experiment.py exp-01", code=2)
    (copy / "src/work.sh").write_text(FASTER)

    assert "queued" in follow(session, "--desc 'sleep less' --source idea-02")
    assert "collect_results.py" in steps(session)[0]
    job = next(job.name for job in replay.load(session.root).open_jobs() if job.is_experiment)
    until(lambda: executor.poll(session.root, [job])[job] == "done")
    assert "--wait" not in steps(session)[0]
    follow(session, "collect_results.py")
    assert "improved" in follow(session, "compare.py exp-01")
    follow(session, "record_result.py keep exp-01")
    assert "0 name a source outside" in session.script("render_report").stdout  # the idea is the agent's own
    assert ["idea-02"] == [idea.name for idea in queue.read_ideas(session.root) if idea.done]

    sealed(session, "exp-02", "sleep 0.004\necho 42 # same\n")
    session.script("submit_experiment", "exp-02", "--desc", "nothing", "--screen")
    until(lambda: all(s == "done" for s in executor.poll(session.root, list(replay.load(session.root).jobs)).values()))
    session.script("record_result", "discard", "exp-02", "--why", "it has ended, and this collects it")
    assert "done" == replay.load(session.root).results["exp-02"].status


DISCARD, CRASH = "record_result.py discard exp-01", "record_result.py crash exp-01"
COMPARE, SUBMIT = "compare.py exp-01", "submit_experiment.py exp-01"
SCREENS: list[tuple[dict[str, Any], str, str]] = [
    ({"gain": None}, COMPARE, "the baseline was not measured beside it"),
    ({"gain": -0.09, "screen": "unclear"}, COMPARE, "-9.0%"),
    ({"gain": 0.2, "screen": "promising"}, COMPARE, ""),
    ({"gain": 0.2, "screen": "promising", "job": "exp-01.0.0"}, COMPARE, "older baseline"),
    ({"gain": -0.2, "screen": "slower"}, DISCARD, "below the margin"),
    ({"status": "checks_failed"}, DISCARD, "checks failed"),
    ({"status": "crash", "error": "the benchmark failed (exit 7)"}, CRASH, "why: the benchmark failed (exit 7)"),
    ({"status": "crash", "error": "no space left on vm"}, SUBMIT, "no space"),
    ({"status": "lost", "error": "its runner died"}, SUBMIT, "runner died"),
]
VERDICTS: list[tuple[str, dict[str, Any], str, str]] = [
    ("not_improved", {}, DISCARD, ""),
    ("not_improved", {"reason": "checks: failed (exit 1)"}, DISCARD, "checks failed"),
    ("void", {"reason": "keeps files"}, DISCARD, ""),
    ("error", {"reason": "the baseline is broken"}, COMPARE, "baseline is broken"),
    (
        "undecided",
        {"needed": 90},
        COMPARE,
        "90 would tell; undecided counts against it: 2 must now say improved; 144 pairs take 4.8 min",
    ),
    ("undecided", {"needed": 9000}, DISCARD, "9000"),
    (
        "undecided",
        {"needed": None, "confirmation": {"verdict": "not_improved", "pairs": 8}},
        DISCARD + ' --why "a second, fresh comparison did not confirm it"',
        "was not improved after 8 pairs; undecided counts against it: 2 must now say improved; or compare it again: ",
    ),
    (
        "undecided",
        {"needed": None, "confirmation": {"verdict": "undecided", "pairs": 24, "needed": 60, "measured_seconds": 60}},
        COMPARE,
        "was undecided after 24 pairs, about 60 would tell",
    ),
    ("improved", {"baseline_commit": "0" * 40}, COMPARE, "another baseline"),
    ("improved", {"sealed_tree": "0" * 40}, COMPARE, "changed after"),
]


def test_what_waits_is_told_its_step(session: Any) -> None:
    """A screen that cannot tell is compared; what ended by its machine is sent again; only a no is discarded."""
    text = (session.root / "autoresearch.jsonl").read_text()
    for said, command, why in SCREENS:
        screened(session, "exp-01", **said)
        _first(session, command, why)
        _undo(session, text)
    for verdict, words, command, why in VERDICTS:
        journaled(session, "exp-01", verdict, **words)
        _first(session, command, why)
        _undo(session, text)
    for _ in range(2):  # each undecided asks for one yes more; after the second it is no gain
        journaled(session, "exp-01", "undecided", needed=90)
    _first(session, 'discard exp-01 --why "no gain shown"', "3 must now")


def test_what_leads_on_keeps_the_question(session: Any) -> None:
    """After --not-worse whatever asks for another comparison asks the same, and what is missing is told by it."""
    text, its = (session.root / "autoresearch.jsonl").read_text(), {"mode": "not_worse"}
    margin = "not shown to lose less than the margin"
    rows: list[tuple[str, dict[str, Any], str, str]] = [
        ("undecided", {"needed": 90}, COMPARE + " --not-worse --max-pairs 144", "2 must now say not worse"),
        ("undecided", {"needed": 90}, COMPARE, f"discard it: {margin}"),
        ("undecided", {"needed": 9000}, f'{DISCARD} --why "{margin}"', "again: "),
        ("undecided", {"needed": None}, DISCARD, COMPARE + " --not-worse"),
        ("not_improved", {}, DISCARD, margin),
        ("error", {"reason": "the baseline is broken"}, COMPARE + " --not-worse", "baseline is broken"),
        ("not_worse", {"baseline_commit": "0" * 40}, COMPARE + " --not-worse", "another baseline"),
        ("not_worse", {"sealed_tree": "0" * 40}, COMPARE + " --not-worse", "changed after"),
    ]
    for verdict, words, command, why in rows:
        journaled(session, "exp-01", verdict, **words, **its)
        assert command in (said := steps(session)[0])
        assert why in said
        told = report.verdict_text(now := replay.load(session.root), now.comparisons[-1])
        assert "no gain shown" not in said + told
        assert "say improved" not in said + told
        _undo(session, text)


def test_why_a_change_was_turned_down_is_said_alike(session: Any) -> None:
    """Status, its next step, the report and the page give one cause, whichever it was: the comparison's own words."""
    more = {"interval": [-0.02, 0.04], "worse": False, "margin": 0.01}
    causes = {
        "no gain shown": {"gain": 0.001, "interval": [-0.01, 0.005], "margin": 0.01},
        "that it gains is not ruled out": more,
        "shown to be worse": {**more, "worse": True},
        "checks: failed (exit 1)": {**more, "reason": "checks: failed (exit 1)"},
        "void: keeps files": {"verdict": "void", "reason": "keeps files"},
    }
    for number, (why, said) in enumerate(causes.items(), 1):
        name = f"exp-{number:02}"
        journaled(session, name, **{"verdict": "not_improved", **said})
        waits = session.script("status").stdout
        assert why in next(line for line in waits.splitlines() if line.startswith(f"waits for a decision: {name}"))
        assert why in steps(session)[0] or "its checks failed" in steps(session)[0]
        session.script("record_result", "discard", name, "--why", "the cache")
    shown = [session.script("status").stdout, session.script("render_report", "--as", "improvements").stdout]
    for text in shown:
        assert [] == [why for why in causes if why not in text]


def test_of_several_the_one_that_promises_most_is_compared_first(session: Any) -> None:
    """Time or budget may run out before the others: what was screened earlier is no reason to come first."""
    for name, gain in (("exp-01", 0.1), ("exp-02", 0.4), ("exp-03", 0.2)):
        screened(session, name, gain=gain, screen="promising", job=f"{name}.0.1")

    assert ["exp-02", "exp-03", "exp-01"] == [re.findall(r"exp-\d+", step)[0] for step in steps(session)]


def test_what_conflicts_with_a_keep_is_told_its_way_out(compared: Any) -> None:
    """A change of the same line, made before the keep, can no longer be compared: it is discarded, or made again."""
    sealed(compared, "exp-09", "sleep 0.003\necho 42\n")
    compared.script("record_result", "keep", "exp-01", "--problem", "it sleeps", "--solution", "less")

    said = follow(compared, "record_result.py discard exp-09")

    assert "recorded as discard" in said

    assert not any("exp-09" in step for step in steps(compared))


def test_what_is_screened_again_stands_once(session: Any) -> None:
    """After a keep it runs, and no longer waits for a decision beside that."""
    screened(session, "exp-01", gain=0.2, screen="promising")
    tree = replay.load(session.root).jobs["exp-01.0.1"].tree
    again = {"experiment_id": "exp-01", "job": "exp-01.0.2", "worker": "local", "tree": tree, "role": "experiment"}
    journal.append(session.root, {"type": "submitted", "executor": "local", "baseline": "x", **again})

    told = [line for line in session.script("status").stdout.splitlines() if "exp-01" in line.partition("next:")[0]]

    assert 1 == len(told)
    assert "exp-01.0.2" in told[0]


def test_what_has_a_verdict_is_never_compared_for_a_later_screen(compared: Any) -> None:
    """Screened again as it was compared, waiting or ended: the verdict's own step, which can be obeyed."""
    compared.script("submit_experiment", "exp-01", "--screen", "--again")
    assert "keep exp-01" in next_steps.told(git.find(compared.root), "exp-01")

    said = compared.script("collect_results", "--wait", "60")

    assert "  done" in said.stdout
    assert "compare.py" not in said.stdout + said.stderr
    assert "keep exp-01" in said.stderr


def test_a_comparison_takes_back_the_screen_that_waits(session: Any) -> None:
    """What is compared is not screened any more: nothing of it waits or is begun."""
    sealed(session, "exp-01", "sleep 0.05\necho 42 # no gain\n")
    with slots.hold(session.root, 0):
        session.script("submit_experiment", "exp-01", "--screen")
        screen = next(job for job in replay.load(session.root).open_jobs() if job.is_experiment)
        session.script("compare", "exp-01", "--wait", "0", code=3)

        assert not replay.load(session.root).open_jobs()
    session.script("compare", "exp-01", code=1)
    assert not (session.root / ".autoresearch/jobs" / screen.name / "started").exists()


def _first(session: Any, command: str, why: str) -> None:
    said = steps(session)[0]
    assert command in said
    assert why in said
    if "discard" in command or "crash" in command:
        follow(session, command, said=said, why="as it was said")
        assert not replay.load(session.root).undecided()


def _undo(session: Any, text: str) -> None:
    (session.root / "autoresearch.jsonl").write_text(text)
    session.script("snapshot_workdir", "prune", "--force", "exp-01")
    session.git("update-ref", "-d", "refs/autoresearch/exp-01")


def test_a_keep_that_asks_a_reader_is_printed_with_his_words(compared: Any) -> None:
    """Checks that pass on broken source ask what shows that a change is right: the step has the option for it."""
    journal_file = compared.root / "autoresearch.jsonl"
    lines = [json.loads(line) for line in journal_file.read_text().splitlines()]
    marked = [line | {"unproven": ["checks"]} if line.get("run") == 1 else line for line in lines]
    journal_file.write_text("".join(json.dumps(line) + "\n" for line in marked))

    said = steps(compared)[0]
    assert '--reviewed "..."' in said
    words = ("--problem", "it's slow", "--solution", "less sleep")
    refused = compared.script("record_result", "keep", "exp-01", *words, code=4).stderr
    assert """--problem 'it'"'"'s slow' --solution""" in refused
    follow(compared, "record_result.py keep exp-01", said=said, reviewed="its output is held against the old one")


def test_a_yes_that_is_outweighed_is_compared_again(compared: Any) -> None:
    """One no and one yes keep nothing: another comparison is what helps, and the step says so."""
    yes = replay.load(compared.root).comparisons[-1].to_line()
    for _ in range(2):
        journaled(
            compared, "exp-01", "not_improved", **{k: yes[k] for k in ("baseline_tree", "candidate_tree", "metric")}
        )
    journal.append(compared.root, yes)

    assert "2 of 4 comparisons" in steps(compared)[0]
    assert "improved" in follow(compared, COMPARE)
    assert "keep exp-01" in steps(compared)[0]


def test_what_refuses_every_keep_comes_first(session: Any) -> None:
    """Another branch, an edited benchmark, a commit nobody measured: the step puts each right, nothing is lost."""
    session.git("switch", "-q", "main")
    follow(session, "git switch autoresearch/quick")
    session.write("autoresearch.sh", "echo METRIC time_s=1\n", 0o755)
    session.write("experiment.yaml", "run: true\n")
    follow(session, "git show")
    session.write("mine.txt", "kept")
    mine = session.commit("mine")
    follow(session, "git branch unmeasured-")

    assert "CHANGED" not in session.script("status").stdout
    assert mine == session.git("rev-parse", f"unmeasured-{mine[:7]}")
    assert "search_github.py" in steps(session)[0]


def test_a_limit_that_nothing_could_keep_is_no_way_into_a_loop(session: Any) -> None:
    """Once agreed it would end every comparison as an error: what the locked benchmark does not print has no limit."""
    assert "no METRIC size" in session.script("start_session", "--guard", "size=+5%", code=2).stderr
    session.write("autoresearch.sh", (session.root / "autoresearch.sh").read_text() + "echo METRIC size=5\n", 0o755)
    session.script("start_session", "--guard", "size=+5%", "--lock")


def test_what_the_policy_refuses_is_no_loop(session: Any) -> None:
    """Refused, it is discarded, or made without what was refused: the same command is not offered again."""
    copy = Path(session.script("snapshot_workdir", "create", "exp-02").stdout.strip())
    (copy / "autoresearch.sh").write_text("echo METRIC time_s=1\n")

    told = follow(session, "submit_experiment.py exp-02", code=4)
    assert re.search(r"next: python3 \S+snapshot_workdir.py diff exp-02  # take it out, then: ", told)
    assert "autoresearch.sh: a protected file" in steps(session)[0]
    assert "; without it: python3" in steps(session)[0]
    follow(session, "record_result.py discard exp-02")

    assert "exp-02" not in " ".join(steps(session))


def test_a_refusal_stands_until_what_it_names_is_opened(session: Any) -> None:
    """Opened in part it is refused anew, and so told; the printed command opens all of it; so does another lock."""
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    for name in ("setup.py", "Makefile"):
        (copy / name).write_text("# x\n")
    told = session.script("submit_experiment", "exp-01", "--desc", "x", code=4).stderr
    assert "--allow build-file:Makefile --allow build-file:setup.py" in told
    session.script("start_session", "--allow", "build-file:setup.py")
    follow(session, "submit_experiment.py exp-01  # sealed", code=4)
    assert "Makefile: a build" in steps(session)[0]
    follow(session, "--allow", said=next(line for line in told.splitlines() if "--allow" in line))
    assert "submit_experiment.py exp-01  # sealed" in steps(session)[0]


def test_what_an_older_lock_refused_is_asked_of_the_newer(session: Any) -> None:
    """A copy made beside an edited benchmark is refused; with that locked it holds the locked one, and is no cheat."""
    session.write("autoresearch.sh", (session.root / "autoresearch.sh").read_text() + "# clearer\n", 0o755)
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text(FASTER)
    session.script("submit_experiment", "exp-01", "--desc", "x", code=4)

    follow(session, "start_session.py --lock", said=re.findall(r"lock what is there: (.*)", steps(session)[0])[0])

    assert "submit_experiment.py exp-01  # sealed" in steps(session)[0]


def test_another_bundle_is_locked_before_the_first_experiment(session: Any) -> None:
    """Updated after the lock it is named; `--lock` takes it as long as nothing was tried, for nothing compares yet."""
    file = session.root / "autoresearch.jsonl"
    file.write_text(re.sub(r'("bundle": ?")[0-9a-f]', r"\1x", file.read_text()))
    assert "the bundle's own scripts are not those of the lock" in session.script("status").stdout

    session.script("start_session", "--lock")

    assert "the bundle's own" not in session.script("status").stdout


def test_an_idea_made_under_its_own_words_is_closed(session: Any) -> None:
    """An experiment that says what an idea says, or says its name, has decided it without `--source`."""
    for name, idea, said in (("exp-01", "Sleep less", "sleep less"), ("exp-02", "rest", "idea-02: sleeps no more")):
        session.script("ideas", "add", idea)
        sealed(session, name, FASTER + f"# {name}\n")
        session.script("snapshot_workdir", "seal", name, "--desc", said)
        session.script("record_result", "discard", name, "--why", "as it was said")

    assert not queue.waiting(session.root)


def test_a_spent_budget_leads_to_the_whole(session: Any) -> None:
    """Spent: the session is finished in one command; then nothing is left but telling. Slips cost nothing."""
    session.script("start_session", "--goal", "quick", "--max-experiments", "1")
    screened(session, "exp-09", status="crash", error="build failed (exit 2)")
    session.script("record_result", "crash", "exp-09", "--why", "a semicolon")
    assert "1 of 1 experiments" in session.script("status").stdout
    sealed(session, "exp-01", FASTER)
    session.script("compare", "exp-01")
    assert "0 of 1 experiments" in session.script("status").stdout
    session.script("record_result", "keep", "exp-01")
    sealed(session, "exp-02", FASTER + "# more\n")
    assert "budget is spent" in session.script("compare", "exp-02", code=4).stderr
    follow(session, "record_result.py discard exp-02")

    assert "headline: improved" in follow(session, "finish_session.py")
    assert "render_report.py" in steps(session)[0]


def test_dollars_that_are_spent_stop_what_costs_some(session: Any) -> None:
    """Nothing is sent to a worker or launched, and those up are to be stopped; this machine goes on for nothing."""
    session.script("start_session", "--goal", "quick", "--budget-usd", "1")
    worker = {"type": "worker", "worker": "vm-01", "launch": "a", "usd_hour": 360_000.0}
    journal.append(session.root, {**worker, "event": "up", "timestamp": journal.now_ms() - 60_000})
    sealed(session, "exp-01", FASTER)

    work, now = Workdirs(git.find(session.root)), replay.load(session.root)
    for send in (
        lambda: lifecycle.plan(now, 2, WorkerRequest({})),
        lambda: submit_to_fleet(work, work.experiment("exp-01"), Request(), "vm-01"),
    ):
        with pytest.raises(console.Failure, match=r"the \$1.0 are spent") as refused:
            send()
        assert "--on local" in refused.value.do
    session.script("compare", "exp-01")
    session.script("record_result", "keep", "exp-01")
    assert ["workers.py", "stop"] == re.findall(r"workers.py|stop", steps(session)[0].partition("#")[0])

    journal.append(session.root, {**worker, "event": "stopped"})
    assert "search_github.py" in steps(session)[0]
    assert "will not be run" not in session.script("snapshot_workdir", "create").stderr


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("verdict", ["improved", "undecided", ""])
def test_what_somebody_removed_is_turned_down(session: Any, verdict: str, anew: bool) -> None:
    """Neither its copy nor its ref is there, or an unsealed copy has its name: status.py answers, and it is decided."""
    if verdict:
        journaled(session, "exp-01", verdict, needed=90)
    else:
        screened(session, "exp-01", gain=0.2, screen="promising")
    session.script("snapshot_workdir", "prune", "--force", "exp-01")
    for ref in session.git(
        "for-each-ref", "--format=%(refname)", "refs/autoresearch", "refs/autoresearch-start"
    ).split():
        session.git("update-ref", "-d", ref) if ref.endswith("exp-01") else None
    if anew:
        session.script("snapshot_workdir", "create", "exp-01")

    assert "its content is gone" in steps(session)[0]
    follow(session, "record_result.py discard exp-01")

    assert not replay.load(session.root).undecided()
    assert "exp-01: " in session.script("render_report", "--as", "improvements").stdout


def test_a_comparison_that_was_killed_is_made_again(session: Any) -> None:
    """Its driver ended by kill -9 before a verdict: the next step says so and compares it, as it was to be."""
    sealed(session, "exp-01", FASTER)
    run = [sys.executable, str(BUNDLE / "scripts/compare.py"), "exp-01"]
    with subprocess.Popen(run, cwd=session.root, env=session.env, stderr=subprocess.DEVNULL) as shell:
        places = session.root / ".autoresearch" / "comparisons"
        until(lambda: any(places.glob("exp-01.*/started")))
        (started,) = places.glob("exp-01.*/started")
        os.kill(int(started.read_text().split()[0]), signal.SIGKILL)
        shell.kill()
    until(lambda: "is under way" not in steps(session)[0])

    assert "its comparison was ended from outside" in steps(session)[0]
    assert "improved" in follow(session, COMPARE)
    assert "keep exp-01" in steps(session)[0]


def test_a_budget_that_is_spent_twice_is_raised_in_one_step(session: Any) -> None:
    """Experiments and hours at once: the printed command raises both, and a copy that will not be run is told so."""
    session.script("start_session", "--goal", "quick", "--max-experiments", "1", "--budget-hours", "0.0000001")
    journaled(session, "exp-01", "not_improved")
    session.script("record_result", "discard", "exp-01", "--why", "no gain")
    assert ["finish_session.py", "start_session.py"] == [re.findall(r"[a-z_]+\.py", step)[0] for step in steps(session)]

    said = session.script("snapshot_workdir", "create", "exp-02").stderr
    assert "all 1 experiments have been run" in said
    assert "start_session.py --max-experiments 2 --budget-hours 1  # only the person" in said
    follow(session, "--max-experiments 2 --budget-hours 1", said=steps(session)[1])

    assert "submit_experiment.py exp-02" in steps(session)[0]


@pytest.mark.parametrize("name", [*step_table.SESSION, *step_table.EXPERIMENT])
def test_every_state_of_the_tables_is_used(name: str) -> None:
    """A row that nothing leads to is dead: each name stands in the code besides its row."""
    session = Path(next_steps.__file__).parent
    files = session / "next_steps.py", session.parents[1] / "run/jobs/screening.py"
    text = "".join(file.read_text() for file in files)

    assert f'"{name}"' in text


def test_a_screen_that_was_cancelled_is_not_sent_again(session: Any) -> None:
    """Screened again after a keep and cancelled there: it stays so, and is no crash; its comparison is what is left."""
    screened(session, "exp-01", gain=0.2, screen="promising", job="exp-01.0.0")
    job = {"experiment_id": "exp-01", "job": "exp-01.0.2", "worker": "local", "tree": "0" * 40, "role": "experiment"}
    tip = replay.load(session.root).baseline.tree
    journal.append(session.root, {"type": "submitted", "executor": "local", "baseline": tip, **job})
    journal.append(session.root, {"type": "finished", "status": "crash", "error": "cancelled", "metric": None, **job})

    said = session.script("collect_results", code=1)

    assert "screened again" not in said.stderr
    assert not replay.load(session.root).open_jobs()
    assert "older baseline" in steps(session)[0]
    screened(session, "exp-02", status="crash", error="cancelled", metric=None)
    assert "exp-02: screened: cancelled\n" in session.script("status").stdout


def test_a_comparison_ended_after_its_first_look_is_counted_where_votes_are_told(session: Any) -> None:
    """Status, the comparison's own words and what to build on count it as a keep does: as one that said no."""
    tree = sealed(session, "exp-01", FASTER)
    its = {"baseline_tree": replay.load(session.root).baseline.tree, "candidate_tree": tree, "metric": "time_s"}
    place = session.root / ".autoresearch/comparisons/exp-01.0.1"
    place.mkdir(parents=True)
    plan = json.dumps({"experiment_id": "exp-01", "mode": "improved", **its})
    for name, text in {"plan.json": plan, "spec.json": "{}", "log.txt": "8 pairs: 3 wins", "cancelled": ""}.items():
        (place / name).write_text(text)

    assert re.search(r"compare.py exp-01  # cancelled, .*: 2 must now say improved", steps(session)[-1])
    journaled(session, "exp-01", "undecided", needed=90, **its)
    assert "3 must now say improved" in steps(session)[0]
    journaled(session, "exp-01", "improved", **its)
    journaled(session, "exp-01", "improved", **its)
    assert "build on baseline" in session.script("suggest_next").stdout.splitlines()[1]
    journaled(session, "exp-01", "improved", **its)
    assert "build on exp-01" in session.script("suggest_next").stdout.splitlines()[1]


def test_a_change_compared_often_is_told_by_all_its_pairs(session: Any) -> None:
    """As its keep will be: a last comparison that had luck is no headline of status, nor what to build on."""
    its = {"baseline_tree": "b", "candidate_tree": "c", "metric": "time_s", "baseline_samples": [1.0] * 8}
    journaled(session, "exp-01", "not_improved", gain=0.0, candidate_samples=[1.0] * 8, **its)
    for _ in range(2):
        journaled(session, "exp-01", "improved", gain=1.0, candidate_samples=[0.8] * 8, **its)

    assert "exp-01: compared: improved +25.00%" in session.script("status").stdout
    assert "+25.00%" in session.script("suggest_next").stdout.splitlines()[1]


def test_where_nothing_more_is_run_nothing_is_advised_for_it(session: Any) -> None:
    """Hours that are over add up, and nothing is to be built on; a closed session is not opened by a larger budget."""
    session.script("start_session", "--budget-hours", "0.000001")
    said = session.script("suggest_next").stdout

    assert "build on" not in said
    over, idle = re.findall(r"over: ([\d.e-]+) since the lock, in ([\d.e-]+) of which nothing ran", said)[0]
    assert float(idle) <= float(over)
    session.script("finish_session")
    assert "the session is closed" in session.script("start_session", "--goal", "quick", "--budget-hours", "9").stderr
    assert "--budget-hours" not in session.script("snapshot_workdir", "create").stderr
