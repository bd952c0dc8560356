"""A comparison on this machine: starting its driver, and following it."""

import contextlib
import json
import re
import shlex
import time
from pathlib import Path

from helpers import console, events, files, locks, next_step, progress
from helpers.events import Comparison
from helpers.judge.compare import driver, spread_local
from helpers.judge.compare.driver import CANCELLED, KIND
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import Side
from helpers.run import collect
from helpers.run.isolation import detached
from helpers.run.local import job_folder
from helpers.run.local.job_folder import Folder
from helpers.state import State

POLL_SECONDS = 0.5
"""Seconds between two looks at a comparison under way: looking often would disturb it."""


def under_way(root: Path, state: str = "running") -> dict[str, str]:
    """Return the experiments whose comparison is under way on this machine (or in another state), each with its job."""
    names = sorted((folder.name for folder in job_folder.jobs_folder(root, KIND).glob("*")), reverse=True)
    return {name.rsplit(".", 2)[0]: name for name in names if Folder(root, name, KIND).state() == state}


def votes(root: Path, now: State, compared: Comparison) -> int:
    """Return by how much the comparisons that found this content good outnumber all others of it."""
    return sum(its.vote for its in now.alike(compared)) - broken_off(root, compared)


def broken_off(root: Path, compared: Comparison) -> int:
    """Return how many comparisons of this content on this machine died, or were cancelled, after their first look."""
    count = 0
    for place in job_folder.jobs_folder(root, KIND).glob("*"):
        folder = Folder(root, place.name, KIND)
        ended = folder.has(driver.VERDICT) or (folder.has("finished") and not folder.has(CANCELLED))
        if not ended and " pairs: " in folder.read("log.txt"):
            with contextlib.suppress(ValueError):
                count += planned(root, place.name).content == compared.content
    return count


def planned(root: Path, job: str) -> Comparison:
    """Return what was agreed for a comparison before it began."""
    return Comparison.from_line(json.loads(Folder(root, job, KIND).read("plan.json")))


def start(root: Path, its: Plan) -> str:
    """Start the driver, detached; return its job."""
    folder = Folder(root, its.job, KIND)
    folder.path.mkdir(parents=True)
    files.replace(folder.path / "plan.json", json.dumps(vars(its)))
    files.replace(folder.path / "spec.json", "{}")
    detached.fork(lambda: driver.carry_out(root, its.job, spread_local.collect), job_folder.runner_log(root))
    return its.job


def cancel(root: Path, job: str) -> str:
    """End a comparison before its verdict, with all that it had begun; return what became of it."""
    folder = Folder(root, job, KIND)
    folder.mark(CANCELLED)
    with locks.held(folder.path / "lock", wait=True):  # its driver's, until it is through
        folder.mark("finished")  # also where none had begun
    if folder.has(driver.VERDICT):
        return f"{job}: had its verdict already"
    shown = " pairs: " in folder.read("log.txt") and not planned(root, job).against
    return f"{job}: cancelled" + "; as pairs were shown, it counts as a comparison that said no" * shown


def follow(root: Path, job: str, seconds: float) -> Comparison:
    """Print the driver's progress until it ends; return the journaled comparison.

    Raises Failure (3) when it died, or still runs after `seconds`.
    """
    folder, shown, until = Folder(root, job, KIND), 0, time.monotonic() + seconds
    grace, soon, beat, end = time.monotonic() + 10, 0.001, progress.Progress("comparing"), 0.0
    unless = ""
    while True:
        ended = folder.has("finished")
        text = folder.read("log.txt")
        for line in text[shown:].splitlines():
            console.note(line)
            what = "waiting" if line.startswith("waiting for ") else "comparing"
            beat = beat if beat.what == what else progress.Progress(what)
            beat.heard()
            if (left := re.search(r"(\d+) s(?: at most)?$", line)) or " pairs: " in line:  # their last says none
                end = time.monotonic() + int(left[1]) if left else 0.0
                unless = ", unless it wins" * ("; next look in " in line)
        shown, rest = len(text), end - time.monotonic()
        more = f"; {rest:.0f} s more at most{unless}" if rest > 0 else ""
        beat.tick(_waits_for(root, job) if beat.what == "waiting" else more)
        if ended:
            return _result(root, job)
        if folder.state() == "lost" or (folder.state() == "pending" and time.monotonic() > grace):
            raise console.outside(f"the comparison {job} died before it ended", "start it again: the same command")
        if time.monotonic() > until:
            raise console.outside(
                f"the comparison {job} still runs after {seconds:.0f} s", "the same command goes on following it"
            )
        pid = folder.read("started").strip()
        gone = detached.ends(int(pid), POLL_SECONDS) if pid else None
        if gone is not False:  # gone, not begun yet, or a process that cannot be seen from here
            time.sleep(soon if gone else POLL_SECONDS if pid else 0.02)
            soon = POLL_SECONDS if gone else soon  # gone, yet at work: it is in another namespace


def _waits_for(root: Path, job: str) -> str:
    """Say what has the machine: another comparison, with what is left by its own last line, or the jobs that run."""
    for name, other in under_way(root).items():
        said = Folder(root, other, KIND).read("log.txt").splitlines()
        if other != job and said and not said[-1].startswith("waiting for "):
            return f" for the comparison of {name}: {said[-1].rpartition('; ')[2]}"
    return collect.waits_for(root, running=True)


def _result(root: Path, job: str) -> Comparison:
    for event in reversed(events.read_events(root)):
        if isinstance(event, Comparison) and event.job == job:
            return event
    if Folder(root, job, KIND).has(CANCELLED):
        raise console.answer_no(f"the comparison {job} was cancelled", "status.py")
    raise console.outside(f"the comparison {job} ended without a journaled verdict", "start it again")


def look(root: Path, compared: Comparison) -> str:
    """Return what shows why the checks, or the candidate, failed in a comparison."""
    logs = [(of := Folder(root, compared.job, KIND)).path / Side.CHECKS_LOG, of.log]
    found = next((next_step.path(root, str(each.relative_to(root))) for each in logs if each.is_file()), "")
    return f"tail -n 30 {shlex.quote(found)} | cat -v" if found else compared.why_not
