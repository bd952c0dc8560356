"""What came back from the fleet: one fetched log, or a loss, to one `finished` event."""

from __future__ import annotations

import json
import re
from pathlib import Path

from helpers import paths
from helpers.journal import Event
from helpers.run.fleet.skypilot import Row
from helpers.run.jobs import log, workers
from helpers.run.jobs import result as jobs_result
from helpers.state import Job, State

CLAIMED = "was claimed already"
"""What a job says that was sent twice: it did nothing (payload.py)."""
_ANSWER = re.compile(rb"^" + log.PREFIX + rb"(?:COMPARISON|CALIBRATION): (\{.*\})", re.MULTILINE)


def log_path(root: Path, job: str) -> Path:
    """Return where the job's log lies here, once it has been fetched."""
    return paths.state_folder(root) / "jobs-sky" / f"{job}.log"


def result(root: Path, now: State, job: Job, row: Row) -> Event:
    """Return the `finished` event of a job whose log was fetched.

    Its key `incomplete` says that the log ends too early.
    """
    if row.status == "CANCELLED":
        event = {**cancelled(job), "log": str(log_path(root, job.name)), "incomplete": False}
    elif job.is_judged:
        event = _judged(job, log_path(root, job.name))
    else:
        event = jobs_result.from_log(now, job, log_path(root, job.name))
        event["incomplete"] = event.get("error") == log.UNFINISHED
    event["sky_job"], event["sky_status"] = row.id, row.status
    if row.began and row.ended:
        event["seconds"] = round(row.ended - row.began, 1)
        worker = workers.known_workers(now).get(job.worker)
        event["cost_usd"] = round(worker.usd_hour * event["seconds"] / 3600, 4) if worker and worker.usd_hour else None
    return event


def cancelled(job: Job) -> Event:
    """Return the `finished` event of a job that was cancelled."""
    return {**jobs_result.begun(job), "metric": None, "status": "crash", "error": "cancelled"}


def lost(job: Job, reason: str) -> Event:
    """Return the `finished` event of a job that the fleet lost."""
    return {**jobs_result.begun(job), "metric": None, "status": "lost", "error": reason}


def did_nothing(path: Path) -> bool:
    """Tell whether the log is that of a second sending, which the worker turned away."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return CLAIMED in text and "EXPERIMENT_ID:" not in text


def _judged(job: Job, path: Path) -> Event:
    """The `finished` event of a comparison or calibration, with its answer."""
    event: Event = {**jobs_result.begun(job), "metric": None, "log": str(path)}
    found = _ANSWER.findall(path.read_bytes())
    if not found:
        parsed = log.parse(path)
        said = parsed.error if parsed.complete else "the log ends before its answer"
        return {**event, "status": "crash", "error": said, "incomplete": not parsed.complete}
    answer = json.loads(found[-1].decode("utf-8", "replace"))
    broken = answer.get("verdict") == "error"
    return {
        **event,
        "status": "crash" if broken else "done",
        "error": answer.get("reason") if broken else None,
        "answer": answer,
    }
