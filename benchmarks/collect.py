#!/usr/bin/env python3
"""Collecting many results at once, as the keeper does, against one `sky queue` and one `sky logs` call for each.

Needs SkyPilot and clusters that are up and hold a finished job each (`--make N` launches N and runs one there). With
fewer clusters than `--results`, each is asked several times. Run it with the Python and the environment of SkyPilot:

    . "$AUTORESEARCH_ENGINE_ROOT/env.sh"          # after tests/engine/engine_up.sh
    python benchmarks/collect.py --make 2 --infra slurm
"""

from __future__ import annotations

import argparse
import functools
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BUNDLE))

from helpers.run.fleet import skypilot  # noqa: E402


def machine_cpu() -> float:
    """CPU seconds that this machine has spent on anything, the API server included."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def measured(words: str, *command: str) -> tuple[float, float, float]:
    """Run a command and print and return its wall, its own CPU and the whole machine's CPU seconds."""
    before, began, machine = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), machine_cpu()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    wall, all_of_it = time.monotonic() - began, machine_cpu() - machine
    print(
        f"{words}: {wall:6.1f} s wall, {own:6.1f} s CPU of its own, {all_of_it:6.1f} s CPU on the machine", flush=True
    )
    return wall, own, all_of_it


def at_once(clusters: list[str], results: int) -> None:
    """What the keeper does in a round: every queue, then every log, at the same time, in one process."""
    with tempfile.TemporaryDirectory() as folder, skypilot.quiet(Path(folder)) as api:
        asked = {f"{n}": clusters[n % len(clusters)] for n in range(results)}
        rows = skypilot.gather({n: functools.partial(skypilot.queue, api, c) for n, c in asked.items()})
        last = {n: answer[-1].id for n, answer in rows.items() if not isinstance(answer, Exception)}
        got = skypilot.gather(
            {
                n: functools.partial(skypilot.fetch_log, api, asked[n], i, Path(folder) / n / "log")
                for n, i in last.items()
            }
        )
    if len([answer for answer in got.values() if answer is True]) != results:
        raise SystemExit(
            f"not all results came: {[a for a in (*rows.values(), *got.values()) if isinstance(a, Exception)]}"
        )


def make(count: int, infra: str) -> list[str]:
    """Launch clusters with a finished job each; return their names."""
    names = [f"bench-{number:02d}" for number in range(1, count + 1)]
    for name in names:
        command = ["sky", "launch", "-y", "-c", name, "--infra", infra, "--cpus", "1+", "echo METRIC time_s=1.0"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return names


def main() -> None:
    """Measure both."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("clusters", nargs="*", help="clusters with a finished job each")
    p.add_argument(
        "--make", type=int, default=0, metavar="N", help="launch N clusters first, and take them down afterwards"
    )
    p.add_argument("--infra", default="slurm")
    p.add_argument("--results", type=int, default=16)
    p.add_argument(
        "--pairs", type=int, default=4, help="pairs of CLI calls that are made; their cost is scaled to --results"
    )
    p.add_argument("--at-once", action="store_true", help=argparse.SUPPRESS)
    args = p.parse_args()
    if args.at_once:
        return at_once(args.clusters, args.results)
    clusters = args.clusters or make(args.make, args.infra)
    if not clusters:
        p.error("name clusters, or --make N")
    print(f"{args.results} results of {len(clusters)} clusters")
    one = measured(
        "one process, all at once", sys.executable, __file__, "--at-once", "--results", str(args.results), *clusters
    )
    pairs = "; ".join(
        f"sky queue {c}; sky logs --no-follow {c}" for c in (clusters[n % len(clusters)] for n in range(args.pairs))
    )
    many = measured(f"{args.pairs} pairs of calls in sequence", "bash", "-c", f"{pairs}; true")
    scale = args.results / args.pairs
    words = ("wall", "own CPU", "machine CPU")
    print(
        "scaled to the same results: "
        + ", ".join(f"{w} {b * scale / a:.1f} times less" for w, a, b in zip(words, one, many, strict=True))
    )
    if not args.clusters:
        subprocess.run(
            ["sky", "down", "-y", *clusters], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    return None


if __name__ == "__main__":
    main()
