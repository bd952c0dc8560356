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
    typical, rows = durations.typical_seconds(now), list[tuple[str, str, str, float, float | None, str]]()
    for job in jobs:
        since = (job.sent or job.submitted).timestamp or at
        expected = typical if job.is_judged else workers.typical_seconds(now)
        rows.append(
            (job.name, job.worker, states.get(job.name, "sent" if job.sent else "submitted"), since, expected, "")
        )
    for name, job_name in local.under_way(root).items():
        folder = Folder(root, job_name, KIND)
        began = (folder.path / "plan.json").stat().st_mtime * 1000
        said = folder.read("log.txt").strip().rpartition("\n")[2]
        rows.append((f"comparison of {name}", "local", "running", began, typical, said))
    return [
        {
            "name": name,
            "worker": worker,
            "state": state,
            "elapsed": round(max(0.0, (at - since) / 1000), 1),
            "expected": None if expected is None else round(expected, 1),
            "said": said[:200],
        }
        for name, worker, state, since, expected, said in rows
    ]
