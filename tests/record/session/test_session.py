"""A session begins, locks, resumes, and turns bad beginnings away with a sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from helpers import replay

NEW = ("--goal", "quick", "--metric", "time_s", "--unit", "s", "--direction", "lower")


def events(repo: Any) -> list[dict[str, Any]]:
    """Return the journal."""
    return [json.loads(line) for line in (repo.root / "autoresearch.jsonl").read_text().splitlines()]


def test_a_session_leaves_git_status_clean(repo: Any) -> None:
    """Branch, session files and excludes are made; `git status` shows only what the person has to write."""
    repo.script("start_session", *NEW)

    assert "autoresearch/quick" == repo.git("branch", "--show-current")
    assert {"autoresearch.sh", "autoresearch.checks.sh"} >= {
        line[3:] for line in repo.git("status", "--porcelain").splitlines()
    }
    assert "config" == events(repo)[0]["type"]


def test_started_again_it_resumes(repo: Any) -> None:
    """The same command a second time changes nothing and says so; new options are journaled."""
    repo.script("start_session", *NEW)
    again = repo.script("start_session", *NEW)
    changed = repo.script("start_session", "--goal", "quick", "--allow", "build-file:Makefile")

    assert "changed: allow is now ['build-file:Makefile'], before not set" in changed.stderr
    assert "changed" not in again.stderr
    assert "resumed" in again.stdout
    assert ["config", "note"] == [e["type"] for e in events(repo)]
    assert ["build-file:Makefile"] == events(repo)[1]["set"]["allow"]


def test_options_without_a_goal_are_of_the_session_under_way(repo: Any) -> None:
    """With --lock as without, what is given is applied and said; nothing is ignored in silence."""
    repo.script("start_session", *NEW)
    alone = repo.script("start_session", "--margin", "2")
    locking = repo.script("start_session", "--lock", "--margin", "3", code=None)

    assert "changed: margin is now 2%, before 1%" in alone.stderr
    assert "changed: margin is now 3%, before 2%" in locking.stderr


def test_locking_commits_only_benchmark_and_checks(session: Any) -> None:
    """The lock commits the protected files and nothing else that lies about, and records the baseline as run 1."""
    names = session.git("show", "--name-only", "--format=", "HEAD").split()
    run = next(e for e in events(session) if "run" in e)

    assert ["autoresearch.checks.sh", "autoresearch.sh"] == sorted(names)
    assert (1, "keep", "baseline", 7) == (run["run"], run["status"], run["description"], len(run["commit"]))
    assert run["metric"] > 0
    assert "" == session.git("status", "--porcelain")


def test_locking_twice_changes_nothing(session: Any) -> None:
    """A second lock says that it is locked."""
    before = events(session)

    assert "locked already" in session.script("start_session", "--lock").stderr
    assert before == events(session)


def test_a_changed_benchmark_is_refused_afterwards(session: Any) -> None:
    """The benchmark is what all results stand on: changed after the first experiment, nothing goes on."""
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("echo 42\n")
    session.script("snapshot_workdir", "seal", "exp-01", "--desc", "x")
    session.script("record_result", "discard", "exp-01", "--why", "no")
    session.write("autoresearch.sh", "echo METRIC time_s=0.001\n", 0o755)

    assert "autoresearch.sh" in session.script("start_session", "--lock", code=4).stderr
    assert "CHANGED: autoresearch.sh" in session.script("status").stdout


def test_until_the_first_experiment_it_is_locked_again(session: Any) -> None:
    """Validated, calibrated, edited: the same goal is locked again, with a baseline of its own."""
    text = (session.root / "autoresearch.sh").read_text()
    session.write("autoresearch.sh", text + "# better\n", 0o755)

    assert "locked again" in session.script("start_session", "--lock").stderr

    now = replay.load(session.root)
    assert ["baseline"] == [run.description for run in now.runs]
    assert session.git("show", "HEAD:autoresearch.sh").endswith("# better")
    assert "4 intact" in session.script("status").stdout


@pytest.mark.parametrize(
    ("benchmark", "says"),
    [
        ("exit 3\n", "benchmark"),
        ("echo hello\n", "METRIC"),
        ("echo METRIC other=1\n", "time_s"),
        ("echo METRIC time_s=nan\n", "METRIC"),
    ],
)
def test_a_bad_benchmark_does_not_lock(repo: Any, benchmark: str, says: str) -> None:
    """A benchmark that fails or prints no usable METRIC is named, exit 1; once mended the lock works."""
    repo.write("autoresearch.sh", benchmark, 0o755)
    repo.write("autoresearch.checks.sh", '[ "$(bash src/work.sh)" = 42 ]\n', 0o755)
    repo.script("start_session", *NEW)

    assert says in repo.script("start_session", "--lock", code=1).stderr

    repo.write("autoresearch.sh", "bash src/work.sh >&2 && echo METRIC time_s=1.5042\n", 0o755)
    repo.script("start_session", "--lock")


def test_a_guard_on_a_metric_that_nobody_prints_does_not_lock(repo: Any) -> None:
    """What is unknown never passes a limit, so the lock says it, not the first winner; once printed the lock works."""
    repo.write("autoresearch.sh", "bash src/work.sh >&2 && echo METRIC time_s=1.5042\n", 0o755)
    repo.write("autoresearch.checks.sh", '[ "$(bash src/work.sh)" = 42 ]\n', 0o755)
    repo.script("start_session", *NEW, "--guard", "output_crc=same")

    assert "METRIC output_crc was not printed, only time_s" in repo.script("start_session", "--lock", code=1).stderr
    assert not [event for event in events(repo) if "run" in event]
    assert "start_session.py --lock" in repo.script("status").stdout

    repo.write(
        "autoresearch.sh", "bash src/work.sh >&2 && echo METRIC time_s=1.5042; echo METRIC output_crc=7\n", 0o755
    )
    repo.script("start_session", "--lock")


def test_a_baseline_that_fails_says_what_the_checks_said(repo: Any) -> None:
    """Checks that need an ignored folder pass by hand, fail in a copy: last line and a way to see it are named."""
    repo.write("autoresearch.sh", "bash src/work.sh >&2 && echo METRIC time_s=1.5042\n", 0o755)
    repo.write("autoresearch.checks.sh", "set -e\n.venv/bin/python -m pytest\n", 0o755)
    repo.script("start_session", *NEW)
    said = repo.script("start_session", "--lock", code=1).stderr

    assert ".venv/bin/python: No such file" in said
    assert "git ignores" in said


def test_missing_checks_need_a_word(repo: Any) -> None:
    """Without checks nothing tells a faster program from a broken one: it takes --no-checks."""
    repo.script("start_session", *NEW)
    (repo.root / "autoresearch.checks.sh").unlink(missing_ok=True)
    repo.write("autoresearch.sh", "bash src/work.sh >&2 && echo METRIC time_s=1.5042\n", 0o755)
    repo.script("start_session", "--lock", code=2)
    repo.script("start_session", "--goal", "quick", "--no-checks")
    repo.script("start_session", "--lock")


def test_bad_beginnings(repo: Any) -> None:
    """Detached HEAD, a merge, a missing option: exit 2 and a next step. Another metric is no obstacle yet."""
    repo.git("checkout", "-q", "--detach")
    assert "git switch" in repo.script("start_session", *NEW, code=2).stderr
    repo.git("switch", "-q", "main")
    (repo.root / ".git/MERGE_HEAD").write_text(repo.git("rev-parse", "HEAD") + "\n")
    assert "MERGE_HEAD" in repo.script("start_session", *NEW, code=2).stderr
    (repo.root / ".git/MERGE_HEAD").unlink()
    assert "--metric" in repo.script("start_session", "--goal", "x", code=2).stderr
    assert "--goal is missing" in repo.script("start_session", code=2).stderr
    assert "--guard 'rss_mb'" in repo.script("start_session", *NEW, "--guard", "rss_mb", code=2).stderr
    assert "slug" in repo.script("start_session", "--goal", "No Slug", code=2).stderr
    repo.script("start_session", *NEW)
    other = ("--goal", "quick", "--metric", "other", "--direction", "lower")
    assert "metricName is now other, before " in repo.script("start_session", *other).stderr


def test_malformed_yaml_is_named(repo: Any) -> None:
    """experiment.yaml that is no YAML, or no task, gives its place and exit 2."""
    repo.script("start_session", *NEW)
    repo.write("autoresearch.sh", "bash src/work.sh >&2 && echo METRIC time_s=1.5042\n", 0o755)
    repo.write("autoresearch.checks.sh", '[ "$(bash src/work.sh)" = 42 ]\n', 0o755)
    for text in ("run: [unclosed", "- a\n- list\n", "run: 3\n", "envs: [a]\nrun: echo\n"):
        repo.write("experiment.yaml", text)
        assert "experiment.yaml" in repo.script("start_session", "--lock", code=2).stderr


def test_a_dirty_tree_is_said_and_kept(repo: Any) -> None:
    """Uncommitted work is no obstacle: it is named, and stays exactly as it is."""
    repo.write("src/work.sh", "echo 42 # mine\n")
    repo.write("staged.txt", "mine")
    repo.git("add", "staged.txt")

    said = repo.script("start_session", *NEW).stderr

    assert "src/work.sh" in said
    assert " M src/work.sh" in repo.git("status", "--porcelain")
    assert "A  staged.txt" in repo.git("status", "--porcelain")


def test_git_read_only_says_what_to_allow(repo: Any) -> None:
    """Some sandboxes keep .git read-only: the message names what to allow."""
    import os

    if os.getuid() == 0:
        pytest.skip("root may write everywhere")
    (repo.root / ".git").chmod(0o555)
    try:
        assert "sandbox" in repo.script("start_session", *NEW, code=3).stderr
    finally:
        (repo.root / ".git").chmod(0o755)


def test_no_checks_from_the_beginning(repo: Any) -> None:
    """With --no-checks no checks are written that would have to be filled in, and the session locks without any."""
    repo.write("autoresearch.sh", "bash src/work.sh >&2 && echo METRIC time_s=1.5042\n")
    repo.script("start_session", "--goal", "quick", "--metric", "time_s", "--direction", "lower", "--no-checks")

    done = repo.script("start_session", "--lock")

    assert not (repo.root / "autoresearch.checks.sh").exists()
    assert "baseline: time_s=1.5042" in done.stdout


@pytest.mark.parametrize("moment", ["update-ref", "symbolic-ref -m"])
def test_a_killed_beginning_goes_on(repo: Any, tmp_path: Path, moment: str) -> None:
    """Killed before anything is journaled, on the new branch or not: the same command begins the session."""
    repo.git("config", "core.logAllRefUpdates", "false")  # whether git notes what moves is the person's choice
    (tmp_path / "bin").mkdir()
    fatal = tmp_path / "bin/git"
    fatal.write_text(
        f'#!/bin/sh\n{shutil.which("git")} "$@" || exit\ncase " $* " in *" {moment} "*) kill -9 $PPID;; esac\n'
    )
    fatal.chmod(0o755)
    killed = repo.script("start_session", *NEW, code=None, PATH=f"{tmp_path / 'bin'}:{repo.env['PATH']}")
    assert (-9, False) == (killed.returncode, (repo.root / "autoresearch.jsonl").exists())
    assert "autoresearch/quick" in repo.git("branch", "--list", "--format=%(refname:short)", "autoresearch/*")

    said = repo.script("start_session", *NEW).stdout

    assert "began session quick" in said
    assert "autoresearch/quick" == repo.git("branch", "--show-current")
    assert [("config", "main", repo.git("rev-parse", "main"))] == [
        (e["type"], e["from"], e["base"]) for e in events(repo)
    ]


def test_a_branch_of_the_persons_own_is_left_alone(repo: Any) -> None:
    """A branch with the session's name that no beginning made is refused, wherever it stands."""
    repo.git("branch", "autoresearch/quick")

    assert "autoresearch/quick exists" in repo.script("start_session", *NEW, code=2).stderr
    assert "main" == repo.git("branch", "--show-current")


