"""Beginning a comparison or a calibration, and going on with one: on this machine, or on the worker that was chosen."""

import argparse
from dataclasses import replace
from pathlib import Path

from helpers import arguments, console, paths, replay, session_branch
from helpers.events import NO_COMPARISON, Comparison, WorkerEvent
from helpers.judge.compare import calibration, durations, local, planning, spread_local
from helpers.judge.measure.plan import Plan
from helpers.judge.policy import experiment as policy_experiment
from helpers.run import cancel
from helpers.run.copies.copies import Experiment, Workdirs
from helpers.run.jobs import budget
from helpers.run.jobs.task import from_dict
from helpers.run.local import submit
from helpers.state import State


def options_from(now: State, args: argparse.Namespace) -> planning.Options:
    """Return what the command line chooses of a comparison; raises Failure (2, 3)."""
    if args.slots and (args.spread is None or args.on == "sky"):
        raise console.usage("--slots gpu is of pairs on this machine's GPUs", "compare.py EXP --spread --slots gpu")
    if args.worker and args.spread is not None:
        raise console.usage("--spread takes several workers, --worker names one", "leave one of them out")
    margin = None if args.margin is None else arguments.margin(args.margin, now.scale)
    its = args.against, margin, args.max_pairs, args.layouts, tuple(args.guard), args.not_worse, args.seed
    return planning.Options(*its, args.spread is not None)


def placed(now: State, asked: planning.Options, args: argparse.Namespace) -> tuple[str, planning.Options]:
    """Return the worker to measure on, empty for this machine, and the options with all that are to share the pairs.

    Raises Failure (2, 3).
    """
    worker = choose_worker(now, args.on, args.worker, args.kind)
    if not asked.is_spread:
        return worker, asked
    if not worker:
        cpus = from_dict(now.require_lock().task).cpus
        return worker, replace(asked, spread=spread_local.named(args.spread, cpus, by_gpu=bool(args.slots)))
    from helpers.judge.compare import fleet

    return worker, replace(asked, spread=fleet.choose_several(now, args.spread, args.kind))


def choose_worker(now: State, on: str, worker: str | None, kind: str = "") -> str:
    """Return the worker to measure on, empty for this machine. Raises Failure (2, 3)."""
    if on != "sky":
        return ""
    from helpers.judge.compare import fleet

    return fleet.choose_workers(now, worker, kind)[0].name


def running_job(work: Workdirs, now: State, exp: Experiment, on: str, asked: planning.Options) -> str | None:
    """Return the comparison of this experiment that is under way there, if any.

    Raises Failure (2) when it is another one than `asked` for.
    """
    if on != "sky":
        job = local.under_way(work.root).get(exp.name)
        planned = local.planned(work.root, job) if job else NO_COMPARISON
    else:
        from helpers.judge.compare import fleet

        job = fleet.running_job(now, exp.name)
        planned = Comparison.from_line(now.jobs[job].submitted.plan) if job else NO_COMPARISON
    if job and (others := asked.unlike(planned)):
        raise console.usage(
            f"a comparison of {exp.name} with another {', '.join(others)} is under way",
            f"compare.py {exp.name}  # waits for it; then ask for yours",
        )
    return job


def plan(work: Workdirs, now: State, exp: Experiment, options: planning.Options, worker: str = "") -> Plan:
    """Seal what was edited since, let the policy look, and fix the comparison; raises Failure (1, 2, 4)."""
    if not options.against and any(run.experiment_id == exp.name for run in now.kept):
        raise console.answer_no(
            f"{exp.name} is kept: the baseline holds it already",
            f"compare.py {exp.name} --against {now.require_lock().commit_full[:12]}  # with what was before",
        )
    if not options.against:
        budget.require_budget(now, exp.name, here=not worker)
    now.require_own(exp.name)
    session_branch.say(work.root, now)
    sealed = exp.require_sealed()
    if exp.has_copy:
        sealed = work.seal(exp, None)
    found = policy_experiment.require_allowed(work, sealed, now)
    for finding in found:
        console.note(policy_experiment.violation_line(finding))
    remembers = any(finding.rule == "remembers" for finding in found)
    screened = now.result(exp.name)
    promising = bool(screened and screened.tree == sealed.tree and screened.screen == "promising")
    return replace(planning.plan(work, now, sealed, options, worker), remembers=remembers, promising=promising)


