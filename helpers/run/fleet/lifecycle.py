"""The fleet's workers: made, listed, replaced, stopped and taken down; every step is journaled before and after."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from helpers import console, events, locks, next_step, replay
from helpers.events import WorkerEvent
from helpers.run.fleet import keeper_process, skypilot
from helpers.run.fleet.arguments import WorkerRequest
from helpers.run.jobs import budget
from helpers.run.jobs import workers as jobs_workers
from helpers.run.jobs.workers import Worker
from helpers.state import State


def plan(now: State, count: int, wanted: WorkerRequest) -> list[str]:
    """Return the names that `up` would launch for `count` workers in all; raises Failure (2, 4)."""
    budget.require_budget(now)
    names = [f"{wanted.prefix}-{number:02d}" for number in range(1, count + 1)]
    _agreed(now, names)
    standing = {w.name: w for w in jobs_workers.standing(now)}
    return [name for name in names if name not in standing or standing[name].state != "up"]


def _agreed(now: State, names: list[str]) -> None:
    """Raise Failure (4) when these beside what stands would be more workers than were agreed."""
    agreed, total = now.config.workers, len({w.name for w in jobs_workers.standing(now)} | set(names))
    if agreed is not None and total > agreed:
        raise console.refused(
            f"{total} workers would be more than the {agreed} that were agreed",
            f"start_session.py --goal {now.config.name} --workers {total}  # only when the person said so",
        )


def fill(root: Path, now: State, count: int, wanted: WorkerRequest, *, dry_run: bool) -> Iterator[str]:
    """Launch what `count` workers in all lack, yielding a line for each; with `dry_run` only say which."""
    names = plan(now, count, wanted)
    if not names:
        yield f"all {count} are up"
    elif dry_run:
        yield f"would launch {', '.join(names)}: {wanted.resources}"
    else:
        yield from up(root, names, wanted)


def up(root: Path, names: list[str], wanted: WorkerRequest) -> Iterator[str]:
    """Launch the workers one after the other, yielding a line for each; the keeper feeds each as soon as it stands.

    Raises Failure (4) when a cluster of that name stands that is not this session's, (2, 3) when a launch fails.
    """
    skypilot.require_resources(root, wanted.resources)
    now = replay.load(root)
    ours, agreed = jobs_workers.known_workers(now), now.config.budget.usd
    taken = [name for name in skypilot.clusters(root, names) if name not in ours]
    if taken:
        raise console.refused(
            f"{', '.join(taken)}: exists, but was not made by this session", "take other names: --prefix run2"
        )
    autostop = f"stops itself after {wanted.autostop} idle minutes" if wanted.autostop else "never stops itself"
    for name in names:
        began = time.monotonic()
        found = _launch(root, name, wanted)
        if found is None:
            yield f"{name}: is up already"
            continue
        words = f"{found.cloud} {found.resources}  {_price(found.usd_hour, agreed)}  {autostop}"
        yield f"{name}: up after {time.monotonic() - began:.0f} s  {words}"
        keeper_process.kick(root)


def _launch(root: Path, name: str, wanted: WorkerRequest) -> skypilot.Cluster | None:
    """Launch one worker, journaled before and after; None when another process has just made it."""
    place = Path(os.environ.get("TMPDIR") or "/tmp")  # noqa: S108 - a lock file, shared on purpose
    # One launch at a time on this machine: two at once may choose the same port for their agents.
    with locks.held(place / f"autoresearch-launch-{os.getuid()}.lock", wait=True):
        now = replay.load(root)
        worker = jobs_workers.known_workers(now).get(name)
        if worker and worker.state == "up":
            return None
        _agreed(now, [name])  # again: another process may have launched since the plan was made
        its = WorkerEvent(worker=name, what="launching", resources=wanted.resources, autostop=wanted.autostop)
        events.append(root, its)
        try:
            found = skypilot.launch(root, name, wanted.resources, wanted.autostop)
        except console.Failure as failure:
            kind = "failed" if _left(root, name) else "down"
            events.append(root, WorkerEvent(worker=name, what=kind, reason=failure.message[:500]))
            raise
    event = WorkerEvent(
        worker=name,
        what="up",
        launch=found.launch,
        host=f"{found.cloud} {found.resources}",
        usd_hour=found.usd_hour,
        accelerators=found.accelerators,
    )
    events.append(root, event)
    return found


def _left(root: Path, name: str) -> bool:
    try:
        return name in skypilot.clusters(root, [name])
    except console.Failure:
        return True  # unknown: say that it may stand


def require_known(now: State, names: list[str]) -> list[Worker]:
    """Return these workers; raises Failure (2) for one that this session has not."""
    workers = {w.name: w for w in jobs_workers.standing(now)}
    if wrong := [name for name in names if name not in workers]:
        has = (", ".join(workers) or "none") + next_step.did_you_mean(wrong[0], workers)
        raise console.usage(f"this session has no worker {wrong[0]!r}; it has: {has}", "workers.py list")
    return [workers[name] for name in names]


def chosen(now: State, action: str, names: list[str], *, every: bool, sure: bool) -> list[str]:
    """Return the workers meant by `names` or `every`; unless the person is `sure`, what would lose work is refused.

    Raises Failure (2) for names that this session has not, (4) for `down` of all, or `stop` and `down` under a
    running job.
    """
    if every and action == "replace":
        raise console.usage("replace takes names, not --all")
    if not every and not names:
        raise console.usage(f"{action} which worker?", "workers.py list")
    standing = jobs_workers.up(now) if action == "calibrate" else jobs_workers.standing(now)
    meant = [w.name for w in (standing if every else require_known(now, names))]
    if sure or action in ("calibrate", "replace"):
        return meant
    if action == "down" and every:
        raise console.refused(
            f"this takes down {', '.join(meant) or 'nothing'} for good",
            "workers.py down --all --yes  # only when the person said so",
        )
    busy = [f"{job.name} on {name}" for name in meant for job in jobs_workers.busy(now).get(name, [])]
    if busy:
        raise console.refused(
            f"not yet collected: {', '.join(busy)}",
            "collect_results.py --wait 600 --all  # or --yes if the person said so",
        )
    return meant


def end(root: Path, name: str, kind: str) -> str:
    """Stop or take down (`kind` is `stop` or `down`) one worker; raises Failure (2, 3)."""
    require_known(replay.load(root), [name])
    with skypilot.quiet(root) as api:
        try:
            api.get((api.down if kind == "down" else api.stop)(name))
        except Exception as error:
            gone = type(error).__name__ == "ClusterDoesNotExist"
            if gone and kind == "stop":
                raise console.usage(f"{name} is gone", f"workers.py replace {name}  # launches it again") from error
            if not gone:
                failure = skypilot.failure(error, f"{kind} of {name}", root)
                if type(error).__name__ == "NotSupportedError":
                    failure.do = f"leave it running, or take it down for good:\nworkers.py down {name}"
                raise failure from error
    event = {"down": "down", "stop": "stopped"}[kind]
    events.append(root, WorkerEvent(worker=name, what=event))
    keeper_process.kick(root)
    return f"{name}: {event}"


def replace(root: Path, name: str) -> str:
    """Take a worker down and make it again with the same resources.

    The keeper sends what ran there to another worker.
    """
    worker = require_known(replay.load(root), [name])[0]
    wanted = WorkerRequest(dict(worker.asked), worker.autostop)
    skypilot.require_resources(root, wanted.resources)
    began = time.monotonic()
    end(root, name, "down")
    events.append(root, WorkerEvent(worker=name, what="replaced", launch=worker.launch))
    found = _launch(root, name, wanted)
    keeper_process.kick(root)
    words = f"{found.cloud} {found.resources}" if found else "by another process"
    return f"{name}: made again after {time.monotonic() - began:.0f} s  {words}"


def _price(usd_hour: float | None, agreed: float | None) -> str:
    if usd_hour is None:
        return "price unknown" + (f": nobody here can watch the agreed ${agreed}" if agreed is not None else "")
    return f"${usd_hour:.2f} an hour"
