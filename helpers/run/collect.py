"""Gathering what finished: one log to one journaled result, wherever it ran."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from helpers import journal, state
from helpers.journal import Event
from helpers.run.jobs import log, screening
from helpers.run.local import executor
from helpers.state import Job, State

PROTECTED_CHANGED = "protected file changed"


def collect(root: Path) -> list[Event]:
    """Journal every job that ended since the last call; return the new `finished` events."""
    now = state.load(root)
    mine = [job for job in now.open_jobs() if job.submitted.get("executor") == "local"]
    states = executor.poll(root, [job.name for job in mine])
    new = []
    for job in mine:
        if states[job.name] == "lost":
            with journal.locked(root):  # a submission that is just being made holds the lock
                states[job.name] = executor.poll(root, [job.name])[job.name]
        if states[job.name] == "lost":
            executor.end_leftovers(root, job.name)
        if states[job.name] in ("done", "lost"):
            event = result(now, job, executor.log_path(root, job.name), lost=states[job.name] == "lost")
            if record(root, event):
                new.append(event)
    if any(value == "pending" for value in states.values()):
        executor.kick(root)
    return new + _from_fleet(root, now)


def _from_fleet(root: Path, now: State) -> list[Event]:
    """What the fleet's keeper journaled and nobody has seen yet; the keeper is started when one is needed."""
    if not any(job.submitted.get("executor") == "sky" for job in now.jobs.values()):
        return []
    from helpers.run.fleet import keeper_process  # it collects by this module

    if keeper_process.has_work(now):
        keeper_process.kick(root)
    return keeper_process.news(root)


def wait(root: Path, seconds: float, ended: Callable[[State], bool] | None = None) -> list[Event]:
    """Collect until something to be told finished (or `ended` says so) or `seconds` have gone by; return all new events."""
    until = time.monotonic() + seconds
    new: list[Event] = []
    while True:
        new += collect(root)
        now = state.load(root)
        if (ended(now) if ended else any(map(telling, new))) or not now.open_jobs() or time.monotonic() >= until:
            return new
        time.sleep(min(0.5, max(0.0, until - time.monotonic())))


def telling(event: Event) -> bool:
    """Tell whether an agent must see it: a control that went well shows in the gains of the experiments beside it."""
    return bool(event["role"] == "experiment" or event["status"] != "done")


def record(root: Path, event: Event) -> bool:
    """Journal a `finished` event unless another process was first; returns whether it was this one."""
    with journal.locked(root):
        now = state.load(root)
        job = now.jobs.get(event["job"])
        if job is None or job.finished is not None:
            return False
        if job.role == "experiment":
            event.update(screening.screen(now, event, job.worker))
        journal.append_locked(root, event)
    return True


def result(now: State, job: Job, path: Path, *, lost: bool = False) -> Event:
    """Turn a job's log into its `finished` event. A missing metric is unknown, never 0."""
    event: Event = {
        "type": "finished",
        "experiment_id": job.experiment,
        "job": job.name,
        "worker": job.worker,
        "role": job.role,
        "tree": job.submitted["tree"],
        "log": str(path),
    }
    if lost or not path.exists():
        return {**event, "status": "lost", "error": "its runner died before it ended; submit it again"}
    parsed = log.parse(path)
    metric = parsed.metrics.get(now.metric)
    event.update(
        status=parsed.status,
        metric=metric,
        metrics=parsed.metrics,
        samples=parsed.samples.get(now.metric, []),
        checks=parsed.checks,
        error=parsed.error,
        host=parsed.host,
        durations=parsed.durations,
        warnings=parsed.warnings[:5],
    )
    changed = changed_protected(now.protected, parsed.protected)
    if changed and (parsed.status != "crash" or parsed.protected):  # an early crash reports no hashes
        event.update(status="crash", error=f"{PROTECTED_CHANGED}: {', '.join(changed)}")
    elif parsed.status == "done" and (metric is None or metric <= 0):
        said = "was not printed" if metric is None else f"is {metric}, not positive"
        event.update(status="crash", error=f"METRIC {now.metric} {said}")
    elif now.metric in parsed.repeated:
        event.update(
            status="crash", error=f"METRIC {now.metric} was printed more than once: which one is the benchmark's?"
        )
    return event


def changed_protected(locked: dict[str, str], seen: dict[str, str]) -> list[str]:
    """Return the protected paths whose hash after the run is not the locked one, or that were not reported."""
    return sorted(path for path in {*locked, *seen} if locked.get(path) != seen.get(path))


def line(event: Event, metric: str, unit: str) -> str:
    """Return one line for an agent: id, worker, metric, gain against its control, checks, status, promotion."""
    value = event.get("metric")
    shown = f"{metric}={value:.6g}{unit}" if isinstance(value, (int, float)) else f"{metric}=unknown"
    gain = event.get("gain")
    ratio = (
        f"{gain:+.2%} vs control"
        if isinstance(gain, float)
        else "no control"
        if event["role"] == "experiment"
        else "control"
    )
    parts = [
        event["experiment_id"],
        event["worker"],
        shown,
        ratio,
        f"checks {event.get('checks') or 'unknown'}",
        event["status"],
    ]
    if event["role"] == "experiment" and event["status"] == "done":
        parts.append("promoted: compare it" if event.get("promoted") else "not promoted")
    if event.get("error"):
        parts.append(str(event["error"])[:200])
    if event["status"] != "done" and event.get("log"):
        parts.append(f"parse_log.py {event['log']} shows why")
    return "  ".join(parts)


def last_words(event: Event) -> str:
    """Return the last line that build, benchmark or checks wrote into a job's log, empty where there is none."""
    path = Path(str(event.get("log", "")))
    tail = log.parse(path).tail if path.is_file() else []
    said = [
        text for text in tail if text.startswith(("build| ", "bench| ", "checks| ")) and text.partition("| ")[2].strip()
    ]
    return said[-1][:200] if said else ""