def unseen(work: Workdirs, its: Plan, worker: str) -> str | None:
    """Return the job of the same comparison, where it has ended and nobody saw its verdict."""
    for event in reversed(replay.load(work.root).comparisons):
        job, there = event.fleet_job or event.job, bool(event.fleet_job)
        asked = there == bool(worker) and its.asks_the_same(event.line) and event.verdict != "error"
        if asked and _unseen(work, job).exists():
            console.note("it ended while nobody followed it; after its verdict the same command measures again")
            return job
    if not worker:
        submit.require_environment(work)
    return None


def start(work: Workdirs, its: Plan, worker: str) -> str:
    """Start the comparison and return its job, or that of one which nobody saw."""
    if job := unseen(work, its, worker):
        return job
    if not its.against:
        cancel.take_back_screens(work.root, its.experiment)
    if not worker:
        job = local.start(work.root, its)
    else:
        from helpers.judge.compare import fleet

        job = fleet.start(work.root, its, worker)
    console.note(durations.expectation(replay.load(work.root), its))
    mark = _unseen(work, job)
    mark.parent.mkdir(exist_ok=True)
    mark.touch()
    return job


def _unseen(work: Workdirs, job: str) -> Path:
    """Return the file that is there until the comparison's verdict was shown to somebody."""
    return paths.state_folder(work.root) / "unseen" / job


def follow(work: Workdirs, job: str, seconds: float) -> Comparison:
    """Return the journaled comparison, now seen, `seconds` from now at the most.

    Raises Failure (1) when it was cancelled, (130) by Ctrl-C, (3) otherwise.
    """
    now = replay.load(work.root)
    is_here = job not in now.jobs or now.jobs[job].is_local  # a screen here may have the name of the comparison
    event = next((event for event in now.comparisons if job in (event.fleet_job, event.job)), None)
    try:
        if event is None and is_here:
            event = local.follow(work.root, job, seconds)
        elif event is None:
            from helpers.judge.compare import fleet

            event = fleet.follow(work.root, job, seconds)
        _unseen(work, job).unlink(missing_ok=True)
        return event
    except KeyboardInterrupt:
        said = local.cancel(work.root, job) if is_here else "".join(cancel.end(work.root, [now.jobs[job]]))
        raise console.Failure(130, said or f"{job} had ended already", "status.py") from None


def cancel_experiment(root: Path, experiment: str, *, dry_run: bool = False) -> list[str]:
    """Cancel what waits or runs of an experiment, its comparison on this machine too; return a line for each.

    Raises Failure (1) when there is nothing.
    """
    jobs = [job for job in replay.load(root).open_jobs() if job.experiment == experiment]
    here = {**local.under_way(root, "pending"), **local.under_way(root)}
    begun = [here[experiment]] if experiment in here else []
    if dry_run and (jobs or begun):
        return [f"would cancel: {', '.join([*(job.name for job in jobs), *begun])}"]
    told = [*cancel.end(root, jobs), *(local.cancel(root, job) for job in begun)]
    if not told:
        raise console.answer_no(f"{experiment} does not wait or run", "status.py")
    return told


def calibrate(work: Workdirs, on: str, worker: str | None, seconds: float) -> tuple[WorkerEvent, str]:
    """Measure what this machine, or a worker within `seconds`, resolves, with its words; raises Failure (2, 3)."""
    if on != "sky":
        return calibration.calibrate(work)
    from helpers.judge.compare import fleet

    (now := replay.load(work.root)).require_baseline()
    return next(fleet.calibrate_all(work.root, [choose_worker(now, on, worker)], seconds))
