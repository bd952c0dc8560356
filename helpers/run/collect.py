"""Gathering what finished: one log to one journaled result, wherever it ran."""

import time
from collections.abc import Callable
from pathlib import Path

from helpers import journal, progress, replay
from helpers.events import Finished
from helpers.run.jobs import result, workers
from helpers.run.local import executor, slots
from helpers.run.local.job_folder import Folder
from helpers.state import State


def collect_finished(root: Path) -> list[Finished]:
    """Journal every job that ended since the last call; return the new `finished` events."""
    now = replay.load(root)
    mine = [job for job in now.open_jobs() if job.is_local]
    states = executor.poll(root, [job.name for job in mine])
    new = []
    for job in mine:
        if states[job.name] == "lost":
            with journal.locked(root):  # a submission that is just being made holds the lock
                states[job.name] = executor.poll(root, [job.name])[job.name]
        if states[job.name] == "lost":
            executor.end_leftovers(root, job.name)
        if states[job.name] in ("done", "lost"):
            folder, lost = Folder(root, job.name), states[job.name] == "lost"
            ended = folder.has("cancelled") and not folder.has("finished")  # its log has no end, if there is one
            event = (
                result.cancelled(job, folder.log if folder.log.is_file() else None)
                if ended
                else result.from_log(now, job, folder.log, lost=lost)
            )
            if recorded := result.record(root, event):
                new.append(recorded)
    if any(value == "pending" for value in states.values()):
        executor.kick(root)
    return new + _from_fleet(root, now)


def _from_fleet(root: Path, now: State) -> list[Finished]:
    """What the fleet's keeper journaled and nobody was told of yet; the keeper is started when one is needed."""
    if not any(job.on_fleet for job in now.jobs.values()):
        return []
    from helpers.run.fleet import keeper_process  # 50 ms that a session without a fleet does not wait for

    keeper_process.kick(root)
    return keeper_process.news(root)


def wait(root: Path, seconds: float, ended: Callable[[State], bool] | None = None) -> list[Finished]:
    """Collect until something to be reported finished (or `ended` says so) or `seconds` have gone by.

    Return all new events.
    """
    beat = progress.Progress("waiting")
    until = beat.began + seconds
    new: list[Finished] = []
    while True:
        new += collect_finished(root)
        now = replay.load(root)
        over = ended(now) if ended else any(map(result.should_be_reported, new))
        if over or not now.open_jobs() or time.monotonic() >= until:
            return new
        beat.tick(waits_for(root))
        waited = time.monotonic() - beat.began
        time.sleep(max(0.0, min(0.5, 0.02 + waited / 20, seconds - waited)))  # what is short is not waited for longer


def waits_for(root: Path, *, running: bool = False) -> str:
    """Say what is waited for, all that is open or what is `running` here, and when it may end."""
    now = replay.load(root)
    names, each = [job.name for job in now.open_jobs()], workers.typical_seconds(now)
    names = [name for name in names if not running or executor.poll(root, [name])[name] == "running"]
    some = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    ends = f"; one takes about {each:.0f} s, all about {each * len(names):.0f} s" if each and names else ""
    after = ", after the comparison or calibration under way" * (not running and slots.waited_for(root, slots.ALL))
    return f" for {some or 'what runs'}{ends}{after}"
