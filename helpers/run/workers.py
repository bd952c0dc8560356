"""The fleet's workers: made, listed, replaced, stopped and taken down; every step is journaled before and after."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import console, journal, paths, state
from helpers.run import crew, keeper, local, sky
from helpers.run.crew import Worker
from helpers.state import State

MOST = 64
AUTOSTOP = 60


@dataclass(frozen=True)
class Wanted:
    """What a new worker shall be; `resources` are those of SkyPilot's task schema."""

    resources: dict[str, Any]
    autostop: int | None = AUTOSTOP
    prefix: str = "vm"


def resources(now: State, infra: str | None, cpus: str | None, gpus: str | None) -> dict[str, Any]:
    """Return experiment.yaml's resources with what the caller and the session ask for."""
    its = dict((now.lock or {}).get("task", {}).get("resources") or {})
    session_infra = str(now.config.get("infra") or "")
    chosen = infra or (session_infra if session_infra not in ("", "local", "sky") else None)
    its.update({k: v for k, v in (("infra", chosen), ("cpus", cpus), ("accelerators", _gpus(gpus))) if v})
    return its


def _gpus(text: str | None) -> dict[str, int] | str | None:
    if not text:
        return None
    if "," not in text:
        return text
    return {part.partition(":")[0]: int(part.partition(":")[2] or 1) for part in text.split(",")}


def plan(now: State, count: int, wanted: Wanted) -> list[str]:
    """Return the names that `up` would launch for `count` workers in all; raises Failure (2, 4)."""
    if not 1 <= count <= MOST:
        raise console.usage(f"--count {count}: 1 to {MOST} are possible")
    agreed = now.config.get("workers")
    names = [f"{wanted.prefix}-{number:02d}" for number in range(1, count + 1)]
    standing = {w.name: w for w in crew.standing(now)}
    total = len(set(standing) | set(names))
    if agreed is not None and total > int(agreed):
        raise console.refused(
            f"{total} workers would be more than the {agreed} that were agreed",
            "only the person may raise it: start_session.py --goal GOAL --workers N",
        )
    return [name for name in names if name not in standing or standing[name].state != "up"]


def up(root: Path, names: list[str], wanted: Wanted) -> Iterator[str]:
    """Launch the workers one after the other, yielding a line for each; the keeper feeds each as soon as it stands.

    Raises Failure (4) when a cluster of that name stands that is not this session's, (2, 3) when a launch fails.
    """
    now = state.load(root)
    ours = {w.name for w in crew.standing(now)}
    taken = [name for name in sky.clusters(root, names) if name not in ours]
    if taken:
        raise console.refused(
            f"{', '.join(taken)}: exists, but was not made by this session", "take other names: --prefix run2"
        )
    for name in names:
        began = time.monotonic()
        found = _launch(root, name, wanted)
        yield f"{name}: up after {time.monotonic() - began:.0f} s  {found.cloud} {found.resources}  {_price(found.usd_hour)}"
        if keeper.has_work(state.load(root)):
            keeper.kick(root)


def _launch(root: Path, name: str, wanted: Wanted) -> sky.Cluster:
    intent = {
        "type": "worker",
        "worker": name,
        "event": "launching",
        "resources": wanted.resources,
        "autostop": wanted.autostop,
    }
    journal.append(root, intent)
    with _one_launch():
        try:
            found = sky.launch(root, name, wanted.resources, wanted.autostop)
        except console.Failure as failure:
            left = _left(root, name)
            kind = "down" if not left else "lost"
            journal.append(root, {"type": "worker", "worker": name, "event": kind, "reason": failure.message[:500]})
            raise
    journal.append(root, {
        "type": "worker", "worker": name, "event": "up", "launch": found.launch, "host": f"{found.cloud} {found.resources}",
        "usd_hour": found.usd_hour, "accelerators": found.accelerators,
    })  # fmt: skip
    return found


def _left(root: Path, name: str) -> bool:
    try:
        return name in sky.clusters(root, [name])
    except console.Failure:
        return True  # unknown: say that it may stand


