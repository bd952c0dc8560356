#!/usr/bin/env python3
"""What the helpers cost, each figure beside its alternative: copies, seals, journal, status, comparison.

python3 benchmarks/spine.py            # all; about five minutes
python3 benchmarks/spine.py journal    # one of: copy journal writers status help overhead log
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BUNDLE))

from helpers import git, journal, paths  # noqa: E402
from helpers.run.copies.copies import Workdirs  # noqa: E402

GIT = ["git", "-c", "user.name=b", "-c", "user.email=b@localhost", "-c", "gc.auto=0"]


def timed(action: Callable[[], object]) -> float:
    """Return the seconds that an action takes."""
    os.sync()  # what an earlier action left to write must not slow this one
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def repository(folder: Path, files: int) -> Path:
    """Make a repository of small source-like files."""
    draw = random.Random(1)
    for number in range(files):
        file = folder / f"d{number % 150}" / f"s{number % 7}" / f"f{number}.c"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(draw.randbytes(draw.choice([200, 1500, 6000, 20000])))
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "files"]):
        subprocess.run([*GIT, *command], cwd=folder, check=True)
    return folder


def copy(folder: Path, files: int, rounds: int) -> None:
    """Print isolated copy and seal beside cp -a, rsync and git worktree add, in an order that changes each round."""
    root = repository(folder / "big", files)
    work = Workdirs(git.find(root), folder / "copies")
    rows: dict[str, list[float]] = {"copy": [], "cp -a": [], "rsync": [], "worktree": [], "seal unchanged": []}

    def once(name: str, number: int) -> None:
        actions: dict[str, Callable[[], object]] = {
            "copy": lambda: work.create(f"exp-{number}"),
            "cp -a": lambda: subprocess.run(  # of the work tree alone: every folder but .git
                ["cp", "-a", "-t", f"{folder}/c{number}", *sorted(root.glob("d*"))], check=True
            ),
            "rsync": lambda: subprocess.run(
                ["rsync", "-a", "--exclude=.git", f"{root}/", f"{folder}/r{number}/"], check=True
            ),
            "worktree": lambda: subprocess.run(
                [*GIT, "worktree", "add", "-q", "--detach", f"{folder}/w{number}"], cwd=root, check=True
            ),
        }
        (folder / f"c{number}").mkdir(exist_ok=True)
        rows[name].append(timed(actions[name]))
        if name == "copy":
            rows["seal unchanged"].append(timed(lambda: work.seal(work.experiment(f"exp-{number}"), "x")))

    kinds = ["copy", "cp -a", "worktree", *(["rsync"] if shutil.which("rsync") else [])]
    for number in range(rounds):  # nothing is removed in between: a disk busy with that would slow whoever comes next
        for name in (*kinds[number % len(kinds) :], *kinds[: number % len(kinds)]):
            once(name, number)
    for name, values in rows.items():
        shown = ", ".join(f"{value:.2f}" for value in values) or "not installed"
        middle = statistics.median(values) if values else float("nan")
        print(f"copy of {files} files: {name:15} {middle:6.2f} s  (median of {shown})")
    before = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = timed(lambda: work.create("last"))
    after = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    own, theirs = (
        [getattr(a, k) - getattr(b, k) for k in ("ru_utime", "ru_stime")] for a, b in zip(after, before, strict=True)
    )
    print(
        f"processor time of one copy ({wall:.2f} s): ours {own[0]:.2f} s and {own[1]:.2f} s in the "
        "kernel; git and the second "
        f"process {theirs[0]:.2f} s and {theirs[1]:.2f} s in the kernel"
    )


def appends(folder: Path, count: int) -> None:
    """Print durable appends a second beside sqlite3 in WAL mode with synchronous=FULL."""
    event = {"type": "note", "text": "x" * 300}
    root = folder / "journal"
    root.mkdir()
    ours = timed(lambda: [journal.append(root, event) for _ in range(count)])
    base = sqlite3.connect(folder / "j.db", isolation_level=None)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("PRAGMA synchronous=FULL")
    base.execute("CREATE TABLE j (line TEXT)")
    line = "x" * 340
    theirs = timed(lambda: [base.execute("INSERT INTO j VALUES (?)", (line,)) for _ in range(count)])

    def opened() -> None:
        one = sqlite3.connect(folder / "j.db", isolation_level=None)
        one.execute("PRAGMA synchronous=FULL")
        one.execute("INSERT INTO j VALUES (?)", (line,))
        one.close()

    opening = timed(lambda: [opened() for _ in range(count // 10)])
    print(
        f"journal: {count / ours:8.0f} durable appends/s, each of which opens it; sqlite3 WAL "
        f"synchronous=FULL {count / theirs:8.0f}/s on one "
        f"connection, {count // 10 / opening:8.0f}/s opened for each while that stands"
    )


def _write(root: Path, who: int, count: int) -> None:
    for number in range(count):
        journal.append(root, {"type": "note", "who": who, "number": number})


def writers(folder: Path, processes: int, count: int) -> None:
    """Print whether anything of many writers' appends is lost or torn, and their rate."""
    import multiprocessing

    root = folder / "writers"
    root.mkdir()
    all_of_them = [multiprocessing.Process(target=_write, args=(root, who, count)) for who in range(processes)]
    began = time.perf_counter()
    for process in all_of_them:
        process.start()
    for process in all_of_them:
        process.join()
    took = time.perf_counter() - began
    seen: dict[int, list[int]] = {who: [] for who in range(processes)}
    for event in journal.read_events(root):
        seen[event["who"]].append(event["number"])
    whole = all(numbers == list(range(count)) for numbers in seen.values())
    print(
        f"journal: {processes} writers x {count} appends: "
        f"{'each there once, in order' if whole else 'SOMETHING IS LOST'}, "
        f"{processes * count / took:.0f}/s"
    )


