#!/usr/bin/env python3
"""How busy real workers are kept, and how much text an agent reads for it: our scripts against waves of `sky` calls.

The same experiments, which only sleep, on the same workers: submitted all at once and collected as they end; and in
waves, one `sky exec` for each worker, `sky queue` until all have ended, one `sky logs` for each. The agent thinks for
0 s in both. A worker is busy from the begin of a benchmark to the end of its checks, as the jobs themselves print
them. `--spread` measures something else: how long one comparison shared by all workers takes, in runs of the baseline,
of which a pair has two, and beside it how long SkyPilot takes by itself for empty jobs in their place.

    . "$AUTORESEARCH_ENGINE_ROOT/env.sh"          # after tests/engine/engine_up.sh
    python benchmarks/fleet_real.py --infra slurm --workers 3
    python benchmarks/fleet_real.py --infra slurm --workers 3 --waves 0      # ours alone: ten minutes
    python benchmarks/fleet_real.py --infra slurm --workers 8 --seconds 300 --spread
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BUNDLE))

from helpers.run.jobs import screening  # noqa: E402

BENCHMARK = """\
#!/usr/bin/env bash
set -eu
sleep "$(cat work)"
echo "METRIC time_s=$(cat work)$RANDOM"
"""
CHECKS = '#!/usr/bin/env bash\necho "ENDED $(date +%s.%N)" >&2\n'
Span = tuple[float, float]


class Session:
    """A locked session in a new repository; `run` counts the characters that an agent would read."""

    def __init__(self, root: Path, infra: str, workers: int, seconds: float) -> None:
        self.root, self.characters, self.seconds = root, 0, seconds
        root.mkdir()
        self.env = {
            **os.environ,
            "TMPDIR": str(root.parent),
            "GIT_AUTHOR_NAME": "B",
            "GIT_AUTHOR_EMAIL": "b@example.com",
            "GIT_COMMITTER_NAME": "B",
            "GIT_COMMITTER_EMAIL": "b@example.com",
        }
        for name, text in (("sh", BENCHMARK), ("checks.sh", CHECKS)):
            (root / f"autoresearch.{name}").write_text(text)
            (root / f"autoresearch.{name}").chmod(0o755)
        (root / "work").write_text(f"{seconds:.6f}\n")
        for command in (["init", "-q"], ["add", "work"], ["commit", "-q", "-m", "first"]):
            self.run("git", *command)
        start = ["--goal", "fleet", "--metric", "time_s", "--unit", "s", "--direction", "lower", "--infra", infra]
        start += ["--max-pairs", "24"]
        self.script("start_session", *start, "--workers", str(workers))
        self.script("start_session", "--lock")

    def run(self, *command: str) -> str:
        """Run a command in the repository and return what it printed on both streams."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode not in (0, 1):
            raise SystemExit(f"{command}: {done.stdout}")
        self.characters += len(done.stdout)
        return done.stdout

    def script(self, name: str, *args: str) -> str:
        """Run one of the bundle's scripts."""
        return self.run(sys.executable, str(BUNDLE / f"scripts/{name}.py"), *args)

    def edit(self, name: str, seconds: float) -> None:
        """Make an experiment whose benchmark sleeps so long."""
        copy = self.script("snapshot_workdir", "create", name).strip().splitlines()[-1]
        (Path(copy) / "work").write_text(f"{seconds:.6f}\n")


def spans(text: str) -> list[Span]:
    """Begin and end of each job that a text tells of: the end as the checks print it, the length as the protocol."""
    ends = [float(mark) for mark in re.findall(r"ENDED ([\d.]+)", text)]
    lengths = [float(bench) for bench in re.findall(r"DURATION: build=[\d.]+ bench=([\d.]+)", text)]
    return [(end - length, end) for end, length in zip(ends, lengths, strict=True)]


