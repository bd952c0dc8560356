#!/usr/bin/env python3
"""parse_log on a large log beside `grep -cE '^METRIC'` on the same file: seconds and peak memory.

python3 benchmarks/parse_log.py --megabytes 1000
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent.parent


def make(file: Path, megabytes: int) -> None:
    """Write a log of ordinary output lines with a METRIC line now and then and a proper end."""
    lines = [f"bench| step {n} loss {n * 0.37:.4f} some ordinary output of a program that talks\n" for n in range(2000)]
    block = "".join(lines).encode() + b"METRIC time_s=1.5\n"
    with file.open("wb") as out:
        for _ in range(megabytes * 1_000_000 // len(block)):
            out.write(block)
        out.write(b"CHECKS_STATUS: passed\nEXPERIMENT_STATUS: done\n")


def run(command: list[str]) -> tuple[float, float]:
    """Return wall seconds and peak memory in MB of a command."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out:  # into /dev/null grep would stop at the first match
        process = subprocess.Popen(command, stdout=out)
    _, _, usage = os.wait4(process.pid, 0)
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def main() -> None:
    """Measure both, the file in the page cache for both."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--megabytes", type=int, default=1000)
    p.add_argument("--rounds", type=int, default=3)
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.log"
        make(file, args.megabytes)
        run(["cat", str(file)])
        ours, greps = [], []
        for _ in range(args.rounds):
            greps.append(run(["grep", "-cE", "^METRIC", str(file)]))
            ours.append(run([sys.executable, str(BUNDLE / "scripts/parse_log.py"), str(file), "--json"]))
        best, grep = min(ours), min(greps)
        print(
            f"{args.megabytes} MB log: parse_log {best[0]:.2f} s, {max(m for _, m in ours):.0f} MB; "
            f"grep -cE '^METRIC' {grep[0]:.2f} s, {grep[1]:.0f} MB; ratio {best[0] / grep[0]:.1f}"
        )


if __name__ == "__main__":
    main()
