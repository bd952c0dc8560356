"""Experiments for the fleet: journaled as waiting, taken by the keeper as soon as a worker is free."""

from helpers import console, events, journal, replay, state
from helpers.run.copies.copies import Experiment, Workdirs
from helpers.run.fleet import lifecycle
from helpers.run.jobs import blame, task, workers
from helpers.run.local.submit import Request, is_under_way


def submit_to_fleet(work: Workdirs, sealed: Experiment, request: Request, worker: str | None) -> list[str]:
    """Journal the experiment as waiting, for `worker` or for whichever is free first; return its job.

    Raises Failure (2) for an unknown worker, no workers, or content that was run before; (4) when the budget is spent.
    """
    with journal.locked(work.root):
        now = replay.load(work.root)
        task.from_dict(now.require_lock().task)
        require_workers(now, worker)
        workers.of_kind(workers.standing(now), request.kind)
        if is_under_way(now, sealed, request, here=False):
            return []
        return [events.append_locked(work.root, request.event(now, sealed, worker or "", "sky")).job]


def require_workers(now: state.State, worker: str | None) -> None:
    """Raise Failure (2) where no worker could run it, (3) where each stands in an error of its environment."""
    standing = workers.standing(now)
    if not standing:
        raise console.usage("this session has no workers", "workers.py up --count 2  # or --on local")
    wanted = lifecycle.require_known(now, [worker]) if worker else standing
    if all(w.state not in ("up", "launching") for w in wanted):
        words = ", ".join(f"{w.name} {w.state}" for w in wanted)
        again = f"workers.py up --count {len(standing)}\nworkers.py replace {wanted[0].name}"
        raise console.usage(f"nobody would run it: {words}", again)
    faults = [blame.standing(now, w.name) for w in workers.up(now) if worker in (None, w.name)]
    if faults and all(faults) and faults[0]:
        name = faults[0].worker
        repair = f"workers.py calibrate {name}  # when repaired\nworkers.py replace {name}"
        raise console.outside(faults[0].words(), repair)
