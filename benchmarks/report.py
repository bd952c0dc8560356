#!/usr/bin/env python3
"""What the report costs on a long session: seconds and memory of each face, and how fast the page is in Chromium.

    python benchmarks/report.py                       # 10,000 experiments
    python benchmarks/report.py --journal-mb 100      # on a journal so large
    python benchmarks/report.py --state               # status and collect on 31,000 experiments in 100 MB

Exits 1 when a report takes 5 s of CPU or 300 MB, the first paint 1 s, or a key in the filter 50 ms, or more; with
--state when one of the two takes 2 s of CPU or 150 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(BUNDLE), str(BUNDLE / "tests"), str(BUNDLE / "tests/record/report")]

from browser import CHROMIUM, Browser  # noqa: E402
from written_journal import BASE, HOUR, events, pairs, run, write  # noqa: E402

FACES = (
    ["render_report.py"],
    ["render_report.py", "--as", "improvements"],
    ["render_report.py", "--as", "csv"],
    ["render_report.py", "--json"],
    ["render_report.py", "--html", "page.html"],
    ["render_report.py", "--picture", "progress.png"],
)
OTHERS = (["status.py"], ["collect_results.py"])
SECONDS, MEGABYTES, PAINT_MS, KEY_MS = 5.0, 300.0, 1000.0, 50.0
STATE_SECONDS, STATE_MEGABYTES = 2.0, 150.0
WHOLE = "import sys, pathlib; from helpers import events, replay\n"
WHOLE += "replay.fold(events.read_events(pathlib.Path(sys.argv[1])))"
DECODED = "import json, sys; [json.loads(line) and None for line in open(sys.argv[1] + '/autoresearch.jsonl', 'rb')]"


def cost(root: Path, command: list[str]) -> tuple[float, float, float]:
    """Run a script in `root`; return its wall seconds, its CPU seconds and its peak memory in MB."""
    began = time.monotonic()
    script = [] if command[0] == "-c" else [str(BUNDLE / "scripts" / command.pop(0))]
    process = subprocess.Popen(
        [sys.executable, *script, *command],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(BUNDLE)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, _, used = os.wait4(process.pid, 0)
    return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def experiment(number: int, rng: random.Random) -> list[dict[str, object]]:
    """Return the lines of one experiment: submitted, screened, compared in 24 pairs, discarded."""
    name, at = f"more-{number:05d}", 2 * HOUR + number * 60_000
    base, cand = ([1 + rng.random() / 50 for _ in range(24)] for _ in range(2))
    job = {
        "experiment_id": name,
        "job": f"{name}.0.1",
        "worker": "local",
        "tree": f"{number:040x}",
        "role": "experiment",
    }
    words = {"executor": "local", "description": f"what {name} does to the inner loop", "source": ["own"], "env": {}}
    host = {"cpu": "AMD EPYC 7763 64-Core Processor", "cores": 8, "kernel": "Linux 6.1.0-18-cloud-amd64", "load": 0.12}
    gave = {
        "status": "done",
        "metric": cand[0],
        "metrics": {"rss_mb": 20.5, "startup_s": 0.01, "cpu_s": cand[1]},
        "samples": cand[:5],
        "baseline_samples": base[:5],
        "checks": "passed",
        "error": None,
        "host": host,
        "log": f"/home/person/project/.autoresearch/jobs/{name}.0.1/log.txt",
        "screen": "unclear",
        "durations": {"build": 3.2, "bench": 10.1, "checks": 2.0},
    }
    compared = pairs(name, at + 40_000, "not_improved", -0.001, baseline_samples=base, candidate_samples=cand)
    return [
        {"type": "submitted", **job, **words, "timestamp": BASE + at},
        {"type": "finished", **job, **gave, "timestamp": BASE + at + 20_000},
        compared,
        run(6 + number, name, "discard", at + 50_000, compared, asi={"why": "no gain"}),
    ]


def state() -> int:
    """Print what status and collect cost on 100 MB, beside reading every event whole, and beside decoding alone.

    The first command that reads such a journal at once, a copy from elsewhere, remembers it for those that follow.
    """
    failed, rng = False, random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        subprocess.run(["git", "init", "-q", root], check=True)
        with (write(root, events()) / "autoresearch.jsonl").open("a") as out:  # not held: a child's memory counts ours
            for number in range(31_000):
                out.writelines(json.dumps(line) + "\n" for line in experiment(number, rng))
        print(f"31,000 experiments, {(root / 'autoresearch.jsonl').stat().st_size / 1e6:.1f} MB of journal")
        before = {"json.loads alone": ["-c", DECODED, folder], "every event whole, once": ["-c", WHOLE, folder]}
        before["status.py, the first command at all"] = ["status.py"]
        for name, command in (*before.items(), *((c[0], c) for c in OTHERS)):
            _, cpu, memory = cost(root, [*command])
            over = name not in before and (cpu >= STATE_SECONDS or memory >= STATE_MEGABYTES)
            failed |= over
            print(f"{name:40} CPU {cpu:6.2f} s, {memory:5.0f} MB{'  over' if over else ''}", flush=True)
    return int(failed)


def page(file: Path, keys: str = "more-00123") -> tuple[float, float]:
    """Return the ms to the first contentful paint, and the ms of its thread that a key in the filter takes."""
    with tempfile.TemporaryDirectory() as home:
        browser = Browser(Path(home))
        browser.call("Performance.enable", timeDomain="threadTicks")
        browser.open(file.as_uri())
        browser.run("new Promise(r => setTimeout(r, 1500))")
        paint = float(browser.run("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        before = busy(browser)
        for key in keys:
            typed = "const f = document.getElementById('filter'); f.value += KEY; f.dispatchEvent(new Event('input'));"
            frame = "new Promise(r => requestAnimationFrame(() => setTimeout(r)))"
            browser.run("{ " + typed.replace("KEY", json.dumps(key)) + " } " + frame)
        took = busy(browser) - before
        browser.close()
    return paint, took / len(keys)


def busy(browser: Browser) -> float:
    """Return the ms that the page's thread has worked: what other programs take of the machine is not in it."""
    metrics = {each["name"]: each["value"] for each in browser.call("Performance.getMetrics")["metrics"]}
    return 1000 * float(metrics["TaskDuration"])


