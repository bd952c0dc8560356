"""The local executor: jobs on this machine, detached, one at a time unless slots have cores of their own."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from helpers import paths
from helpers.run.isolation import detached, environment
from helpers.run.jobs.task import JobState
from helpers.run.local import job_folder, slots
from helpers.run.local.job_folder import Folder, Spec

WORKER = "local"


def submit(root: Path, spec: Spec) -> None:
    """Queue a job and make sure that somebody works on the queue. Submitting the same job again changes nothing."""
    folder = Folder(root, spec.job)
    if not folder.path.exists():
        folder.write(spec)
    kick(root)


def kick(root: Path) -> None:
    """See to it that a runner comes for every slot that a waiting job may run in; they end by themselves.

    Where one stands in line already none is started: a process that starts disturbs what is being measured.
    """
    for slot in range(max((width(Folder(root, name)) for name in job_folder.queue(root)), default=0)):
        if not slots.waited_for(root, slot):
            detached.start("helpers.run.local.runner", str(root), str(slot), log=job_folder.runner_log(root))


def width(job: Folder) -> int:
    """Return how many jobs may run at once while this one does; 1: it has the machine to itself."""
    with contextlib.suppress(OSError, ValueError, TypeError):  # a broken job fails when it is run, not the queue
        return job.spec().slots
    return 1


def poll(root: Path, names: Iterable[str]) -> dict[str, JobState]:
    """Return the state of each job, as it truly is now."""
    return {name: Folder(root, name).state() for name in names}


def cancel(root: Path, name: str) -> bool:
    """End a job, queued or running; returns whether there was something to end."""
    folder = Folder(root, name)
    if folder.state() not in ("pending", "running"):
        return False
    folder.mark("cancelled")
    end_leftovers(root, name)  # the runner notices, writes the log's end and goes on with the queue
    return True


def mark(root: Path, name: str) -> str:
    """Return what marks the processes of a job, unique on this machine."""
    return f"{paths.workdir_root(root).name}/{name}"


def end_leftovers(root: Path, name: str) -> int:
    """End every process of the job; return how many there were."""
    return environment.end_marked(mark(root, name))
