"""Planning a comparison: everything about it is fixed before its first measurement."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers import console, git, git_objects, next_step, paths
from helpers.events import Comparison
from helpers.judge.compare import afresh, durations
from helpers.judge.compare.driver import KIND
from helpers.judge.measure.plan import Plan
from helpers.judge.policy import experiment as policy_experiment
from helpers.judge.rule import noise, sign_test
from helpers.run.copies import uncommitted
from helpers.run.copies.copies import Experiment, Workdirs
from helpers.run.jobs import screening
from helpers.run.local import job_folder
from helpers.state import State

LONGEST_SECONDS = 3600.0
"""Seconds that a comparison may be expected to take where nobody said how many pairs it has."""
LONG_PAIR = 120.0
"""Seconds from which on a pair of a spread comparison needs no runs before it that do not count."""


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
    is_spread: bool = False
    spread: dict[str, str] = field(default_factory=dict)
    """Who shares the pairs, each with its type: chosen when the comparison begins."""

    def unlike(self, planned: Comparison) -> list[str]:
        """Return the options given here that a planned comparison does not have."""
        values = {"margin": self.margin, "max_pairs": self.max_pairs, "layouts": self.layouts, "seed": self.seed}
        found = [name for name, value in values.items() if value is not None and getattr(planned, name) != value]
        found += ["spread"] if self.is_spread and not planned.spread else []
        found += ["mode"] if self.not_worse and not planned.may_be_equal else []
        found += ["guard"] if not set(self.guards) <= set(planned.limits) else []
        return found + (["baseline"] if self.against else [])


OWN = Options()
"""The session's own values."""


def default_pairs(now: State, worker: str) -> int:
    """Return the pairs at most where nobody said: 48; as many as an hour holds on a host that needs more.

    24 where 48 take longer than an hour (a training run) and the measured spread finds the margin with those.
    """
    sigma, each = screening.spread(now, worker), durations.pair_seconds(now, worker) or 0.0
    if sigma is not None and noise.PER_24 * sigma <= now.margin and sign_test.USUAL_PAIRS * each > LONGEST_SECONDS:
        return 24
    if sigma is None or noise.PER_48 * sigma <= now.margin:
        return sign_test.USUAL_PAIRS
    usual = sign_test.USUAL_PAIRS
    return max(n for n in sign_test.TABLE if n == usual or (n > usual and n * each <= LONGEST_SECONDS))


def planned_words(now: State, pairs: int, worker: str) -> str:
    """Say beforehand how many pairs a comparison may take, and what gain it finds there."""
    sigma, text = screening.spread(now, worker), f"at most {pairs} pairs"
    if sigma is None:
        return next_step.runnable(f"{text}; what {worker} can tell is not known yet: compare.py --calibrate")
    said, found = now.scale.size(sigma, 2), now.scale.size(noise.resolved(sigma, pairs), 2)
    return f"{text}; measurements there differ by {said}: a gain of {found} is found 3 times in 4"


def default_repeats(now: State, worker: str) -> int:
    """Return how many calls make a measurement: as the person said, else as the worker's calibration chose."""
    of_it = now.calibrations(worker)
    return now.config.repeats or (of_it[-1].repeats if of_it else 1)


def plan(work: Workdirs, now: State, sealed: Experiment, options: Options, worker: str = "") -> Plan:
    """Fix everything about the comparison before its first measurement.

    Raises Failure (1) when the change no longer applies to a baseline that has moved on; (2) when there is none.
    """
    base_tree, base_commit, tree = sides(work, now, sealed, options.against)
    if base_tree == tree:
        raise console.usage(f"{sealed.name} changes nothing of {base_commit[:7]}", f"edit {sealed.path} first")
    for each in (base_tree, tree):
        work.refs.hold(each)
    number = sum(1 for c in now.comparisons if c.experiment_id == sealed.name) + 1
    taken = {folder.name for folder in job_folder.jobs_folder(work.root, KIND).glob("*")}
    while f"{sealed.name}.{now.segment}.{number}" in taken:
        number += 1
    return Plan(
        job=f"{sealed.name}.{now.segment}.{number}",
        experiment=sealed.name,
        baseline_tree=base_tree,
        baseline_commit=base_commit,
        candidate_tree=tree,
        sealed_tree=sealed.tree,
        against=options.against,
        without=[] if options.against else without(work, now, sealed),
        **benchmark_shape(work, now),
        **agreed(now, work.folder, options, worker),
    )


def benchmark_shape(work: Workdirs, now: State) -> dict[str, Any]:
    """Return the fields of a plan that the benchmark's text tells: whether inputs differ, and how it calls."""
    return {
        "seeded": "AUTORESEARCH_SEED" in policy_experiment.evaluator_text(work, now),
        "calls": afresh.calls(policy_experiment.evaluator_text(work, now, [paths.BENCHMARK])),
        "second": afresh.seconds_in(now.metric, now.config.unit),
    }


def agreed(now: State, workdir_root: Path, options: Options = OWN, worker: str = "") -> dict[str, Any]:
    """Return the fields of a plan that the session, or the caller's options, settle whatever is compared."""
    pair = durations.pair_seconds(now)
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
    origin, ours = sealed.origin, now.baseline.tree
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
    if foreign := without(work, now, sealed):
        said = uncommitted.named(foreign)
        console.note(f"note: {said}: compared without it, on top of the baseline; a change that needs it is refused")
    return ours, commit, merged


def without(work: Workdirs, now: State, sealed: Experiment) -> list[str]:
    """Return what the experiment's copy held beside the baseline that it was made from: files of no commit."""
    origin = sealed.origin
    began = _measured(now).get(origin.commit, origin.tree)
    if origin.tree == now.baseline.tree:
        return []
    names = [os.fsdecode(row.path) for row in git_objects.differences(work.root, began, origin.tree)]
    return [name for name in names if name != paths.IMPROVEMENTS]


def _against(work: Workdirs, now: State, sealed: Experiment, commit: str) -> tuple[str, str]:
    origin = sealed.origin
    if commit == origin.commit:
        return origin.tree, commit
    if commit in (measured := _measured(now)):  # the very tree, with what git did not track
        return measured[commit], commit
    older = work.shadow.with_files(git.tree_of(work.root, commit), sealed.tree, (*paths.PROTECTED, *now.protected))
    return older, commit  # both sides under the same benchmark, though it may be younger than the code


def _measured(now: State) -> dict[str, str]:
    """Return the commits of the baselines so far, each with the tree that was measured."""
    lock = now.require_lock()
    return {lock.commit_full: lock.tree, **{run.commit_full: run.tree for run in now.kept}}