def share(by_worker: list[list[Span]]) -> tuple[float, float]:
    """Busy share of worker time: until the last job ended, and until the first worker had nothing more to do."""
    begin = min(b for rows in by_worker for b, _ in rows)
    answers = []
    for end in (max(e for rows in by_worker for _, e in rows), min(max(e for _, e in rows) for rows in by_worker)):
        inside = sum(max(0.0, min(e, end) - b) for rows in by_worker for b, e in rows)
        answers.append(inside / ((end - begin) * len(by_worker)))
    return answers[0], answers[1]


def idle(root: Path) -> str:
    """Where the seconds between the jobs of a worker went, by the journal's time stamps.

    A job that was sent before the one ahead of it had ended lay in the worker's queue: what lies between is its set-up.
    One that was sent later made the worker wait for the keeper as well.
    """
    lines = [json.loads(line) for line in (root / "autoresearch.jsonl").read_text().splitlines()]
    sent = {e["job"]: e["timestamp"] / 1000 for e in lines if e.get("type") == "worker" and e["event"] == "sent"}
    jobs: dict[str, list[tuple[Span, float]]] = {}
    for e in lines:
        if e.get("type") == "finished" and e["worker"] != "local":
            jobs.setdefault(e["worker"], []).extend(
                (span, sent[e["job"]]) for span in spans(Path(e["log"]).read_text())
            )
    begin, text = min(span[0] for rows in jobs.values() for span, _ in rows), []
    for worker, rows in sorted(jobs.items()):
        rows.sort()
        late = [max(0.0, at - ended) for ((_, ended), _), (_, at) in itertools.pairwise(rows)]
        gaps = [b - ended for ((_, ended), _), ((b, _), _) in itertools.pairwise(rows)]
        own = [gap - waited for gap, waited in zip(gaps, late, strict=True)]
        first, most, waited = rows[0][0][0] - begin, max(own, default=0.0), sum(late)
        text.append(f"{worker}: {len(rows)} jobs, the first began {first:.1f} s after that of another worker;")
        text.append(f"  between them {sum(own):.1f} s of set-up (at most {most:.1f}), {waited:.1f} s for the keeper")
    return "\n".join(text)


