"""What runs now: jobs and comparisons with the time they took so far, beside what such ones usually take."""

from pathlib import Path
from typing import Any

from helpers import journal
from helpers.judge.compare import durations, local
from helpers.judge.compare.driver import KIND
from helpers.run.jobs import workers
from helpers.run.local import executor
from helpers.run.local.job_folder import Folder
from helpers.state import State


def running_now(root: Path, now: State) -> list[dict[str, Any]]:
    """Return each job and comparison under way: seconds so far and expected (None: unknown), what it says."""
    jobs, at = now.open_jobs(), journal.now_ms()
    states = executor.poll(root, [job.name for job in jobs if job.is_local])
    typical, rows = durations.typical_seconds(now), list[dict[str, Any]]()

    def add(name: str, worker: str, state: str, since: float, expected: float | None, said: str = "") -> None:
        elapsed, usual = round(max(0.0, (at - since) / 1000), 1), None if expected is None else round(expected, 1)
        its = {"name": name, "worker": worker, "state": state}
        rows.append({**its, "elapsed": elapsed, "expected": usual, "said": said[:200]})

    for job in jobs:
        since = (job.sent or job.submitted).timestamp or at
        state = states.get(job.name, "sent" if job.sent else "submitted")
        add(job.name, job.worker, state, since, typical if job.is_judged else workers.typical_seconds(now))
    for name, job_name in local.under_way(root).items():
        folder = Folder(root, job_name, KIND)
        began = (folder.path / "plan.json").stat().st_mtime * 1000
        said = folder.read("log.txt").strip().rpartition("\n")[2]
        add(f"comparison of {name}", "local", "running", began, typical, said)
    return rows
