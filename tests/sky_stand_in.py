"""In SkyPilot's place, which is not installed here: workers that are folders, in which what is sent runs for real."""

from __future__ import annotations

import contextlib
import enum
import os
import signal
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any


class Status(enum.Enum):
    """The part of SkyPilot's JobStatus that is needed."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    CANCELLED = "CANCELLED"


class ClusterDoesNotExist(Exception):  # noqa: N818 - SkyPilot's name
    """What SkyPilot raises for a worker that is gone."""


class Workers:
    """In SkyPilot's place: a folder and a HOME for each worker, in which what is sent runs as a process."""

    def __init__(self, place: Path) -> None:
        self.place, self.gone = place, set[str]()
        self.jobs: dict[str, list[tuple[str, subprocess.Popen[bytes], Path]]] = {}
        self.cancelled: set[str] = set()
        self.asked = 0
        """How often a worker's queue was asked for."""

    def Task(self, **what: Any) -> Any:  # noqa: N802 - SkyPilot's name
        """What is to be run."""
        return SimpleNamespace(**what)

    def get(self, answer: Any) -> Any:
        """The answer of a request."""
        return answer

    def exec(self, task: Any, cluster_name: str) -> tuple[int, None]:
        """Copy and begin a job; its own script waits for those before it."""
        home = self._there(cluster_name)
        shared, log = home / "sky_workdir", home / f"{task.name}.log"
        shared.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", f"{task.workdir}/.", shared], check=True)
        env = {"HOME": str(home), "PATH": os.environ["PATH"], "TMPDIR": str(self.place)}
        process = subprocess.Popen(
            ["bash", "-c", task.run], cwd=shared, env=env, stdout=log.open("wb"), stderr=2, start_new_session=True
        )
        rows = self.jobs.setdefault(cluster_name, [])
        rows.append((task.name, process, log))
        return len(rows), None

    def queue(self, cluster: str) -> list[dict[str, Any]]:
        """The worker's jobs as they stand."""
        self._there(cluster)
        self.asked += 1
        rows = []
        for number, (name, process, _) in enumerate(self.jobs.get(cluster, []), 1):
            ended = process.poll() is not None
            status = Status.CANCELLED if name in self.cancelled else Status.SUCCEEDED if ended else Status.RUNNING
            rows.append({"job_id": number, "job_name": name, "status": status, "start_at": 1.0, "end_at": 9.0})
        return rows

    def cancel(self, cluster: str, job_ids: list[int]) -> None:
        """End jobs."""
        for number in job_ids:
            name, process, _ = self.jobs[cluster][number - 1]
            self.cancelled.add(name)
            self._kill(process)

    def tail_logs(self, cluster: str, job_id: int, follow: bool, output_stream: Any) -> int:
        """What the job has printed by now, or prints until it ends, as SkyPilot prefixes it."""
        self._there(cluster)
        _, process, log = self.jobs[cluster][job_id - 1]
        with log.open() as said:
            while True:
                is_over = not follow or process.poll() is not None
                at = said.tell()
                while (line := said.readline()) and (is_over or line.endswith("\n")):
                    output_stream.write(f"(job, pid=7) {line}")
                    at = said.tell()
                if is_over:
                    return 0
                said.seek(at)
                time.sleep(0.05)

    def lose(self, worker: str) -> None:
        """Take a worker away in the middle of whatever it does."""
        for _, process, _ in self.jobs.get(worker, []):
            self._kill(process)
        self.gone.add(worker)

    def _there(self, worker: str) -> Path:
        if worker in self.gone:
            raise ClusterDoesNotExist(worker)
        return self.place / worker

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def send(sky: Workers, cluster: str, what: Any) -> int:
    """As SkyPilot's send, without asking for accelerators that are not there."""
    task = sky.Task(name=what.name, run=what.command, workdir=str(what.workdir))
    return sky.exec(task, cluster)[0]
