"""Ending an experiment's jobs, wherever they wait or run."""

from pathlib import Path

from helpers import events, journal, replay
from helpers.events import WorkerEvent
from helpers.job import Job
from helpers.run.jobs import result
from helpers.run.local import executor


def end(root: Path, jobs: list[Job]) -> list[str]:
    """Cancel jobs that wait or run; return a line for each that had not ended yet.

    Here a job ends at once. On the fleet one that waits is taken back, and one that was sent the keeper ends.
    """
    with journal.locked(root):
        now = replay.load(root)
        fleet = [now.jobs[job.name] for job in jobs if job.on_fleet and not now.jobs[job.name].finished]
        end_locked(root, fleet)
    if any(job.sent for job in fleet):
        from helpers.run.fleet import keeper_process

        keeper_process.kick(root)
    ended = [job.name for job in fleet]
    ended += [job.name for job in jobs if not job.on_fleet and executor.cancel(root, job.name)]
    return [f"{name}: cancelled; this records it: collect_results.py" for name in ended]


def take_back_screens(root: Path, experiment: str) -> None:
    """Take back what waits to screen an experiment whose comparison is asked for: it would add nothing."""
    with journal.locked(root):
        mine = [job for job in replay.load(root).open_jobs() if job.experiment == experiment and job.is_experiment]
        states = executor.poll(root, [job.name for job in mine if job.is_local])
        for job in mine:
            if states.get(job.name, "pending") == "pending" and not job.sent:
                executor.cancel(root, job.name)
                events.append_locked(root, result.cancelled(job))


def end_locked(root: Path, jobs: list[Job]) -> None:
    """Take back the fleet's jobs that wait, and have the keeper end the others; under `journal.locked(root)`."""
    for job in jobs:
        if job.sent:
            events.append_locked(root, WorkerEvent(worker=job.worker, what="cancelling", job=job.name))
        else:
            events.append_locked(root, result.cancelled(job))
