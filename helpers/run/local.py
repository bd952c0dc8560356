"""The local executor: jobs on this machine, detached, one at a time unless slots have cores of their own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from helpers import paths
from helpers.run import detached, jobs, sandbox, slots
from helpers.run.jobs import Folder, JobState, Spec

WORKER = "local"


def submit(root: Path, spec: Spec) -> None:
    """Queue a job and make sure that somebody works on the queue. Submitting the same job again changes nothing."""
    folder = Folder(root, spec.job)
    if not folder.path.exists():
        folder.write(spec)
    kick(root, spec.slots)


def kick(root: Path, count: int) -> None:
    """Start runners for the waiting jobs, as many as there are slots for; they end by themselves."""
    waiting = jobs.queue(root)
    for slot in range(count if waiting else 0):
        detached.start("helpers.run.runner", str(root), str(slot), str(count), log=jobs.runner_log(root))


def poll(root: Path, names: Iterable[str]) -> dict[str, JobState]:
    """Return the state of each job, as it truly is now."""
    return {name: Folder(root, name).state() for name in names}


def log_path(root: Path, name: str) -> Path:
    """Return the file that holds the job's complete log."""
    return Folder(root, name).log


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
    return sandbox.end_marked(mark(root, name))


def describe() -> str:
    """Say what this executor is, for people."""
    return f"this machine, {len(slots.cores())} cores"
