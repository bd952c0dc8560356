#!/usr/bin/env python3
"""What the report costs on a long session: seconds and memory of each face, and how fast the page is in Chromium.

    python benchmarks/report.py                       # 10,000 experiments
    python benchmarks/report.py --journal-mb 100      # on a journal so large

Exits 1 when a report takes 5 s of CPU or 300 MB, the first paint 1 s, or a key in the filter 50 ms, or more.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(BUNDLE), str(BUNDLE / "tests"), str(BUNDLE / "tests/record/report")]

from browser import CHROMIUM, Browser  # noqa: E402
from written_journal import events, write  # noqa: E402

FACES = (["render_report.py"], ["render_report.py", "--as", "improvements"], ["render_report.py", "--as", "csv"],
         ["render_report.py", "--json"], ["render_report.py", "--html", "page.html"],
         ["render_report.py", "--picture", "progress.png"])  # fmt: skip
OTHERS = (["status.py"], ["collect_results.py"])
SECONDS, MEGABYTES, PAINT_MS, KEY_MS = 5.0, 300.0, 1000.0, 50.0


def cost(root: Path, command: list[str]) -> tuple[float, float, float]:
    """Run a script in `root`; return its wall seconds, its CPU seconds and its peak memory in MB."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, str(BUNDLE / "scripts" / command[0]), *command[1:]],
        cwd=root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, _, used = os.wait4(process.pid, 0)
    return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


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
    args = p.parse_args()
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
            wall, cpu, memory = cost(root, command)
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
