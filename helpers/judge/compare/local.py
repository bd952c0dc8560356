"""Planning a comparison, starting its driver, and following it."""

from __future__ import annotations

import json
import math
import os
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers import console, events, files, git, git_objects, paths, progress, state
from helpers.events import Comparison
from helpers.judge.compare import afresh, driver, spread_local
from helpers.judge.compare.driver import KIND
from helpers.judge.measure.pairs import Plan
from helpers.judge.policy import experiment as policy_experiment
from helpers.judge.rule import noise, sign_test
from helpers.run.copies import uncommitted
from helpers.run.copies.copies import Experiment, Workdirs
from helpers.run.isolation import detached
from helpers.run.jobs import screening
from helpers.run.local import job_folder
from helpers.run.local.job_folder import Folder
from helpers.state import State

LONGEST_SECONDS = 3600.0
"""Seconds that a comparison may be expected to take where nobody said how many pairs it has."""
LONG_PAIR = 120.0
"""Seconds from which on a pair of a spread comparison needs no runs before it that do not count."""
POLL_SECONDS = 0.5
"""Seconds between two looks at a comparison under way: looking often would disturb it."""


@dataclass(frozen=True)
class Options:
    """What the caller may choose; None takes the session's own value."""

    against: str | None = None
    margin: float | None = None
    max_pairs: int | None = None
    layouts: int | None = None
    guards: tuple[str, ...] = ()
    not_worse: bool = False
    seed: str | None = None
    spread: dict[str, str] = field(default_factory=dict)

    def unlike(self, planned: Comparison) -> list[str]:
        """Return the options given here that a planned comparison does not have."""
        values = {"margin": self.margin, "max_pairs": self.max_pairs, "layouts": self.layouts, "seed": self.seed}
        found = [name for name, value in values.items() if value is not None and getattr(planned, name) != value]
        found += ["spread"] if self.spread and not planned.spread else []
        found += ["mode"] if self.not_worse and not planned.may_be_equal else []
        found += ["guard"] if not set(self.guards) <= set(planned.limits) else []
        return found + (["baseline"] if self.against else [])


def default_pairs(now: State, worker: str) -> int:
    """Return the pairs at most where nobody said: 48; as many as an hour holds on a host that needs more.

    24 where 48 take longer than an hour (a training run) and the measured spread finds the margin with those.
    """
    sigma, each = screening.spread(now, worker), _seconds(now, worker)
    if sigma is not None and noise.PER_24 * sigma <= now.margin and sign_test.USUAL_PAIRS * each > LONGEST_SECONDS:
        return 24
    if sigma is None or noise.PER_48 * sigma <= now.margin:
        return sign_test.USUAL_PAIRS
    usual = sign_test.USUAL_PAIRS
    return max(n for n in sign_test.TABLE if n == usual or (n > usual and n * each <= LONGEST_SECONDS))


def _seconds(now: State, worker: str) -> float:
    """Return how long a pair takes there: by the last comparison, else twice a call of the baseline's; 0 unknown."""
    past = [c for c in now.comparisons if c.worker == worker and c.measured_seconds and c.pairs]
    if past:
        return past[-1].measured_seconds / len(past[-1].baseline_samples)
    runs = [job.finished for job in now.jobs.values() if job.is_control and job.finished and job.worker == worker]
    known = [2 * run.durations["bench"] / max(len(run.samples), 1) for run in runs if "bench" in run.durations]
    return known[-1] if known else 0.0


def planned_words(now: State, pairs: int, worker: str) -> str:
    """Say beforehand how many pairs a comparison may take, how long that is, and what gain it finds there."""
    sigma, each = screening.spread(now, worker), _seconds(now, worker)
    text = f"at most {pairs} pairs"
    if each:
        text += (
            f" of about {each:.0f} s, {pairs * each / 3600:.1f} h" if pairs * each > 3600 else f", {pairs * each:.0f} s"
        )
    if sigma is None:
        return f"{text}; what {worker} can tell is not known yet: compare.py --calibrate"
    said, found = now.scale.size(sigma, 2), now.scale.size(noise.resolved(sigma, pairs), 2)
    return f"{text}; measurements there differ by {said}: a gain of {found} is found 3 times in 4"


OWN = Options()
"""The session's own values."""


