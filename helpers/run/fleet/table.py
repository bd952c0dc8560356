"""The list of workers, local ones beside the fleet's: state, host, what runs, idle time, cost."""

from pathlib import Path
from typing import Any

from helpers import paths
from helpers.run.fleet import skypilot
from helpers.run.jobs import workers as jobs_workers
from helpers.run.local import slots
from helpers.state import State


def worker_rows(root: Path, now: State, *, ask: bool) -> list[dict[str, Any]]:
    """Return a row for each worker and for this machine; with `ask` SkyPilot is asked for the true states."""
    busy, rows = jobs_workers.busy(now), [_local(root, now)]
    workers = [w for w in jobs_workers.known_workers(now).values() if w.state != "down"]
    found = skypilot.clusters(root, [w.name for w in workers], refresh=True) if ask and workers else None
    at = now.now_ms()
    for worker in workers:
        jobs = busy.get(worker.name, [])
        there = found.get(worker.name) if found is not None else None
        truth = worker.state if found is None else there.state.lower() if there else "gone"
        ended = [j.finished.timestamp for j in now.jobs.values() if j.finished and j.worker == worker.name]
        last = max([worker.since_ms, *ended])
        rows.append(
            {
                "worker": worker.name,
                "state": truth,
                "host": worker.resources,
                "resolves": worker.resolves,
                "gains": "" if worker.resolves is None else now.scale.size(worker.resolves),
                "runs": [j.experiment for j in jobs],
                "idle_minutes": 0 if jobs else round((at - last) / 60_000, 1),
                "usd": jobs_workers.spend(worker, at),
                "autostop": worker.autostop,
            }
        )
    return rows


def _local(root: Path, now: State) -> dict[str, Any]:
    runs = [j.experiment for j in now.open_jobs() if j.is_local]
    quiet = [event.resolves for event in now.calibrations("local")]
    return {
        "worker": "local",
        "state": "up",
        "host": f"this machine, {len(slots.cores())} cores",
        "resolves": quiet[-1] if quiet else None,
        "gains": now.scale.size(quiet[-1] or 0.0) if quiet else "",
        "runs": runs,
        "idle_minutes": None,
        "usd": 0.0,
        "autostop": None,
        "folder": str(paths.state_folder(root)),
    }


def worker_line(row: dict[str, Any]) -> str:
    """Return a worker's row as text."""
    quiet = f"resolves {row['gains']}" if row["gains"] else "not calibrated"
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
