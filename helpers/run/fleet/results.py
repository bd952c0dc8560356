"""What came back from the fleet: one fetched log, or a loss, to one `finished` event."""

import contextlib
import functools
import json
import re
from pathlib import Path

from helpers import files, paths
from helpers.events import Finished
from helpers.run.fleet.skypilot import Row
from helpers.run.jobs import log, workers
from helpers.run.jobs import result as jobs_result
from helpers.state import Job, State

CLAIMED = "was claimed already"
"""What a job says that was sent twice: it did nothing (payload.py)."""
UNANSWERED = "the log ends before its answer"
_BEGINS = re.compile(rb"^" + log.PREFIX + rb"autoresearch: (\S+)\r?$", re.MULTILINE)
_ANSWER = re.compile(rb"^" + log.PREFIX + rb"(?:COMPARISON|CALIBRATION|PART): (\{.*\})", re.MULTILINE)


def log_path(root: Path, job: str) -> Path:
    """Return where the job's log lies here, once it has been fetched."""
    return paths.state_folder(root) / "jobs-sky" / f"{job}.log"


def given_path(root: Path, job: str) -> Path:
    """Return the file of the pairs that many workers measured, without which the comparison itself does not begin."""
    return log_path(root, job).with_suffix(".pairs.json")


def sent_name(job: Job) -> str:
    """Return SkyPilot's name of what it was sent as, alone or together with others."""
    assert job.sent is not None  # noqa: S101 - for the type checker
    return job.sent.name


def folder(job: Job) -> str:
    """Return the name of its own folder on the worker."""
    return f"{job.name}-{sent_name(job).rpartition('-')[2]}"


def sent_together(now: State, job: Job) -> list[Job]:
    """Return the jobs that are one of SkyPilot's, this one among them."""
    return [other for other in now.jobs.values() if other.sent and other.sent.name == sent_name(job)]


def share_out(root: Path, jobs: list[Job], path: Path) -> None:
    """Make of the log of jobs that were sent together one for each of them; empty for one that never began."""
    text = path.read_bytes() if path.exists() else b""
    begins = list(_BEGINS.finditer(text))
    ends = [*(mark.start() for mark in begins[1:]), len(text)]
    found = {mark[1].decode(): text[mark.start() : end] for mark, end in zip(begins, ends, strict=False)}
    for job in jobs:
        if not job.finished:
            files.replace(log_path(root, job.name), found.get(folder(job), b""))
    path.unlink(missing_ok=True)


def result(root: Path, now: State, job: Job, row: Row) -> tuple[Finished, bool]:
    """Return the `finished` event of a job whose log was fetched, and whether that log ends too early."""
    path, more = log_path(root, job.name), {"sky_job": row.id, "sky_status": row.status}
    if row.status == "CANCELLED":
        event, more = jobs_result.cancelled(job), {"log": str(path), **more}
    else:
        event = _judged(job, path) if job.is_judged else jobs_result.from_log(now, job, path)
    if row.began and row.ended:
        seconds = round((row.ended - row.began) / len(sent_together(now, job)), 1)
        worker = workers.known_workers(now).get(job.worker)
        price = worker.usd_hour if worker else None
        more |= {"seconds": seconds, "cost_usd": round(price * seconds / 3600, 4) if price else None}
    return Finished.of({**event.to_line(), **more}), event.error in (log.UNFINISHED, UNANSWERED)


def lost(job: Job, reason: str) -> Finished:
    """Return the `finished` event of a job that the fleet lost."""
    return jobs_result.finished(job, metric=None, status="lost", error=reason)


def did_nothing(path: Path) -> bool:
    """Tell whether the log is that of a second sending, which the worker turned away."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return CLAIMED in text and "EXPERIMENT_ID:" not in text


def is_answered(path: Path) -> bool:
    """Tell whether the log, as it was fetched by now, holds an answer: it is the last that such a job says."""
    found = _ANSWER.findall(path.read_bytes()) if path.exists() else []
    with contextlib.suppress(ValueError):  # half a line, as it comes
        return bool(found) and bool(json.loads(found[-1]))
    return False


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
