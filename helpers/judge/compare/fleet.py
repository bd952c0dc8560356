"""Comparisons and calibrations on a worker of the fleet: planned and journaled here, measured there."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpers import console, events, journal, next_step, progress, replay
from helpers.events import Comparison, Submitted, WorkerEvent
from helpers.judge.compare import calibration, outputs
from helpers.judge.measure.plan import Plan
from helpers.run.fleet import keeper_process
from helpers.run.jobs import workers as jobs_workers
from helpers.run.jobs.workers import Worker
from helpers.state import State


def choose_workers(now: State, worker: str | None, kind: str = "") -> list[Worker]:
    """Return the workers to measure on: the one asked for, else those of the kind that are up, the quietest first.

    Raises Failure (2, 3).
    """
    ready = jobs_workers.of_kind(jobs_workers.up(now), kind)
    if worker:
        if worker not in (names := [w.name for w in ready]):
            others = (", ".join(names) or "none") + next_step.did_you_mean(worker, names)
            raise console.usage(f"{worker} is not up; these are: {others}", "workers.py list")
        return [w for w in ready if w.name == worker]
    quiet = sorted((w for w in ready if not w.noisy), key=lambda w: (w.resolves is None, w.resolves or 0.0, w.name))
    if not quiet:
        raise console.outside(
            "no quiet worker is up", "workers.py list  # then replace a noisy one: workers.py replace"
        )
    return quiet


def choose_several(now: State, count: int, kind: str) -> dict[str, str]:
    """Return `count` workers to spread a comparison over, or those that are up, with their types. Raises Failure."""
    found = choose_workers(now, None, kind)
    names = ", ".join(w.name for w in found)
    if len(found) < 2:
        raise console.usage(f"a spread comparison needs 2 quiet workers, up are: {names}", "workers.py up")
    if len(found) < count:
        console.note(f"note: {count} workers were asked for; the quiet ones that are up share the pairs: {names}")
    return {w.name: w.kind for w in found[: count or None]}


def running_job(now: State, experiment: str) -> str | None:
    """Return the job of this experiment's comparison that is under way on the fleet, if any."""
    return next((j.name for j in now.open_jobs() if j.role == "comparison" and j.experiment == experiment), None)


def start(root: Path, plan: Plan, worker: str) -> str:
    """Journal the comparison as waiting for `worker`, or for the pairs of several, and return its job."""
    return _submit(
        root, "comparison", plan.experiment, plan.sealed_tree, "" if plan.spread else worker, plan.journaled()
    )


def _submit(root: Path, role: str, experiment: str, tree: str, worker: str, plan: dict[str, Any] | None = None) -> str:
    with journal.locked(root):
        now = replay.load(root)
        number = sum(1 for j in now.jobs.values() if j.role == role and j.experiment == experiment) + 1
        event = Submitted(
            experiment_id=experiment,
            job=f"{role}-{experiment}.{now.segment}.{number}",
            worker=worker,
            executor="sky",
            tree=tree,
            role=role,
            description=f"{role} on {worker or 'several workers'}",
            source=[],
            env={},
            plan=plan or {},
        )
        return events.append_locked(root, event).job


def _ended(root: Path, name: str, seconds: float) -> State:
    """Wait for the job's end and return the session as it is then.

    Raises Failure (3) when it was lost, failed, or still runs after `seconds`.
    """
    until, beat = time.monotonic() + seconds, progress.Progress(name)
    while True:
        now = replay.load(root)
        job = now.jobs[name]
        if job.finished:
            if job.finished.status != "done":
                raise console.outside(
                    f"{name} on {job.worker}: {job.finished.error}", "correct that, then run the same command again"
                )
            return now
        if not job.sent and (gone := jobs_workers.lacking(now, job)):
            said = f"{name} waits for {', '.join(gone)}, and none of them is there"
            raise console.outside(said, f"{jobs_workers.way_back(now, gone)}  # then the same command follows it")
        keeper_process.kick(root)  # also for who does not wait: it goes on without them
        if time.monotonic() > until:
            raise console.outside(f"{name} still runs after {seconds:.0f} s", "the same command goes on following it")
        beat.tick(", sent" if job.sent else ", waits")
        time.sleep(1)


def follow(root: Path, name: str, seconds: float) -> Comparison:
    """Wait for a comparison on the fleet and return its verdict, which the keeper journaled; raises Failure (3)."""
    now = _ended(root, name, seconds)
    event = next(event for event in now.comparisons if event.fleet_job == name)
    outputs.write_reproduction(root, event, now.require_lock().task)
    return event


def calibrate_all(root: Path, workers: list[str], seconds: float) -> Iterator[tuple[WorkerEvent, str]]:
    """Measure the baseline on all of these workers at the same time and yield one after the other.

    Raises Failure (2, 3).
    """
    for job in [_begin_calibration(root, choose_workers(replay.load(root), worker)[0].name) for worker in workers]:
        now = _ended(root, job, seconds)
        yield calibration.of_event(next(event for event in now.workers if event.fleet_job == job), now)


def _begin_calibration(root: Path, worker: str) -> str:
    """Journal a calibration as waiting for `worker`, unless one is under way there, and return its job."""
    now = replay.load(root)
    now.require_lock()
    for job in now.open_jobs():
        if job.role == "calibration" and job.submitted.worker == worker:
            return job.name
    return _submit(root, "calibration", f"calibrate-{worker}", now.baseline.tree, worker)
