#!/usr/bin/env python3
"""Kill -9 at random points of a whole session loop, and see that nothing is lost; exit 1 when something is.

Each command of the loop (create, seal, submit, collect, compare, keep, discard, ideas, status) is killed at a random
moment, alone or with every process it started, detached ones included; then it is given again until it has worked.

python3 benchmarks/kill_points.py --points 1000 --seed 1     # about half an hour
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent.parent
BENCHMARK = """\
[ -z "${EXPERIMENT_ID:-}" ] || echo "$EXPERIMENT_ID" >>RUNS
began=$(date +%s%N); bash src/work.sh >/dev/null; ended=$(date +%s%N)
awk -v n=$((ended - began)) 'BEGIN { printf "METRIC time_s=%.6f\\n", n / 1e9 }'
"""
IDENTITY = ["-c", "user.name=k", "-c", "user.email=k@localhost"]


class Loss(Exception):  # noqa: N818
    """Something that must hold does not."""


class Session:
    """A session on a small repository, and what has been confirmed of it so far."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.root = folder, folder / "project"
        self.draw = random.Random(seed)
        self.kills: collections.Counter[str] = collections.Counter()
        self.troubles: collections.Counter[str] = collections.Counter()
        self.typical: dict[str, float] = {}
        self.confirmed = 0
        (self.root / "src").mkdir(parents=True)
        (folder / "tmp").mkdir()
        (self.root / "src/work.sh").write_text("sleep 0.03\necho 42\n")
        (self.root / "autoresearch.sh").write_text(BENCHMARK.replace("RUNS", str(folder / "runs")))
        (self.root / "autoresearch.checks.sh").write_text('[ "$(bash src/work.sh)" = 42 ]\n')
        for command in (["init", "-q"], ["add", "-A"], [*IDENTITY, "commit", "-q", "-m", "first"]):
            subprocess.run(["git", *command], cwd=self.root, check=True)
        self.must(
            "start_session",
            "--goal",
            "kill",
            "--metric",
            "time_s",
            "--direction",
            "lower",
            "--margin",
            "5",
            "--review-above",
            "1000",
        )
        self.must("start_session", "--lock")
        self.commits = len(self.git("rev-list", "HEAD").split())

    def start(self, name: str, *args: str) -> subprocess.Popen[str]:
        """Start a script as its users do."""
        env = {
            **os.environ,
            "TMPDIR": str(self.folder / "tmp"),
            "GIT_AUTHOR_NAME": "k",
            "GIT_AUTHOR_EMAIL": "k@localhost",
            "GIT_COMMITTER_NAME": "k",
            "GIT_COMMITTER_EMAIL": "k@localhost",
        }
        command = [sys.executable, str(BUNDLE / "scripts" / f"{name}.py"), *args]
        return subprocess.Popen(
            command,
            cwd=self.root,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def must(self, name: str, *args: str, codes: tuple[int, ...] = (0,), again: str = "") -> str:
        """Run a script to its end; what it has done is confirmed from then on.

        `again`: words of an error that says so.
        """
        process = self.start(name, *args)
        try:
            out, err = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Loss(f"{name} {' '.join(args)} hangs") from None
        if "Traceback" in err or (process.returncode not in codes and not (again and again in err)):
            raise Loss(f"{name} {' '.join(args)} exits {process.returncode}: {err[-700:]}")
        self.confirmed = len(self.journal())
        return out

    def journal(self) -> bytes:
        """Return the whole lines of the journal."""
        file = self.root / "autoresearch.jsonl"
        raw = file.read_bytes() if file.exists() else b""
        return raw[: raw.rfind(b"\n") + 1]

    def killed(self, name: str, *args: str) -> None:
        """Start a script and kill it, alone or with all that it started, at a random moment; then look around."""
        before, whole = self.journal(), self.draw.random() < 0.5
        span = self.typical.get(name, 0.4)
        began = time.monotonic()
        process = self.start(name, *args)
        try:
            process.wait(timeout=self.draw.uniform(0, span * 1.1))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            self.kills[name] += 1
        else:
            took = time.monotonic() - began
            self.typical[name] = 0.8 * span + 0.2 * took
        if whole:
            self.sweep()
        process.communicate()
        if not self.journal().startswith(before[: self.confirmed]):
            raise Loss(f"killed {name}: a confirmed line of the journal is gone")
        self.must("status")

    def sweep(self) -> None:
        """Kill every process that belongs to this session, wherever it went."""
        for _ in range(3):
            for pid in self.processes():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:  # noqa: PERF203 - gone meanwhile
                    continue

    def processes(self) -> list[int]:
        """Return the processes that name this session's folder in their command, environment or working folder."""
        wanted, found = os.fsencode(self.folder), []
        for entry in Path("/proc").glob("[0-9]*"):
            if int(entry.name) == os.getpid():
                continue
            try:
                said = (
                    (entry / "cmdline").read_bytes()
                    + (entry / "environ").read_bytes()
                    + os.fsencode((entry / "cwd").readlink())
                )
            except OSError:
                continue
            if wanted in said:
                found.append(int(entry.name))
        return found

    def experiment(self, name: str, text: str) -> None:
        """Take one experiment through the loop, each command killed once or more before it may work."""

        def step(script: str, *args: str, codes: tuple[int, ...] = (0,), again: str = "") -> str:
            while self.draw.random() < 0.6:
                self.killed(script, *args)
            return self.must(script, *args, codes=codes, again=again)

        step("snapshot_workdir", "create", name, again=f"{name} exists")
        listed = self.must("snapshot_workdir", "list", "--json", "--full")
        copy = next(Path(row["folder"]) for row in json.loads(listed) if row["experiment"] == name)
        (copy / "src/work.sh").write_text(text)
        step("snapshot_workdir", "seal", name, "--desc", f"{name} sleeps")
        step("ideas", "add", f"idea of {name}", "--source", "own")
        step("submit_experiment", name)
        step("status")
        step("collect_results", "--wait", "30", "--all", codes=(0, 1))
        step("compare", name, "--max-pairs", "8", codes=(0, 1))
        if self.last_verdict(name) == "improved":
            # A comparison that was killed after its first look speaks against: more must then speak for it.
            step("record_result", "keep", name, again="more must speak for it")
            while not self.is_kept(name):
                self.must("compare", name, "--max-pairs", "8", codes=(0, 1))
                self.must("record_result", "keep", name, again="more must speak for it")
        else:
            step("record_result", "discard", name, "--why", "no gain")

    def last_verdict(self, name: str) -> str:
        """Return the verdict of the last comparison of an experiment."""
        events = [
            e
            for e in map(json.loads, self.journal().splitlines())
            if e.get("type") == "comparison" and e["experiment_id"] == name
        ]
        if not events:
            raise Loss(f"{name}: no comparison is journaled though compare.py had ended")
        return str(events[-1]["verdict"])

    def is_kept(self, name: str) -> bool:
        """Tell whether the journal says that an experiment was kept."""
        events = map(json.loads, self.journal().splitlines())
        return any(e.get("status") == "keep" and e.get("experiment_id") == name for e in events)

    def check(self) -> None:
        """Raise Loss unless journal, branch, work tree and processes agree."""
        events = [json.loads(line) for line in self.journal().splitlines()]
        kept = [e for e in events if e.get("status") == "keep" and "run" in e][1:]  # the first is the baseline
        commits = self.git("rev-list", "--reverse", "HEAD").split()
        ours = [commit for commit in commits if commit in {e.get("commit_full") for e in kept}]
        if [e["commit_full"] for e in kept] != ours or len(commits) != self.commits + len(kept):
            raise Loss(f"branch and journal differ: {len(commits)} commits, kept {[e['commit'] for e in kept]}")
        if len({e["run"] for e in events if "run" in e}) != sum("run" in e for e in events):
            raise Loss("two run lines share a number")
        if status := self.git("status", "--porcelain"):
            raise Loss(f"the work tree is not clean: {status}")
        self.git("fsck", "--connectivity-only")
        submitted = collections.Counter(e["experiment_id"] for e in events if e.get("type") == "submitted")
        runs = self.folder / "runs"
        ran = collections.Counter(runs.read_text().split() if runs.exists() else [])
        for name, count in ran.items():
            if name.startswith("exp-") and count > submitted[name]:
                raise Loss(f"{name} ran {count} times and was journaled as submitted {submitted[name]} times")
        finished = collections.Counter(e["job"] for e in events if e.get("type") == "finished")
        if twice := [job for job, count in finished.items() if count > 1]:
            raise Loss(f"journaled as finished twice: {twice}")
        until = time.monotonic() + 10
        while self.processes() and time.monotonic() < until:
            time.sleep(0.2)
        if left := self.processes():
            raise Loss(
                f"orphans: {[Path(f'/proc/{pid}/cmdline').read_bytes().replace(bytes(1), b' ') for pid in left]}"
            )

    def git(self, *args: str) -> str:
        """Run git in the project."""
        return subprocess.run(["git", *args], cwd=self.root, check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    """Kill until the number of points is reached."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--points", type=int, default=1000)
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        session = Session(Path(temporary), args.seed)
        number, asleep = 0, 30.0
        try:
            while sum(session.kills.values()) < args.points:
                number += 1
                gain = number % 4 == 0
                asleep = asleep * 0.85 if gain else asleep
                session.experiment(f"exp-{number:03d}", f"sleep 0.0{asleep * 1000:05.0f} # {number}\necho 42\n")
                session.check()
                if number % 10 == 0:
                    print(f"{sum(session.kills.values())} kills in {number} experiments, nothing lost", flush=True)
        except Loss as loss:
            print(f"after {sum(session.kills.values())} kills (seed {args.seed}): {loss}")
            sys.exit(1)
        finally:
            session.sweep()
    shown = ", ".join(f"{name} {count}" for name, count in sorted(session.kills.items()))
    print(f"{sum(session.kills.values())} kills in {number} experiments, nothing lost ({shown})")


if __name__ == "__main__":
    main()
