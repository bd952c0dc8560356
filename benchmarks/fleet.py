#!/usr/bin/env python3
"""How busy 16 workers are kept: the session's keeper, driving simulated workers, against waves collected one by one.

The keeper, the journal and the copies are the real ones; only SkyPilot is replaced, by workers that answer as late as
the real ones did on a one-machine Slurm (exec 5 s, queue 4.7 s, logs 2.1 s, 4 s between two jobs of a worker). Time
runs `--speed` times as fast. The wave it is compared with is computed from the same delays and the same jobs, its
calls made in one process too. The keeper's agent thinks for `--think` seconds between two calls, in which it submits
as many experiments as collect_results.py says; that of the waves thinks for 0 s.

    python3 benchmarks/fleet.py
    python3 benchmarks/fleet.py --seconds 120 --speed 10
"""

# ruff: noqa: ANN401 - a stand-in for an untyped module
from __future__ import annotations

import argparse
import enum
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

BUNDLE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BUNDLE))

from helpers import journal, replay  # noqa: E402
from helpers.run.fleet import keeper, keeper_process  # noqa: E402
from helpers.run.jobs import workers as jobs_workers  # noqa: E402

EXEC, QUEUE, LOGS, GAP = 5.0, 4.7, 2.1, 4.0
"""Seconds, as measured: one call each; and from a job's end to the start of the next in the same queue."""
LOG = (
    "EXPERIMENT_ID: {id}\n{hashes}METRIC time_s={value}\nCHECKS_STATUS: passed\nEXPERIMENT_STATUS: "
    "done\nDURATION: build=0 bench={length:.0f} checks=0\n"
)


class Status(enum.Enum):
    """The part of SkyPilot's JobStatus that is needed."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"


class Simulated:
    """What the keeper uses of SkyPilot, for workers that only wait. All times given to it are simulated seconds."""

    def __init__(self, speed: float, lengths: dict[str, float], hashes: str) -> None:
        self.speed, self.lengths, self.hashes = speed, lengths, hashes
        self.jobs: dict[str, list[tuple[str, float, float]]] = {}
        self.lock = threading.Lock()

    def now(self) -> float:
        """Simulated seconds."""
        return time.monotonic() * self.speed

    def wait(self, seconds: float) -> None:
        """Let simulated seconds go by."""
        time.sleep(seconds / self.speed)

    def Task(self, **what: Any) -> Any:  # noqa: N802 - SkyPilot's name
        """What is to be run."""
        return SimpleNamespace(**what)

    def get(self, answer: Any) -> Any:
        """The answer of a request."""
        return answer

    def exec(self, task: Any, cluster_name: str) -> tuple[int, None]:
        """Queue a job behind those that the worker has."""
        self.wait(EXEC)
        with self.lock:
            queue = self.jobs.setdefault(cluster_name, [])
            begin = max(self.now(), queue[-1][2] if queue else 0.0) + GAP
            known = (task.name, task.name.partition(".")[0], "baseline")  # a control is none of the experiments
            length = next(self.lengths[name] for name in known if name in self.lengths)
            queue.append((task.name, begin, begin + length))
            return len(queue), None

    def queue(self, cluster: str) -> list[dict[str, Any]]:
        """The worker's jobs as they stand."""
        self.wait(QUEUE)
        at = self.now()
        rows = []
        with self.lock:
            for number, (name, begin, end) in enumerate(self.jobs.get(cluster, []), 1):
                status = Status.PENDING if at < begin else Status.RUNNING if at < end else Status.SUCCEEDED
                rows.append({"job_id": number, "job_name": name, "status": status, "start_at": begin, "end_at": end})
        return rows

    def tail_logs(self, cluster: str, job_id: int, follow: bool, output_stream: Any) -> int:  # noqa: ARG002
        """Write the log of a job that went well."""
        self.wait(LOGS)
        name, begin, end = self.jobs[cluster][job_id - 1]
        output_stream.write(LOG.format(id=name, hashes=self.hashes, value=1.0, length=end - begin))
        return 0


def session(folder: Path) -> Path:
    """A locked session in a new repository."""
    root = folder / "project"
    root.mkdir()
    env = {
        **os.environ,
        "TMPDIR": str(folder),
        "GIT_AUTHOR_NAME": "B",
        "GIT_AUTHOR_EMAIL": "b@example.com",
        "GIT_COMMITTER_NAME": "B",
        "GIT_COMMITTER_EMAIL": "b@example.com",
    }

    def run(*command: str) -> None:
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr + done.stdout)

    (root / "autoresearch.sh").write_text("echo METRIC time_s=$(cat work)\n")
    (root / "autoresearch.checks.sh").write_text("grep -qx 1.0041 work\n")
    (root / "work").write_text("1.0041\n")
    run("git", "init", "-q")
    run("git", "add", "work")
    run("git", "commit", "-q", "-m", "first")
    start = [sys.executable, str(BUNDLE / "scripts/start_session.py")]
    run(*start, "--goal", "fleet", "--metric", "time_s", "--unit", "s", "--direction", "lower")
    run(*start, "--lock")
    return root


