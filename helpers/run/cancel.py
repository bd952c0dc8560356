"""Ending an experiment's jobs, wherever they wait or run."""

from __future__ import annotations

from pathlib import Path

from helpers import console, events, git, journal, replay
from helpers.events import WorkerEvent
from helpers.job import Job
from helpers.run.fleet import results
from helpers.run.local import executor


def cancel_experiment(repository: git.Repository, experiment: str) -> list[str]:
    """Cancel the experiment's jobs that wait or run; return them. Raises Failure (1) when there are none.

    Here a job ends at once. On the fleet one that waits is taken back, and one that was sent the keeper ends.
    """
    root, mine = repository.root, jobs(repository, experiment)
    ended = [name for name, job in mine.items() if not job.on_fleet and executor.cancel(root, name)]
    if any(job.on_fleet for job in mine.values()):
        from helpers.run.fleet import keeper_process

        with journal.locked(root):
            fleet = [job for job in jobs(repository, experiment).values() if job.on_fleet]
            end_locked(root, fleet)
        if any(job.sent for job in fleet):
            keeper_process.kick(root)
        ended += [job.name for job in fleet]
    if not ended:
        raise _none(experiment)
    return ended


def jobs(repository: git.Repository, experiment: str) -> dict[str, Job]:
    """Return the experiment's jobs that wait or run, by name; raises Failure (1) when there are none."""
    found = {job.name: job for job in replay.load(repository.root).open_jobs() if job.experiment == experiment}
    if not found:
        raise _none(experiment)
    return found


def _none(experiment: str) -> console.Failure:
    return console.answer_no(f"{experiment} does not wait or run", "status.py")


def take_back_screens(root: Path, experiment: str) -> None:
    """Take back what waits to screen an experiment whose comparison is asked for: it would add nothing."""
    with journal.locked(root):
        mine = [job for job in replay.load(root).open_jobs() if job.experiment == experiment and job.is_experiment]
        states = executor.poll(root, [job.name for job in mine if job.is_local])
        for job in mine:
            if states.get(job.name, "pending") == "pending" and not job.sent:
                executor.cancel(root, job.name)
                events.append_locked(root, results.cancelled(job))


def end_locked(root: Path, jobs: list[Job]) -> None:
    """Take back the fleet's jobs that wait, and have the keeper end the others; under `journal.locked(root)`."""
    for job in jobs:
        if job.sent:
            events.append_locked(root, WorkerEvent(worker=job.worker, what="cancelling", job=job.name))
        else:
            events.append_locked(root, results.cancelled(job))
