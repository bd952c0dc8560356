"""--dry-run of every script: nothing is changed or measured, and what the real call would do is said."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

import pytest
from conftest import BENCHMARK, CHECKS, CLEAR, Repo, new_repo

FAST = ("sleep 0.02\necho 42\n", "sleep 0.001\necho 42\n")


def everything(*places: Path) -> dict[str, tuple[int, bytes]]:
    """Return mode and content of all that lies there: work tree, git's store and refs, session, copies, home."""
    found = {}
    for place in places:
        for folder, folders, names in os.walk(place):
            for name in (*folders, *names):
                path = Path(folder, name)
                mode = path.lstat().st_mode
                held = path.read_bytes() if stat.S_ISREG(mode) else b""
                found[str(path)] = mode, os.fsencode(path.readlink()) if path.is_symlink() else held
    return found


def change(repo: Repo, name: str, text: str) -> None:
    """Edit a copy, made where there is none."""
    copies = list((repo.root.parent / "tmp").glob(f"autoresearch/*/{name}"))
    copy = copies[0] if copies else Path(repo.script("snapshot_workdir", "create", name).stdout.strip())
    (copy / "src/work.sh").write_text(text)


def repository(folder: Path) -> Repo:
    """Return a repository with a benchmark and checks, and no session."""
    made = new_repo(folder)
    made.write("autoresearch.sh", BENCHMARK, 0o755)
    made.write("autoresearch.checks.sh", CHECKS, 0o755)
    return made


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A repository without a session."""
    return repository(tmp_path_factory.mktemp("before"))


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A session that is not locked."""
    made = repository(tmp_path_factory.mktemp("begun"))
    made.script("start_session", *CLEAR)
    return made


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A session that has measured nothing but its baseline, with one sealed change."""
    made = repository(tmp_path_factory.mktemp("locked"))
    made.script("start_session", *CLEAR)
    made.script("start_session", "--lock")
    change(made, "exp-01", "echo 42\n")
    made.script("snapshot_workdir", "seal", "exp-01", "--desc", "sleep not at all")
    return made


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A session with a change that is kept, one that may be, a sealed one edited since, and one never sealed."""
    made = repository(tmp_path_factory.mktemp("full"))
    made.script("start_session", *CLEAR)
    made.script("start_session", "--lock")
    for number in (1, 2):
        change(made, f"exp-0{number}", FAST[number - 1])
        made.script("snapshot_workdir", "seal", f"exp-0{number}", "--desc", "sleep less")
        made.script("compare", f"exp-0{number}")
        made.script("record_result", "keep", f"exp-0{number}") if number == 1 else None
    made.script("reproduce", "--bundle", "exp-01", "--to", "../evidence")
    change(made, "exp-03", "echo 42\n")
    made.script("snapshot_workdir", "seal", "exp-03", "--desc", "sleep not at all")
    change(made, "exp-03", "echo $((21 * 2))\n")
    change(made, "exp-04", "echo 42 # at once\n")
    return made


CALLS = """
before | start_session --goal quick --metric time_s --direction lower | "metricName": "time_s"
begun  | start_session --goal quick --margin 3     | "margin": 0.03
begun  | start_session --lock                      | would be locked: autoresearch.checks.sh, autoresearch.sh
locked | compare exp-01                            | "job": "exp-01.0.1"
locked | submit_experiment exp-01 --no-screen      | exp-01: would be compared without a screen
full   | start_session --goal quick --allow build-file:Makefile | build-file:Makefile
full   | plan_wave run --from exp-04 --env --factor A=1,2 --factor B=1,2 | cell  4: A=2 B=2
full   | submit_experiment exp-03 --screen         | exp-03: would be screened on this machine
full   | submit_experiment exp-04 --desc quicker --screen | exp-04: would be screened
full   | submit_experiment exp-04 --desc quicker --no-screen | exp-04: would be compared without a screen
full   | submit_experiment exp-03 --screen --slots 99 | 99 slots of
full   | submit_experiment exp-01 --no-screen      | exp-01 has been decided: keep
begun  | start_session --goal other --metric m --direction lower | "name": "other"
full   | start_session --goal other --metric m --direction lower | the session quick is under way
full   | submit_experiment exp-03 --cancel         | exp-03 does not wait or run
full   | compare exp-02                            | "job": "exp-02.0.2"
full   | compare exp-03                            | "job": "exp-03.0.1"
full   | compare exp-03 --against main             | "against": "main"
full   | compare --calibrate                       | would build the baseline and measure it
full   | record_result keep exp-02                 | exp-02: would be recorded as keep
full   | record_result discard exp-03 --why slow   | exp-03: would be recorded as discard
full   | record_result crash exp-04 --why hot      | exp-04: would be recorded as crash
full   | record_result cost --usd 2                | would be on record
full   | snapshot_workdir create                   | exp-05: a copy of the work tree
full   | snapshot_workdir create exp-05 --from exp-01 | exp-05: a copy of exp-01
full   | snapshot_workdir create exp-01            | exp-01 exists (
full   | snapshot_workdir seal exp-04 --desc quick | would be sealed: exp-04
full   | snapshot_workdir restore exp-03 ../fresh  | fresh would be written
full   | snapshot_workdir prune                    | exp-01: would be removed
full   | finish_session                            | would compare the branch as it stands
full   | finish_session --reason wrong             | would close the session: wrong
full   | finalize                                  | --create
full   | finalize --squash                         | --create
full   | reproduce --bundle exp-01                 | would pack into
full   | reproduce ../evidence                     | would build both sides
full   | workers up --count 2 --infra aws          | would launch vm-01
"""


ROWS = [[part.strip() for part in row.split("|")] for row in CALLS.splitlines() if row]
COPIES_ELSEWHERE = [row for row in ROWS if row[1].startswith(("start_session --lock", "compare exp-02", "finalize --"))]


def changed(repo: Repo, command: str, *places: Path, **env: str) -> tuple[list[str], str]:
    """Return the paths that a dry run changed, and what it said."""
    name, *args = shlex.split(command)
    held = everything(repo.root.parent, *places)
    done = repo.script(name, *args, "--dry-run", code=None, **env)
    after = everything(repo.root.parent, *places)
    return sorted(path for path in {*held, *after} if held.get(path) != after.get(path)), done.stdout + done.stderr


@pytest.mark.parametrize(("state", "command", "said"), ROWS)
def test_a_dry_run_changes_nothing(state: str, command: str, said: str, request: pytest.FixtureRequest) -> None:
    """Work tree, refs, objects, journal, notes, copies and their indexes are the same bytes before and after."""
    differing, told = changed(request.getfixturevalue(state), command)
    assert [] == differing
    assert said in told


@pytest.mark.parametrize(("state", "command", "said"), COPIES_ELSEWHERE)
def test_a_dry_run_makes_no_folder_for_copies(
    state: str, command: str, said: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Where there is no folder for copies yet, there is none afterwards."""
    differing, told = changed(request.getfixturevalue(state), command, tmp_path, TMPDIR=str(tmp_path))
    assert [] == differing
    assert said in told