def keep_busy(folder: Path, lengths: dict[str, float], workers: int, speed: float, think: float) -> tuple[float, int]:
    """Run all experiments through the keeper; every `think` seconds an agent submits as many as it is told to.

    Return the share of worker time spent in jobs, and the characters printed.
    """
    root = session(folder)
    now = replay.load(root)
    hashes = "".join(f"PROTECTED_SHA256: {name} {value}\n" for name, value in now.protected.items())
    for number in range(1, workers + 1):
        journal.append(
            root, {"type": "worker", "worker": f"vm-{number:02d}", "event": "up", "launch": "x", "usd_hour": None}
        )
    api, its = Simulated(speed, lengths, hashes), keeper.Keeper(root, folder / "copies")
    left, call, one = [name for name in lengths if name != "baseline"], api.now(), {"source": [], "role": "experiment"}
    printed = ""
    while left or keeper_process.has_work(replay.load(root)):
        while api.now() >= call:
            call += think
            for name in left[: jobs_workers.missing(replay.load(root))]:
                its_own = {"experiment_id": name, "job": f"{name}.0.1", "description": name, "env": {}}
                to = {"worker": "", "executor": "sky", "tree": now.baseline.tree}
                journal.append(root, {"type": "submitted", **one, **its_own, **to})
                left.remove(name)
        its.round(api)
        if its.trouble:
            raise SystemExit("\n".join(its.trouble))
        api.wait(keeper_process.pause(replay.load(root)))
    from helpers.run.jobs import result

    news, now = keeper_process.news(root)[: 2 * workers], replay.load(root)
    printed = "\n".join(result.result_line(event, now) for event in news)
    return share(api.jobs), len(printed)


def share(jobs: dict[str, list[tuple[str, float, float]]]) -> float:
    """Share of worker time in jobs, from the first start until the last worker has run out of work to be given.

    The tail, in which nothing waits any more, is no fault of either way: it is cut at the end of the first worker to
    idle.
    """
    begin = min(rows[0][1] for rows in jobs.values()) - GAP - EXEC
    end = min(rows[-1][2] for rows in jobs.values())
    inside = sum(max(0.0, min(e, end) - max(b, begin)) for rows in jobs.values() for _, b, e in rows)
    return inside / ((end - begin) * len(jobs))


def waves(lengths: list[float], workers: int) -> float:
    """The same share for: submit to one worker after the other, wait for all, ask and read one after the other."""
    used = total = 0.0
    for first in range(0, len(lengths), workers):
        wave = lengths[first : first + workers]
        ends = [(number + 1) * EXEC + GAP + length for number, length in enumerate(wave)]
        total += (max(ends) + len(wave) * (QUEUE + LOGS)) * workers
        used += sum(wave)
    return used / total


def main() -> None:
    """Print the shares for jobs of equal and of unequal length."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--workers", type=int, default=16)
    p.add_argument("--rounds", type=int, default=5, help="experiments for each worker (default 5)")
    p.add_argument("--seconds", type=float, default=300, help="length of an experiment (default 300)")
    p.add_argument("--think", type=float, default=120, help="seconds between two calls of the agent (default 120)")
    p.add_argument("--speed", type=float, default=20, help="times as fast as real (default 20)")
    args = p.parse_args()
    dice = random.Random(1)
    count = args.workers * args.rounds
    for words, lengths in (
        ("equal", [args.seconds] * count),
        ("unequal", [args.seconds * dice.lognormvariate(0, 0.4) for _ in range(count)]),
    ):
        with tempfile.TemporaryDirectory() as folder:
            named = {f"exp-{n:03d}": length for n, length in enumerate(lengths, 1)} | {"baseline": args.seconds}
            busy, characters = keep_busy(Path(folder), named, args.workers, args.speed, args.think)
        print(
            f"{words:8} {count} jobs of about {args.seconds:.0f} s on {args.workers} workers: keeper {busy:.1%}, "
            f"waves {waves(lengths, args.workers):.1%}; {characters} characters for a wave",
            flush=True,
        )


if __name__ == "__main__":
    main()