def default_repeats(now: State, worker: str) -> int:
    """Return how many calls make a measurement: as the person said, else as the worker's calibration chose."""
    of_it = [event.repeats for event in now.workers if event.what == "calibrated" and event.worker == worker]
    return now.config.repeats or (of_it[-1] if of_it else 1)


def plan(work: Workdirs, now: State, sealed: Experiment, options: Options, worker: str = "") -> Plan:
    """Fix everything about the comparison before its first measurement.

    Raises Failure (1) when the change no longer applies to a baseline that has moved on.
    """
    base_tree, base_commit, tree = sides(work, now, sealed, options.against)
    for each in (base_tree, tree):
        work.refs.hold(each)
    number = sum(1 for c in now.comparisons if c.experiment_id == sealed.name) + 1
    taken = {folder.name for folder in job_folder.jobs_folder(work.root, KIND).glob("*")}
    while f"{sealed.name}.{now.segment}.{number}" in taken:
        number += 1
    text = policy_experiment.evaluator_text(work, now, [paths.BENCHMARK])
    return Plan(
        job=f"{sealed.name}.{now.segment}.{number}",
        experiment=sealed.name,
        baseline_tree=base_tree,
        baseline_commit=base_commit,
        candidate_tree=tree,
        sealed_tree=sealed.tree,
        against=options.against,
        seeded="AUTORESEARCH_SEED" in policy_experiment.evaluator_text(work, now),
        calls=afresh.calls(text),
        second=afresh.seconds_in(now.metric, now.config.unit),
        **agreed(now, work.folder, options, worker),
    )


def agreed(now: State, workdir_root: Path, options: Options = OWN, worker: str = "") -> dict[str, Any]:
    """Return the fields of a plan that the session, or the caller's options, settle whatever is compared."""
    pair = pair_seconds(now)
    return {
        "metric": now.metric,
        "direction": now.direction,
        "margin": options.margin if options.margin is not None else now.margin,
        "scale": now.scale.kind,
        "max_pairs": options.max_pairs or (now.config.max_pairs or default_pairs(now, worker or "local")),
        "repeats": default_repeats(now, worker or "local"),
        "layouts": options.layouts or now.config.layouts,
        "mode": "not_worse" if options.not_worse else "improved",
        "seed": options.seed or os.urandom(8).hex(),
        "guards": [*now.config.limits, *options.guards],
        "task": now.require_lock().task,
        "protected": now.protected,
        "passed": now.config.pass_env,
        "workdir_root": str(workdir_root),
        "chosen_seed": options.seed is not None,
        "tests": now.taken.tests if now.taken else None,
        "spread": options.spread,
        "warm": not (options.spread and pair and pair >= LONG_PAIR),
        "outputs_seconds": now.config.outputs_seconds or Plan.outputs_seconds,
    }


def sides(work: Workdirs, now: State, sealed: Experiment, against: str | None) -> tuple[str, str, str]:
    """Return (baseline tree, baseline commit, candidate tree).

    The baseline is the very tree that was measured when the session was locked or the last change kept. Whatever else
    the copy was made with (an edited work tree, an older baseline) is on neither side: the change is merged onto it.
    """
    commit = now.baseline.commit_full
    if against:
        older = work.refs.sealed(against) or git.commit_of(work.root, against)
        if older != commit:
            return (*_against(work, now, sealed, older), sealed.tree)
    origin, ours = work.origin(sealed), now.baseline.tree
    if origin.tree == ours:
        return ours, commit, sealed.tree
    merged, conflicts = work.shadow.merge(origin.tree, ours, sealed.tree)
    if conflicts:
        raise console.answer_no(
            f"{sealed.name} began from something else than the current baseline {commit[:7]} and conflicts with it in "
            f"{', '.join(conflicts[:5])}",
            f"snapshot_workdir.py create {work.next_name()}  # make the change again on top of the baseline",
        )
    if origin.commit != commit:
        console.note(f"note: the baseline moved on to {commit[:7]}; comparing the change merged onto it")
    elif foreign := _differing(work, origin.tree, ours):
        said = uncommitted.named(foreign)
        console.note(f"note: {said}: compared without it, on top of the baseline; a change that needs it fails")
    return ours, commit, merged


