"""Time a search whose answer is remembered beside the same search that asks (a server on loopback).

Prints wall milliseconds of the whole process, median and worst, in the same run:

    python benchmarks/search_cache.py [--runs 20]
"""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "read")]

import paper_services as services  # noqa: E402
from pytest_httpserver import HTTPServer  # noqa: E402


def timed(runs: int, *args: str, env: dict[str, str], cwd: str) -> list[float]:
    """Run the script `runs` times and return the wall milliseconds of each."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        done = services.script("search_papers.py", *args, env=env, cwd=cwd)
        times.append((time.perf_counter() - start) * 1_000)
        if done.returncode != 0:
            sys.exit(f"the search failed: {done.stderr}")
    return times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    many = [services.entry(f"2205.{10000 + i}v1", f"Paper number {i} on attention") for i in range(10)]
    with HTTPServer() as server, tempfile.TemporaryDirectory() as folder:
        server.expect_request("/api/query").respond_with_data(services.feed(*many))
        server.expect_request("/graph/v1/paper/search").respond_with_json(services.s2_search(services.s2_paper()))
        server.expect_request("/works").respond_with_json(services.works(services.work()))
        env = services.addresses(server, Path(folder))
        question = ["attention", "--limit", "10"]
        asked = timed(max(3, runs // 4), *question, "--no-cache", env=env, cwd=folder)
        before = len(server.log)
        cached = timed(runs, *question, env=env, cwd=folder)
        helped = timed(runs, "--help", env=env, cwd=folder)
        print(f"requests made by the {runs} remembered searches: {len(server.log) - before}")
        for name, times in (("asked (loopback)", asked), ("remembered", cached), ("--help", helped)):
            print(f"{name:18} median {statistics.median(times):6.0f} ms   worst {max(times):6.0f} ms   n {len(times)}")


if __name__ == "__main__":
    main()
