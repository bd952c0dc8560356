"""Experiments for the fleet: journaled as waiting, taken by the keeper as soon as a worker is free."""

from __future__ import annotations

import functools

from helpers import console, git, journal, state
from helpers.run import budget, crew, fleet, keeper, sky, task
from helpers.run.submission import Request, refuse_repetition
from helpers.run.workdir import Sealed, Workdirs


def submit(work: Workdirs, sealed: Sealed, request: Request, worker: str | None) -> list[str]:
    """Journal the experiment as waiting, for `worker` or for whichever is free first; return its job.

    Raises Failure (2) for an unknown worker, no workers, or content that was run before; (4) when the budget is spent.
    """
    with journal.locked(work.root):
        now = state.load(work.root)
        task.from_dict(now.require_lock()["task"])
        _check(now, worker)
        open_job = next((j for j in now.open_jobs() if j.experiment == sealed.name and j.role == "experiment"), None)
        if open_job:
            console.note(f"{sealed.name} is on its way already as {open_job.name}: collect_results.py --wait 600")
            return []
        refuse_repetition(now, sealed, request)
        budget.check(now)
        name = fleet.next_job(now, sealed.name)
        text = sealed.description.splitlines()[0]
        event = {
            "type": "submitted", "experiment_id": sealed.name, "job": name, "worker": worker or "", "executor": "sky",
            "tree": sealed.tree, "role": "experiment", "description": text, "source": request.sources, "env": request.env,
        }  # fmt: skip
        journal.append_locked(work.root, event)
    return [name]


def _check(now: state.State, worker: str | None) -> None:
    known = {w.name: w for w in crew.standing(now)}
    if worker and worker not in known:
        names = ", ".join(known) or "none"
        raise console.usage(
            f"there is no worker {worker!r}; there are: {names}", "workers.py list; workers.py up --count N"
        )
    if not known:
        raise console.usage("this session has no workers", "workers.py up --count 2 (or --on local)")


def cancel(repository: git.Repository, experiment: str) -> list[str]:
    """Cancel the experiment's jobs on the fleet; return them. One that waits is taken back, one that runs is ended."""
    root, ended = repository.root, []
    with journal.locked(root):
        now = state.load(root)
        mine = [j for j in now.open_jobs() if j.experiment == experiment and j.submitted.get("executor") == "sky"]
        for job in (j for j in mine if not j.sent):
            journal.append_locked(root, {
                "type": "finished", "experiment_id": experiment, "job": job.name, "worker": job.worker, "role": job.role,
                "tree": job.submitted["tree"], "status": "crash", "metric": None, "error": "cancelled",
            })  # fmt: skip
            ended.append(job.name)
    running = [job for job in mine if job.sent]
    if running:
        with sky.quiet(root) as api:
            for job in running:
                try:
                    _end(api, job)
                except Exception as error:
                    raise sky.failure(error, f"cancelling {job.name}", root) from error
                ended.append(job.name)
        keeper.kick(root)
    return ended


def _end(api: object, job: state.Job) -> None:
    assert job.sent is not None  # noqa: S101 - for the type checker
    ids = [row.id for row in sky.queue(api, job.worker) if row.name == job.sent["name"]]
    call = functools.partial(api.cancel, job.worker, job_ids=ids)  # type: ignore[attr-defined]
    api.get(call())  # type: ignore[attr-defined]
