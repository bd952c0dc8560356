"""Who gets what next: a waiting job and a worker that has room, journaled before it is sent; and what is sent."""

import json
import math
import secrets
from pathlib import Path
from typing import Any

from helpers import events, journal, next_step, replay
from helpers.events import Comparison, WorkerEvent
from helpers.run.fleet import payload, results, skypilot
from helpers.run.jobs import blame, screening, task
from helpers.run.jobs import workers as jobs_workers
from helpers.run.jobs.workers import Worker
from helpers.state import Job, State

TOGETHER_SECONDS, SHORTEST = 150.0, 10.0
"""Experiments that last no longer in all are started together, as one job of SkyPilot's: each start costs seconds."""


def together(now: State, length: float | None) -> int:
    """Return how many experiments of that length are one job of SkyPilot's: half of what waits for each worker."""
    workers = sum(worker.state in ("up", "launching") for worker in jobs_workers.standing(now))
    share = math.ceil(len(jobs_workers.waiting(now)) / (2 * max(workers, 1)))
    return max(1, min(share, int(TOGETHER_SECONDS / max(length, SHORTEST)))) if length else 1


def assign_jobs(root: Path, able: list[str], most: int = 1) -> list[tuple[Worker, Job]]:
    """Journal and return which waiting jobs go to which of the workers `able`.

    A worker gets one job of SkyPilot's beyond the one that runs, each of `most` experiments: none waits for a round.
    """
    found: list[tuple[Worker, Job]] = []
    batches: dict[str, list[Job]] = {name: [] for name in able}
    with journal.locked(root):
        now = replay.load(root)
        workers = [w for w in jobs_workers.up(now) if w.name in able and not blame.standing(now, w.name)]
        for held in range(2 * most):  # everybody gets a first job before anybody gets a second
            for worker in workers:
                now = replay.load(root)
                mine = jobs_workers.busy(now).get(worker.name, [])
                its = batches[worker.name]
                known = {results.sent_name(job) for job in mine if not job.cancelling}  # what is being ended gives way
                if len(known - set(map(results.sent_name, its))) * most + len(its) > held:
                    continue
                job = _next(root, now, worker, len(workers), batches[worker.name], most)
                if job:
                    batches[worker.name].append(job)
                    found.append((worker, job))
    return found


def _next(root: Path, now: State, worker: Worker, others: int, before: list[Job], most: int) -> Job | None:
    """Journal and return what `worker` gets next; None when nothing waits for it.

    It shares SkyPilot's job with those `before` it while these are experiments, and fewer than `most`.
    """
    able = [j for j in jobs_workers.waiting(now) if may_run(j, worker, others)]
    able = [j for j in able if not j.is_spread or j.role == "part" or results.given_path(root, j.name).exists()]
    if not able:
        return None
    job = min(able, key=lambda j: not j.is_spread)  # others wait for it already
    if job.is_experiment and screening.needs_control(now, worker.name):
        job = Job(events.append_locked(root, screening.control(now, worker.name, "sky")))
    unique = f"{job.name}-{secrets.token_hex(4)}"
    if before and not (job.is_judged or before[-1].is_judged):
        last = results.sent_name(before[-1])
        unique = last if sum(results.sent_name(other) == last for other in before) < most else unique
    sent = WorkerEvent(worker=worker.name, what="sent", job=job.name, launch=worker.launch, name=unique)
    job.sent = events.append_locked(root, sent)
    return job


def may_run(job: Job, worker: Worker, others: int) -> bool:
    """Tell whether a job that waits may go to this worker, one of so many."""
    wanted, avoided = job.submitted.worker, job.submitted.avoid
    if avoided == worker.name and others > 1:
        return False
    if job.is_spread and worker.name not in job.submitted.plan["spread"]:
        return False
    if job.submitted.kind.lower() not in worker.kind.lower():
        return False
    return not wanted or wanted == worker.name or wanted == avoided


def stuck(now: State) -> list[str]:
    """Say which waiting jobs wait for nobody: their worker, or every worker, is not there."""
    states = {w.name: w.state for w in jobs_workers.standing(now)}
    told = []
    for job in jobs_workers.waiting(now):
        if (who := jobs_workers.lacking(now, job)) or not states:
            words = ", ".join(f"{one} is {states.get(one, 'gone')}" for one in who) or "there is no worker"
            told.append(next_step.runnable(f"{job.name} waits, but {words}: workers.py up"))
    return told


def pack(root: Path, folder: Path, now: State, worker: Worker, jobs: list[Job]) -> skypilot.Send:
    """Make what is sent to the worker for an assigned job, or for several that are started together."""
    its, job, unique = task.from_dict(now.require_lock().task), jobs[0], results.sent_name(jobs[0])
    names = list(map(results.folder, jobs))
    if job.is_judged:
        its_plan, trees = asked(now, job)
        given = results.given_path(root, job.name)
        if given.exists():
            its_plan["given"] = json.loads(given.read_text(encoding="utf-8"))
        ship = payload.pack_judged(root, folder, unique, job.experiment, its_plan, trees)
        return skypilot.Send(unique, ship, payload.command(names), worker.accelerators)
    ship = payload.fresh(folder, unique)
    for job, name in zip(jobs, names, strict=True):
        beside = job.submitted.baseline
        envs = {
            **job.env,
            "EXPERIMENT_ID": job.experiment,
            "EXPERIMENT_DESC": job.submitted.description,
            "AUTORESEARCH_SUBDIR": name,
            **(screening.env(now, worker.name, f"../{name}{payload.BESIDE}") if beside else {}),
        }
        payload.add(root, ship, name, (job.tree, beside), its, envs)
    return skypilot.Send(unique, ship, payload.command(names), worker.accelerators)


def asked(now: State, job: Job) -> tuple[dict[str, Any], list[str]]:
    """Return plan.json for the worker and the trees that go along.

    The plan was journaled without what the lock holds.
    """
    lock, passed = now.require_lock(), now.config.pass_env
    common = {"task": lock.task, "passed": passed, "metric": now.metric}
    tree = job.tree
    if job.role == "calibration":
        its = {"margin": now.margin, "scale": now.scale.kind, "repeats": now.config.repeats, "calibrate": tree}
        return {**common, **its}, [tree]
    plan = Comparison.from_line(job.submitted.plan)
    its = {**common, **plan.line, "protected": now.protected, "workdir_root": "."}
    if job.submitted.part:
        its["part"] = job.submitted.part
    beside = [plan.sealed_tree] if job.submitted.plan.get("without") else []  # to see if the change needs those files
    return its, [plan.baseline_tree, plan.candidate_tree, *beside]