@contextmanager
def _one_launch() -> Iterator[None]:
    """One launch at a time on this machine: two at once may choose the same port for their agents."""
    place = Path(os.environ.get("TMPDIR") or "/tmp")  # noqa: S108 - a lock file, shared on purpose
    descriptor = os.open(
        place / f"autoresearch-launch-{os.getuid()}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
    )
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def end(root: Path, name: str, kind: str) -> str:
    """Stop or take down (`kind` is `stop` or `down`) one worker; raises Failure (2, 3)."""
    worker = crew.crew(state.load(root)).get(name)
    if worker is None:
        raise console.usage(f"this session has no worker {name!r}", "workers.py list")
    with sky.quiet(root) as api:
        try:
            api.get((api.down if kind == "down" else api.stop)(name))
        except Exception as error:
            if type(error).__name__ != "ClusterDoesNotExist":
                raise sky.failure(error, f"{kind} of {name}", root) from error
    event = {"down": "down", "stop": "stopped"}[kind]
    journal.append(root, {"type": "worker", "worker": name, "event": event})
    return f"{name}: {event}"


def replace(root: Path, name: str) -> str:
    """Take a worker down and make it anew with the same resources; what ran there is sent elsewhere by the keeper."""
    worker = crew.crew(state.load(root)).get(name)
    if worker is None:
        raise console.usage(f"this session has no worker {name!r}", "workers.py list")
    wanted = Wanted(dict(worker.asked), worker.autostop)
    end(root, name, "down")
    journal.append(root, {"type": "worker", "worker": name, "event": "replaced", "launch": worker.launch})
    found = _launch(root, name, wanted)
    return f"{name}: made anew  {found.cloud} {found.resources}"


def table(root: Path, now: State, *, ask: bool) -> list[dict[str, Any]]:
    """Return a row for each worker and for this machine; with `ask` SkyPilot is asked for the true states."""
    busy, rows = crew.busy(now), [_local(root, now)]
    workers = [w for w in crew.crew(now).values() if w.state != "down"]
    seen = sky.clusters(root, [w.name for w in workers], refresh=True) if ask and workers else None
    at = journal.now_ms()
    for worker in workers:
        jobs = busy.get(worker.name, [])
        there = seen.get(worker.name) if seen is not None else None
        truth = worker.state if seen is None else there.state.lower() if there else "gone"
        last = max(
            [
                worker.since_ms,
                *(int(j.finished["timestamp"]) for j in now.jobs.values() if j.finished and j.worker == worker.name),
            ]
        )
        rows.append({
            "worker": worker.name, "state": truth, "host": worker.resources, "resolves": worker.resolves,
            "runs": [j.experiment for j in jobs], "idle_minutes": 0 if jobs else round((at - last) / 60_000, 1),
            "usd": spend(worker, at), "autostop": worker.autostop,
        })  # fmt: skip
    return rows


def _local(root: Path, now: State) -> dict[str, Any]:
    runs = [j.experiment for j in now.open_jobs() if j.submitted.get("executor") == "local"]
    seen = next((e for e in reversed(now.workers) if e.get("event") == "calibrated" and e["worker"] == "local"), {})
    return {"worker": "local", "state": "up", "host": local.describe(), "resolves": seen.get("resolves"), "runs": runs,
            "idle_minutes": None, "usd": 0.0, "autostop": None, "folder": str(paths.state_folder(root))}  # fmt: skip


def spend(worker: Worker, at_ms: int) -> float | None:
    """Return the dollars that the worker has cost so far; None when its price is unknown."""
    up_ms = worker.up_ms + (at_ms - worker.since_ms if worker.state == "up" else 0)
    return None if worker.usd_hour is None else round(worker.usd_hour * up_ms / 3_600_000, 4)


def _price(usd_hour: float | None) -> str:
    return "price unknown" if usd_hour is None else f"${usd_hour:.2f} an hour"


def line(row: dict[str, Any]) -> str:
    """Return a worker's row as text."""
    quiet = "not calibrated" if row["resolves"] is None else f"resolves {row['resolves']:.1%}"
    parts = [
        row["worker"],
        row["state"],
        row["host"],
        quiet,
        f"runs {', '.join(row['runs'])}" if row["runs"] else "idle",
    ]
    if not row["runs"] and row["idle_minutes"] is not None:
        parts[-1] += f" {row['idle_minutes']:.0f} min"
    if row["worker"] != "local":
        parts.append("cost unknown" if row["usd"] is None else f"${row['usd']:.2f}")
        parts.append(f"autostop {row['autostop']} min" if row["autostop"] else "no autostop")
    return "  ".join(parts)