def _against(work: Workdirs, now: State, sealed: Experiment, commit: str) -> tuple[str, str]:
    origin = work.origin(sealed)
    if commit == origin.commit:
        return origin.tree, commit
    measured = {
        now.require_lock().commit_full: now.require_lock().tree,
        **{run.commit_full: run.tree for run in now.kept},
    }
    if commit in measured:  # the very tree, with what git did not track
        return measured[commit], commit
    older = work.shadow.with_files(git.tree_of(work.root, commit), sealed.tree, (*paths.PROTECTED, *now.protected))
    return older, commit  # both sides under the same benchmark, though it may be younger than the code


def _differing(work: Workdirs, one: str, other: str) -> list[str]:
    names = [os.fsdecode(row.path) for row in git_objects.differences(work.root, one, other)]
    return [name for name in names if name != paths.IMPROVEMENTS]


def under_way(root: Path) -> dict[str, str]:
    """Return the experiments whose comparison is under way on this machine, each with its job."""
    names = sorted((folder.name for folder in job_folder.jobs_folder(root, KIND).glob("*")), reverse=True)
    return {name.rsplit(".", 2)[0]: name for name in names if Folder(root, name, KIND).state() == "running"}


def planned(root: Path, job: str) -> Comparison:
    """Return what was agreed for a comparison before it began."""
    return Comparison.from_line(json.loads(Folder(root, job, KIND).read("plan.json")))


def start(root: Path, its: Plan) -> str:
    """Start the driver, detached; return its job."""
    folder = Folder(root, its.job, KIND)
    folder.path.mkdir(parents=True)
    files.replace(folder.path / "plan.json", json.dumps(its.as_dict()))
    files.replace(folder.path / "spec.json", "{}")
    detached.fork(lambda: driver.carry_out(root, its.job, spread_local.collect), job_folder.runner_log(root))
    return its.job


def follow(root: Path, job: str, seconds: float) -> Comparison:
    """Print the driver's progress until it ends; return the journaled comparison.

    Raises Failure (3) when it died, or still runs after `seconds`.
    """
    folder, shown, until = Folder(root, job, KIND), 0, time.monotonic() + seconds
    grace, soon, beat = time.monotonic() + 10, 0.001, progress.Progress("comparing")
    while True:
        ended = folder.has("finished")
        text = folder.read("log.txt")
        for line in text[shown:].splitlines():
            console.note(line)
            beat.heard()
        shown = len(text)
        beat.tick()
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


def expectation(now: State, its: Plan) -> str:
    """Return how long a comparison will take, from those so far, or before the first from a run of the baseline."""
    pair, around = pair_seconds(now), _durations(now)
    if pair is None:
        return "how long it takes is not known yet"
    fixed = 2 * around.get("build", 0.0) * its.layouts + 2 * around.get("checks", 0.0)
    rounds = [math.ceil(pairs / max(len(its.spread), 1)) for pairs in (min(8, its.max_pairs), its.max_pairs)]
    soon, late = (progress.span(fixed + each * pair) for each in rounds)
    return f"expected: {soon} to {late}, for 8 to {its.max_pairs} pairs; a confirmation or a holdout comes on top"


def pair_seconds(now: State) -> float | None:
    """Return the seconds that a pair takes, from the comparisons so far, or before the first from a run; or None."""
    past = [c for c in now.comparisons[-8:] if c.measured_seconds and c.baseline_samples]
    if past:
        return statistics.median(c.measured_seconds / len(c.baseline_samples) for c in past)
    repeats = float(now.require_lock().task.get("envs", {}).get("AUTORESEARCH_REPEATS") or 5)
    around = _durations(now)
    return 2 * around.get("bench", 0.0) / repeats if around else None


def _durations(now: State) -> dict[str, float]:
    done = [job.finished.durations for job in now.jobs.values() if job.finished and job.finished.durations]
    return done[-1] if done else {}


def typical_seconds(now: State) -> float | None:
    """Return the seconds that a comparison takes, the median of the last eight that measured; None before the first."""
    took = [c.seconds for c in now.comparisons if c.pairs and c.seconds is not None]
    return statistics.median(took[-8:]) if took else None


def _result(root: Path, job: str) -> Comparison:
    for event in reversed(events.read_events(root)):
        if isinstance(event, Comparison) and event.job == job:
            return event
    raise console.outside(f"the comparison {job} ended without a journaled verdict", "start it again")


def load(root: Path) -> State:
    """Return the session, whose baseline must be taken; raises Failure (2)."""
    now = state.load(root)
    now.require_baseline()
    return now
