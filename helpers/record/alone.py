"""The commit alone: what somebody gets who clones the branch, with nothing beside it, built and checked."""

import os
import tempfile
from pathlib import Path

from helpers import console, events, git, git_objects, paths
from helpers.judge.measure.side import SideError, of_session
from helpers.run.copies import uncommitted
from helpers.run.copies.copies import Workdirs
from helpers.run.copies.raw_git import at_one_time
from helpers.run.jobs import blame, tests_run
from helpers.run.jobs.tests_run import Tests
from helpers.run.local import slots
from helpers.state import State

_BESIDE = frozenset(os.fsencode(name) for name in (paths.IMPROVEMENTS, paths.TASK, paths.PROTOCOL, ".skyignore"))
"""What a copy and a commit need not have alike: the session's words."""


class CheckedOut:
    """Commits as git writes them into a work tree: with its filters, submodules that are there, and nothing else."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def restore(self, tree: str, target: Path) -> None:
        """Write the commit `tree` into the folder `target`."""
        target.mkdir(parents=True, exist_ok=True)
        with git_objects.own_index(self.root, tree) as env:
            git.run(self.root, ["checkout-index", "--all", f"--prefix={target}/"], env=env)
        for row in git.run(self.root, ["ls-tree", "-r", "-z", "--full-tree", tree]).stdout.split(b"\0"):
            if row.startswith(b"160000"):
                inner, name = row.split()[2].decode(), os.fsdecode(row.split(b"\t", 1)[1])
                if (self.root / name / ".git").exists():
                    CheckedOut(self.root / name).restore(inner, target / name)
        at_one_time(target)


def lacks(work: Workdirs, tree: str, commit: str) -> list[str]:
    """Return the files in which a check-out of `commit` is not the measured `tree`, byte for byte."""
    if not _apart(work.root, tree, commit):
        return []
    work.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work.folder, prefix=".alone-") as temporary:
        place = Path(temporary)
        CheckedOut(work.root).restore(commit, place / "copy")
        return _apart(work.root, tree, work.shadow.write_tree(place / "copy", place / "index", fresh=True))


def _apart(root: Path, one: str, other: str) -> list[str]:
    rows = git_objects.differences(root, one, other)
    return [os.fsdecode(row.path) for row in rows if row.path not in _BESIDE]


def require_lockable(work: Workdirs, now: State, commit: str, tests: Tests) -> None:
    """Raise Failure (1) where a clone of the locked commit does not pass as a copy did, naming what it lacks."""
    missing = lacks(work, now.require_lock().tree, commit)
    if missing and (reason := failure(work, now, commit, tests.ran)):
        raise console.answer_no(
            f"a clone of {now.branch} does not pass: {reason}. It lacks {uncommitted.named(missing)}",
            "git add and commit what benchmark and checks need, then:\nstart_session.py --lock",
        )


def require_keepable(work: Workdirs, now: State, kept: events.Run, missing: list[str]) -> None:
    """Raise Failure (4) where a clone of the experiment's commit does not pass; (3) where the baseline's fails too.

    That it failed without `missing` is journaled: it is not kept by trying again.
    """
    name, base = kept.experiment_id, now.baseline.commit_full
    seen = [note.text for note in now.notes if (note.tree, note.lacked) == (kept.tree, missing)]
    ran = (now.comparison(name) or events.NO_COMPARISON).tests or {}  # of the candidate, in its copy
    if not seen and (reason := failure(work, now, kept.commit_full, ran.get("ran"))):
        for _ in blame.often():
            if failure(work, now, base):
                raise console.outside(f"the baseline's commit {base[:7]} fails alone as well: {reason}", "try again")
        why = f"the commit of {name}, checked out alone, does not pass: {reason}. It lacks {uncommitted.named(missing)}"
        seen = [why]
        events.append(work.root, events.Note(text=why, experiment_id=name, tree=kept.tree, lacked=missing))
    if seen:
        raise uncommitted.refused(name, seen[0], now.branch)


def failure(work: Workdirs, now: State, commit: str, tests: int | None = None) -> str | None:
    """Return why the commit, checked out alone, does not build, measure or pass its checks (of this many `tests`)."""
    console.note(f"building and checking the commit {commit[:7]} alone, as a clone of {now.branch} has it")
    with slots.hold_all(work.root), of_session(work, now, commit, "alone") as side:  # not beside a comparison
        try:
            side.build(CheckedOut(work.root))
            side.measure(now.metric)
        except SideError as error:
            return str(error)
        said = side.check()
        ran = tests_run.read_log(side.checks_log).ran or 0
        if said == "passed" and tests and ran < tests:
            return f"its checks run {ran} tests there, and {tests} in a copy"
        if said == "passed" or (now.config.no_checks and said.startswith("skipped")):
            return None
        return f"checks: {said}: {side.said(side.checks_log)}"