def journal_of(folder: Path, bundle: Path, lines: int) -> Path:
    """Begin a session in a new repository, give it a journal of this many lines, and return it."""
    root = repository(folder, 3)
    run = [sys.executable, str(bundle / "scripts/start_session.py"), "--goal", "g", "--metric", "t"]
    subprocess.run([*run, "--direction", "lower"], cwd=root, check=True, capture_output=True)
    with (root / paths.JOURNAL).open("a") as out:
        for number in range(lines // 2):
            its = {"experiment_id": f"e{number}", "job": f"e{number}.1"}
            where = {"worker": "local", "executor": "local", "tree": "0" * 40, "role": "experiment", "timestamp": 1}
            came = {"status": "done", "metric": 1.0, "samples": [1.0] * 5, "timestamp": 2}
            out.write(json.dumps({"type": "submitted", **its, **where}) + "\n")
            out.write(json.dumps({"type": "finished", **its, **came}) + "\n")
    return root


def status(folder: Path, lines: int) -> None:
    """Print how long status.py takes on a long journal."""
    root = journal_of(folder / "status", BUNDLE, lines)
    run = [sys.executable, str(BUNDLE / "scripts/status.py")]
    seconds = [timed(lambda: subprocess.run(run, cwd=root, check=True, capture_output=True)) for _ in range(3)]
    print(f"status.py on a journal of {lines} lines: {statistics.median(seconds):.2f} s")


def helps() -> None:
    """Print the processor time of every script's --help."""
    worst = ("", 0.0)
    for script in sorted((BUNDLE / "scripts").glob("*.py")):
        spent = []
        for _ in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-S", str(script), "--help"], check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        worst = max(worst, (script.name, statistics.median(spent)), key=lambda row: row[1])
        print(f"--help of {script.name:24} {statistics.median(spent) * 1000:5.0f} ms CPU")
    print(f"slowest --help: {worst[0]} {worst[1] * 1000:.0f} ms")


def overhead(folder: Path, rounds: int) -> None:
    """Print what a comparison of a benchmark of 1 s takes, beside the same calls of the same script in a plain loop.

    The rest is ours: git, the walls, two copies, the journal, the interpreter. Nothing is built here. One comparison
    differs from the next by some tenths of a per cent, since a machine changes its mood: the median of `rounds` counts.
    """
    root = repository(folder / "overhead", 20)
    (root / "work.sh").write_text("sleep 1.0\n")
    (root / "autoresearch.sh").write_text(
        "a=${EPOCHREALTIME/./}\nbash work.sh\nb=${EPOCHREALTIME/./}\necho METRIC us=$((b - a))\n"
    )
    (root / "autoresearch.checks.sh").write_text("exit 0\n")
    subprocess.run([*GIT, "add", "-A"], cwd=root, check=True)
    subprocess.run([*GIT, "commit", "-qm", "w"], cwd=root, check=True)

    def script(name: str, *args: str) -> str:
        done = subprocess.run(
            [sys.executable, str(BUNDLE / "scripts" / name), *args],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout

    script("start_session.py", "--goal", "g", "--metric", "us", "--direction", "lower")
    script("start_session.py", "--lock")
    copy_folder = Path(script("snapshot_workdir.py", "create", "exp-1").strip())
    (copy_folder / "work.sh").write_text("sleep 1.0 # candidate\n")
    script("snapshot_workdir.py", "seal", "exp-1", "--desc", "x")

    def bare(calls: int) -> float:
        loop = f"for i in $(seq {calls}); do bash autoresearch.sh; done"
        return timed(lambda: subprocess.run(["bash", "-c", loop], cwd=root, stdout=subprocess.DEVNULL, check=True))

    half, shares = 10, []
    alone = bare(half)
    for _ in range(rounds):
        before = alone
        wall = timed(lambda: script("compare.py", "exp-1"))
        alone = bare(half)
        events = [json.loads(line) for line in (root / paths.JOURNAL).read_text().splitlines()]
        event = next(e for e in reversed(events) if e.get("type") == "comparison")
        samples = [*event["baseline_samples"], *event["candidate_samples"]]
        calls = len(samples) + 4  # a side runs twice before the first pair counts
        loop = (before + alone) / (2 * half) * calls
        inside = statistics.median(samples) / 1e6 * calls
        shares.append((wall - loop) / wall)
        print(
            f"comparison of {event['pairs']} pairs of a benchmark of "
            f"{statistics.median(samples) / 1e6:.3f} s: {wall:.2f} s; its {calls} calls in a plain "
            f"loop {loop:.2f} s; overhead {shares[-1]:.1%} ({(wall - inside) / wall:.1%} with the start of bash itself)"
        )
    print(f"overhead of a comparison: {statistics.median(shares):.1%}")


def main() -> None:
    """Run what is asked for."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", nargs="*", help="copy, journal, writers, status, help, overhead, log (default: all)")
    p.add_argument("--files", type=int, default=30_000)
    p.add_argument("--rounds", type=int, default=3, help="of copy and overhead; the median counts")
    p.add_argument("--appends", type=int, default=3000)
    p.add_argument("--lines", type=int, default=100_000)
    p.add_argument("--dir", help="where to work (default: a temporary folder)")
    args = p.parse_args()
    # as after their first use, wherever PYTHONDONTWRITEBYTECODE is set
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(BUNDLE / "helpers")], check=True)
    what = args.what or ["copy", "journal", "writers", "status", "help", "overhead", "log"]
    with tempfile.TemporaryDirectory(dir=args.dir) as temporary:
        folder = Path(temporary)
        os.environ["TMPDIR"] = temporary
        tempfile.tempdir = None
        if "copy" in what:
            copy(folder, args.files, args.rounds)
        if "journal" in what:
            appends(folder, args.appends)
        if "writers" in what:
            writers(folder, 8, 10_000)
        if "status" in what:
            status(folder, args.lines)
        if "help" in what:
            helps()
        if "overhead" in what:
            overhead(folder, args.rounds)
    if "log" in what:
        subprocess.run([sys.executable, str(BUNDLE / "benchmarks" / "parse_log.py")], check=True)


if __name__ == "__main__":
    main()