def test_a_pattern_that_matches_nothing_is_said(repo: Any) -> None:
    """A slip in --scope would refuse every experiment, one in --off-limits protect nothing: both are said."""
    options = ("--scope", "src/", "--scope", "scr/", "--off-limits", "*.sh", "--off-limits", "docs/**")
    said = repo.script("start_session", "--goal", "g", "--metric", "time_s", "--direction", "lower", *options).stderr

    assert "--scope 'scr/' matches no file" in said
    assert "--off-limits 'docs/**' matches no file" in said
    assert 2 == said.count("matches no file")


def test_a_session_that_another_replaced_is_resumed_by_its_name(compared: Any) -> None:
    """--new says how it is kept; its name brings back its branch, files and experiments, and the other one's later."""
    begin = ("--metric", "time_s", "--direction", "lower")
    (compared.root / "autoresearch.md").write_text("my notes\n")
    said = compared.script("start_session", "--goal", "two", "--new", *begin).stderr
    assert "--goal quick --new" in said
    (compared.root / "autoresearch.sh").write_text("echo METRIC time_s=7\n")
    compared.write("experiment.yaml", "resources: {}\n")
    compared.script("snapshot_workdir", "create", "exp-02")
    compared.script("start_session", "--goal", "quick")

    now = replay.load(compared.root)
    assert ("autoresearch/quick", ["exp-01"]) == (compared.git("branch", "--show-current"), now.undecided())
    assert (compared.root / "autoresearch.md").read_text() == "my notes\n"
    compared.script("record_result", "keep", "exp-01", "--problem", "p", "--solution", "s")
    assert "results are there" in compared.script("start_session", "--goal", "quick", *begin[:1], "x", code=2).stderr

    under_way = compared.script("start_session", "--goal", "two", code=2).stderr
    assert "--goal two --new  # to resume that one" in under_way
    compared.script("start_session", "--goal", "two", "--new")
    assert (compared.root / "autoresearch.sh").read_text() == "echo METRIC time_s=7\n"
    assert ("autoresearch/two", []) == (
        compared.git("branch", "--show-current"),
        replay.load(compared.root).undecided(),
    )
    assert "not of two" in compared.script("record_result", "discard", "exp-01", "--why", "x", code=None).stderr
    compared.script("finish_session")
    compared.script("start_session", "--goal", "quick")
    assert [run.experiment_id for run in replay.load(compared.root).kept] == ["exp-01"]
