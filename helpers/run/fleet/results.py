"""What came back from the fleet: one fetched log, or a loss, to one `finished` event."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

from helpers import paths
from helpers.events import Finished
from helpers.run.fleet.skypilot import Row
from helpers.run.jobs import log, workers
from helpers.run.jobs import result as jobs_result
from helpers.state import Job, State

CLAIMED = "was claimed already"
"""What a job says that was sent twice: it did nothing (payload.py)."""
UNANSWERED = "the log ends before its answer"
_ANSWER = re.compile(rb"^" + log.PREFIX + rb"(?:COMPARISON|CALIBRATION|PART): (\{.*\})", re.MULTILINE)


def log_path(root: Path, job: str) -> Path:
    """Return where the job's log lies here, once it has been fetched."""
    return paths.state_folder(root) / "jobs-sky" / f"{job}.log"


def given_path(root: Path, job: str) -> Path:
    """Return the file of the pairs that many workers measured, without which the comparison itself does not begin."""
    return log_path(root, job).with_suffix(".pairs.json")


def result(root: Path, now: State, job: Job, row: Row) -> tuple[Finished, bool]:
    """Return the `finished` event of a job whose log was fetched, and whether that log ends too early."""
    path, more = log_path(root, job.name), {"sky_job": row.id, "sky_status": row.status}
    if row.status == "CANCELLED":
        event, more = cancelled(job), {"log": str(path), **more}
    else:
        event = _judged(job, path) if job.is_judged else jobs_result.from_log(now, job, path)
    if row.began and row.ended:
        seconds, worker = round(row.ended - row.began, 1), workers.known_workers(now).get(job.worker)
        price = worker.usd_hour if worker else None
        more |= {"seconds": seconds, "cost_usd": round(price * seconds / 3600, 4) if price else None}
    return Finished.of({**event.to_line(), **more}), event.error in (log.UNFINISHED, UNANSWERED)


def cancelled(job: Job) -> Finished:
    """Return the `finished` event of a job that was cancelled."""
    return jobs_result.finished(job, metric=None, status="crash", error="cancelled")


def lost(job: Job, reason: str) -> Finished:
    """Return the `finished` event of a job that the fleet lost."""
    return jobs_result.finished(job, metric=None, status="lost", error=reason)


def did_nothing(path: Path) -> bool:
    """Tell whether the log is that of a second sending, which the worker turned away."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return CLAIMED in text and "EXPERIMENT_ID:" not in text


def is_answered(path: Path) -> bool:
    """Tell whether the log, as it was fetched by now, holds an answer: it is the last that such a job says."""
    return path.exists() and bool(_ANSWER.search(path.read_bytes()))


def _judged(job: Job, path: Path) -> Finished:
    """The `finished` event of a comparison or calibration, with its answer."""
    its = functools.partial(jobs_result.finished, job, metric=None, log=str(path))
    found = _ANSWER.findall(path.read_bytes())
    if not found:
        parsed = log.parse(path)
        return its(status="crash", error=parsed.error if parsed.complete else UNANSWERED)
    answer = json.loads(found[-1].decode("utf-8", "replace"))
    broken = answer.get("verdict") == "error"
    return its(status="crash" if broken else "done", error=answer.get("reason") if broken else None, answer=answer)