def main() -> int:
    """Print each figure; exit 1 where one is over its limit."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--experiments", type=int, default=10_000)
    p.add_argument("--journal-mb", type=int, default=0)
    p.add_argument("--state", action="store_true")
    args = p.parse_args()
    if args.state:
        return state()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        subprocess.run(["git", "init", "-q", root], check=True)
        lines = events(extra=args.experiments)
        write(root, lines)
        if args.journal_mb:
            size = (root / "autoresearch.jsonl").stat().st_size
            write(root, [*lines, *({"type": "note", "text": "x" * 10_000} for _ in range(args.journal_mb * 100))])
            print(f"padded with notes from {size / 1e6:.0f} MB", end=" ")
        print(
            f"{args.experiments:,} experiments, {(root / 'autoresearch.jsonl').stat().st_size / 1e6:.1f} MB of journal"
        )
        for command in (*FACES, *OTHERS):
            wall, cpu, memory = cost(root, [*command])
            over = cpu >= SECONDS or memory >= MEGABYTES
            failed |= over and command in FACES
            print(
                f"{' '.join(command):40} {wall:6.2f} s, CPU {cpu:6.2f} s, {memory:5.0f} MB{'  over' if over else ''}",
                flush=True,
            )
        if CHROMIUM is None:
            print("the page was not measured: chromium is not installed")
        else:
            paint, key = page(root / "page.html")
            failed |= paint >= PAINT_MS or key >= KEY_MS
            print(f"first paint {paint:.0f} ms, a key in the filter {key:.0f} ms, page {page_size(root)}")
    return int(failed)


def page_size(root: Path) -> str:
    """Return how large the page is."""
    return f"{(root / 'page.html').stat().st_size / 1e6:.1f} MB"


if __name__ == "__main__":
    sys.exit(main())