def fed(its: Session, names: list[str]) -> list[list[Span]]:
    """All at once: submit, wait, collect, rank; return each worker's jobs."""
    for number, name in enumerate(names, 1):
        its.edit(name, its.seconds + number * 1e-6)
    its.characters = 0
    for name in names:
        its.script("submit_experiment", name, "--desc", f"try {name}", "--on", "sky")
    its.script("collect_results", "--wait", "3600", "--all")
    its.script("status")
    by_worker: dict[str, list[Span]] = {}
    for line in (its.root / "autoresearch.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event.get("type") == "finished" and event["worker"] != "local":
            by_worker.setdefault(event["worker"], []).extend(spans(Path(event["log"]).read_text()))
    return list(by_worker.values())


def waves(its: Session, workers: list[str], count: int, seconds: float, pause: float = 5.0) -> list[list[Span]]:
    """Wave by wave, with SkyPilot's own commands; return each worker's jobs."""
    its.characters = 0
    by_worker: dict[str, list[Span]] = {worker: [] for worker in workers}
    command = f"sleep {seconds}; echo METRIC time_s=1.0; echo ENDED $(date +%s.%N)"
    command += f"; echo DURATION: build=0 bench={seconds}"
    for _ in range(count):
        for worker in workers:
            its.run("sky", "exec", "-d", "--workdir", ".", worker, command)
        for worker in workers:
            while re.search("PENDING|RUNNING|SETTING_UP|INIT", its.run("sky", "queue", worker)):
                time.sleep(pause)
        for worker in workers:
            by_worker[worker] += spans(its.run("sky", "logs", "--no-follow", worker))
    return list(by_worker.values())


def empty_jobs(workers: list[str]) -> float:
    """Seconds until a job without work has ended on each of these workers, all begun at the same time."""
    import sky

    def one(worker: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            number, _ = sky.get(sky.exec(sky.Task(run="true", workdir=folder), cluster_name=worker))
        sky.tail_logs(worker, number, follow=True, output_stream=io.StringIO())

    began = time.time()
    with ThreadPoolExecutor(len(workers)) as pool:
        list(pool.map(one, workers))
    return time.time() - began


def spread(its: Session, names: list[str], experiment: str = "exp-01") -> None:
    """Compare a change that sleeps a tenth less on all workers and print how long that took."""
    workers = len(names)
    its.edit(experiment, 0.9 * its.seconds)
    its.script("snapshot_workdir", "seal", experiment, "--desc", "sleep less")
    began = time.time()
    said = its.script("compare", experiment, "--on", "sky", "--spread", str(workers))
    took = time.time() - began
    print(said[said.index(f"\n{experiment}: ") + 1 :])
    lines = [json.loads(line) for line in (its.root / "autoresearch.jsonl").read_text().splitlines()]
    sent = {e["job"]: e["timestamp"] / 1000 - began for e in lines if e.get("event") == "sent"}
    parts = min(at for job, at in sent.items() if job.startswith(f"part-{experiment}"))
    (head,) = (at for job, at in sent.items() if job.startswith(f"comparison-{experiment}"))
    runs = 2 * math.ceil(8 / workers)
    beyond, pairs = took - runs * its.seconds, head - parts - runs * its.seconds
    print(f"{workers} workers, runs of {its.seconds:g} s: {took:.0f} s, {beyond:.0f} s beyond {runs} runs, of which")
    print(f"  {parts:.0f} s until the parts are sent, {pairs:.0f} s beside the runs until their pairs are here,")
    print(f"  {took - head:.0f} s from there to the verdict; load {os.getloadavg()[0]:.1f}", flush=True)
    every, one = empty_jobs(names), empty_jobs(names[:1])
    print(f"  SkyPilot by itself: {every:.0f} s for an empty job on each worker, then {one:.0f} s for one more")
    print(f"  load {os.getloadavg()[0]:.1f}", flush=True)


def main() -> None:
    """Measure both and print the shares and the characters."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--infra", default="slurm")
    p.add_argument("--workers", type=int, default=3)
    p.add_argument("--experiments", type=int, default=18, help="for our scripts")
    p.add_argument("--waves", type=int, default=3, help="waves of the other way, an experiment for each worker in each")
    p.add_argument("--seconds", type=float, default=60, help="length of an experiment (default 60)")
    p.add_argument(
        "--spread", action="store_true", help="how long a comparison on all workers takes; --seconds: of a run"
    )
    autostop = "minutes; with any, SkyPilot starts a Python on the worker before each answer (default 0: never)"
    p.add_argument("--autostop", type=int, default=0, help=autostop)
    args = p.parse_args()
    length = args.seconds if args.spread else args.seconds / (2 * screening.LOOKS[-1])
    with tempfile.TemporaryDirectory() as folder:
        its = Session(Path(folder) / "project", args.infra, args.workers, length)
        its.script("workers", "up", "--count", str(args.workers), "--prefix", "busy", "--autostop", str(args.autostop))
        workers = [f"busy-{number:02d}" for number in range(1, args.workers + 1)]
        try:
            if args.spread:
                spread(its, workers)
                return
            rows = fed(its, [f"exp-{number:02d}" for number in range(1, args.experiments + 1)])
            told(f"{args.experiments} experiments, fed and collected", rows, its.characters, args.experiments)
            print(idle(its.root), f"load {os.getloadavg()[0]:.1f}", sep="\n", flush=True)
            if not args.waves:
                return
            rows = waves(its, workers, args.waves, args.seconds)
            told(f"{args.waves} waves of sky calls", rows, its.characters, args.waves * args.workers)
        finally:
            its.script("workers", "down", "--all", "--yes")


def told(words: str, rows: list[list[Span]], characters: int, experiments: int) -> None:
    """Print a way's figures."""
    whole, until = share(rows)
    print(
        f"{words}: {sum(map(len, rows))} jobs on {len(rows)} workers, busy {until:.1%} ({whole:.1%} with the tail); "
        f"{characters} characters to read, {characters / experiments:.0f} for an experiment",
        flush=True,
    )


if __name__ == "__main__":
    main()
