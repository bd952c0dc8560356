#!/usr/bin/env python3
"""Hosts made of recorded measurements: successive runs of real programs, drawn by block bootstrap.

traces.jsonl holds a series a line: a program, what was taken (seconds by the clock, or of the processor) and the values
in the order in which they were measured on a shared machine. A host of judge_error_rates.py or sessions.py is made of
blocks of them: neighbours stay neighbours, so that bursts, drift and tails are those of the machine.

    python3 benchmarks/traces.py --record FILE    # four programs, 300 runs each; about two minutes
    python3 benchmarks/traces.py                  # what the rule makes of the recorded ones, seconds
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

BUNDLE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BUNDLE))

from helpers.judge.rule import noise, sign_test  # noqa: E402

FILE = Path(__file__).with_name("traces.jsonl")
MARGIN, RUNS, BLOCK = 0.01, 300, 30
"""The margin of the comparisons, runs of each program, and a block in measurements: longer than most bursts."""
Host = Callable[[bool], float]
JSON = "import json, random; r = random.Random(1); rows = [[r.random() for _ in range(9)] for _ in range(4000)]\n"
JSON += "text = json.dumps(rows)\nfor _ in range(3): json.loads(text)"
PROGRAMS = {
    "wordstat (C)": "./wordstat <text >out",
    "json (Python)": f"{sys.executable} -S -c '{JSON}'",
    "sort (coreutils)": "LC_ALL=C sort text >out",
    "awk": "LC_ALL=C awk '{ n[$1]++ } END { for (w in n) print n[w], w }' text >out",
}


def record(file: Path) -> None:
    """Measure each program again and again and write both series of it."""
    with tempfile.TemporaryDirectory() as temporary, file.open("w", encoding="utf-8") as out:
        folder, draw = Path(temporary), Random(1)
        words = ["".join(draw.choices("abcdefghij", k=draw.randint(2, 9))) for _ in range(20_000)]
        (folder / "text").write_text("\n".join(draw.choices(words, k=120_000)) + "\n")
        target = BUNDLE / "examples/target/src"
        build = ["cc", "-O2", "-o", "wordstat", str(target / "wordstat.c"), str(target / "table.c")]
        subprocess.run(build, cwd=folder, check=True)
        for program, command in PROGRAMS.items():
            clock, cpu = list[float](), list[float]()
            for _ in range(RUNS + 2):
                before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
                subprocess.run(["bash", "-c", command], cwd=folder, check=True)
                clock.append(time.perf_counter() - began)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                cpu.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
            for kind, values in (("clock", clock), ("processor", cpu)):
                row = {"program": program, "kind": kind, "values": [round(value, 5) for value in values[2:]]}
                out.write(json.dumps(row) + "\n")
            print(f"{program}: sigma_pair {noise.sigma_pair(clock[2:]):.1%} by the clock", flush=True)


def series(file: Path = FILE) -> dict[str, list[float]]:
    """Return the logarithms of each recorded series around their median, by program and kind."""
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        logs = [math.log(value) for value in row["values"]]
        middle = statistics.median(logs)
        found[f"{row['program']}, {row['kind']}"] = [value - middle for value in logs]
    return found


def host(values: list[float], draw: Random) -> Host:
    """Return a host that measures what was recorded, in blocks from places of chance."""
    at, left = 0, 0

    def measure(_: bool) -> float:
        nonlocal at, left
        if not left:
            at, left = draw.randrange(len(values)), BLOCK
        at, left = at + 1, left - 1
        return values[at % len(values)]

    return measure


def hosts(file: Path = FILE) -> dict[str, Callable[[Random], Host]]:
    """Return makers of hosts, one for each series."""
    return {name: functools.partial(host, values) for name, values in series(file).items()}


def main() -> None:
    """Record, or print what the rule makes of each series."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", type=Path, metavar="FILE")
    parser.add_argument("--trials", type=int, default=1000, metavar="N")
    args = parser.parse_args()
    if args.record:
        record(args.record)
        return
    from judge_error_rates import trials, twice

    print(f"{'':28}{'sigma_pair':>11}{'kept of no effect':>19}{'finds 5%':>10}{'finds 20%':>11}{'measured':>10}")
    for name, values in series().items():
        sigma = noise.sigma_pair([math.exp(value) for value in values]) or 0.0
        most = sign_test.MOST_PAIRS if noise.PER_48 * sigma > MARGIN else sign_test.USUAL_PAIRS
        rule, made = functools.partial(twice, max_pairs=most), functools.partial(host, values)
        rows = [list(trials(rule, made, gain, args.trials, f"{name}/{gain}")) for gain in (0.0, 0.05, 0.2)]
        kept = [100 * sum(good for good, _, _ in row) / len(row) for row in rows]
        spent = statistics.fmean(one[2] for row in rows for one in row)
        print(f"{name:28}{sigma:11.1%}{kept[0]:18.1f}%{kept[1]:9.1f}%{kept[2]:10.1f}%{spent:10.0f}", flush=True)


if __name__ == "__main__":
    main()
