"""Job folders of the local executor: what a job is, on disk, and which of its four states it is in.

A job is a folder .autoresearch/jobs/<job>/ with spec.json, the log, and marker files. A runner that works on a job
holds a lock on it; the kernel lets go of that lock when the runner dies, however it dies. So nothing can claim to run
that does not.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from helpers import files, locks, paths
from helpers.run.jobs.task import JobState


@dataclass(frozen=True)
class Spec:
    """A job: `tree` is run by the task with `env`, on `cpus` cores, ended after `limit` seconds."""

    job: str
    experiment: str
    tree: str
    task: dict[str, Any]
    env: dict[str, str]
    limit: int
    cpus: int
    slots: int
    passed: list[str]
    workdir_root: str
    baseline: str = ""
    """The tree that is measured beside it, in turns; none for a run of the baseline itself."""
    gpus: list[str] = field(default_factory=list)
    """The GPU of each slot, as CUDA names it; empty where slots go by cores."""


class Folder:
    """The folder of one job."""

    def __init__(self, root: Path, job: str, kind: str = "jobs") -> None:
        """`root` is the user's repository; `kind` the folder of .autoresearch/ where such jobs lie."""
        self.path = jobs_folder(root, kind) / job
        self.log = self.path / "log.txt"

    def write(self, spec: Spec) -> None:
        """Queue the job: it is there with its whole spec, or not at all."""
        partial = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        partial.mkdir(parents=True)
        files.replace(partial / "spec.json", json.dumps(asdict(spec)))
        partial.rename(self.path)
        files.sync_folder(self.path.parent)

    def spec(self) -> Spec:
        """Return what was asked for."""
        return Spec(**json.loads((self.path / "spec.json").read_text(encoding="utf-8")))

    def mark(self, name: str, text: str = "") -> None:
        """Write a marker file (`started`, `finished`, `cancelled`) in one step."""
        files.replace(self.path / name, text)

    def has(self, name: str) -> bool:
        """Tell whether a marker file is there."""
        return (self.path / name).exists()

    def read(self, name: str) -> str:
        """Return the text of a marker file, empty without one."""
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    @contextmanager
    def claimed(self) -> Iterator[bool]:
        """Take the job to work on it as long as the block runs; yields False when somebody has, or it was cancelled."""
        with locks.held(self.path / "lock") as free:
            mine = free and not any(self.has(name) for name in ("started", "finished", "cancelled"))
            if mine:
                self.mark("started", f"{os.getpid()}\n")
            yield mine

    def state(self) -> JobState:
        """Return the job's state, as it truly is now."""
        if not (self.path / "spec.json").exists():
            return "lost"
        if self.has("finished") or self.has("cancelled"):
            return "done"
        with locks.held(self.path / "lock", shared=True) as free:
            if self.has("finished"):  # it ended between the two looks
                return "done"
            if not free:
                return "running"
            return "lost" if self.has("started") else "pending"


def jobs_folder(root: Path, kind: str = "jobs") -> Path:
    """Return the folder of all jobs of a kind, which is there with its first job."""
    return paths.state_folder(root) / kind


def runner_log(root: Path) -> Path:
    """Return the file for what detached processes of this machine say."""
    return paths.state_folder(root) / "runner.log"


def queue(root: Path) -> list[str]:
    """Return the jobs that wait for a slot, oldest first."""
    rows = []
    for folder in jobs_folder(root).glob("*"):
        if folder.name.startswith("."):
            continue
        job = Folder(root, folder.name)
        if not (job.has("started") or job.has("finished") or job.has("cancelled")):
            rows.append(((folder / "spec.json").stat().st_mtime_ns, folder.name))
    return [name for _, name in sorted(rows)]
