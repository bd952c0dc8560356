"""What measures on a worker is followed: its log comes line by line, so a pair or a verdict is here within a second.

Asking instead, again and again, starts a Python with all of SkyPilot on the worker for each question, beside what it
measures.
"""

import contextlib
import io
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from helpers import files
from helpers.run.fleet import results, skypilot
from helpers.run.fleet.skypilot import Row
from helpers.state import Job

ASK_SECONDS = 600.0
"""A worker whose job is followed is asked so seldom: when one is lost, so is what follows it."""


@dataclass
class Following:
    """The jobs that are followed; all of it may be forgotten: what is not followed is asked for."""

    root: Path
    rows: dict[str, Row] = field(default_factory=dict)
    """As SkyPilot showed them, by the names that they were sent under."""
    asked: dict[str, float] = field(default_factory=dict)
    """When each worker was last asked for its queue, by the monotonic clock."""
    told: threading.Event = field(default_factory=threading.Event)
    """Set when one says a pair or its answer, or cannot be followed any more."""

    def start(self, api: Any, job: Job, row: Row) -> None:  # noqa: ANN401 - SkyPilot's module
        """Follow a job that measures, unless it is followed already."""
        name, path = results.sent_name(job), results.log_path(self.root, job.name)
        if not job.is_judged or name in self.rows:
            return
        self.rows[name] = row
        path.parent.mkdir(parents=True, exist_ok=True)

        def follow() -> None:
            with contextlib.suppress(Exception):  # then it is asked for as any other
                if skypilot.was_cancelled(api, job.worker, row.id, _Growing(path, self.told.set)):
                    self.rows[name] = replace(row, state="done", status="CANCELLED", ended=time.time())
            if not self.ended(job):
                del self.rows[name]
            self.told.set()

        threading.Thread(target=follow, daemon=True).start()

    def ended(self, job: Job) -> Row | None:
        """Return the row of a followed job that has answered or was cancelled, as if its worker had been asked."""
        row = self.rows.get(results.sent_name(job))
        if row and row.state != "done" and results.is_answered(results.log_path(self.root, job.name)):
            return replace(row, state="done", status="SUCCEEDED", ended=time.time())
        return row if row and row.state == "done" else None

    def must_ask(self, jobs: list[Job]) -> bool:
        """Tell, and note, whether a worker is asked: not while its first job, and each that is to end, is followed."""
        worker, at = jobs[0].worker, time.monotonic()
        needed = [job for job in jobs if job is jobs[0] or job.cancelling]
        is_followed = all(results.sent_name(job) in self.rows for job in needed)
        if is_followed and (any(map(self.ended, needed)) or at - self.asked.setdefault(worker, at) < ASK_SECONDS):
            return False
        self.asked[worker] = at
        return True


class _Growing(io.StringIO):
    """A log that is written to its file whenever a line with data has come."""

    def __init__(self, target: Path, told: Callable[[], None]) -> None:
        super().__init__()
        self.target, self.told = target, told

    def write(self, text: str) -> int:
        count = super().write(text)
        held = self.getvalue().encode(errors="backslashreplace") if "{" in text else b""
        if held and not (self.target.exists() and len(held) <= self.target.stat().st_size):  # else it began anew
            files.replace(self.target, held)
            self.told()
        return count
