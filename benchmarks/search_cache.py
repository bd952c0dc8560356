"""Time a search whose answer is remembered beside the same search that asks (a server on loopback).

Prints milliseconds of the whole process, by the wall clock and of the processor, median and worst, in the same run.
The processor's tell what the search itself costs on a loaded machine:

    python benchmarks/search_cache.py [--runs 20]
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), *(str(ROOT / "tests" / kind) for kind in (".", "read/papers", "read/forge"))]
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a person has the byte code of the run before
os.environ["AUTORESEARCH_COLD"] = "1"  # the tests fork a warm interpreter; what a person starts is timed here

import github_service as github  # noqa: E402
import paper_services as services  # noqa: E402
from pytest_httpserver import HTTPServer  # noqa: E402

Times = list[tuple[float, float]]
"""Of each run the milliseconds of the wall clock and of the processor."""


def timed(runs: int, *args: str, env: dict[str, str], cwd: str, script: str = "search_papers.py") -> Times:
    """Run the script `runs` times."""
    times = []
    for _ in range(runs):
        start, before = time.perf_counter(), os.times()
        done = services.script(script, *args, env=env, cwd=cwd)
        after = os.times()
        spent = after.children_user + after.children_system - before.children_user - before.children_system
        times.append(((time.perf_counter() - start) * 1_000, spent * 1_000))
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
        report(
            "search_papers.py",
            runs,
            len(server.log) - before,
            {"asked (loopback)": asked, "remembered": cached, "--help": helped},
        )
        server.expect_request("/search/issues").respond_with_json(
            github.search(*[github.issue(n) for n in range(1, 16)])
        )
        hub = {
            "env": {**env, "GITHUB_API_URL": server.url_for("").rstrip("/")},
            "cwd": folder,
            "script": "search_github.py",
        }
        question = ["prs", github.REPO, "lookups"]
        asked = timed(max(3, runs // 4), *question, "--no-cache", **hub)
        before = len(server.log)
        cached = timed(runs, *question, **hub)
        helped = timed(runs, "--help", **hub)
        report(
            "search_github.py",
            runs,
            len(server.log) - before,
            {"asked (loopback)": asked, "remembered": cached, "--help": helped},
        )


def report(script: str, runs: int, requests: int, times: dict[str, Times]) -> None:
    """Print medians and the worst."""
    print(f"{script}: requests made by the {runs} remembered searches: {requests}")
    for name, values in times.items():
        told = [f"median {statistics.median(one):5.0f} ms, worst {max(one):5.0f}" for one in zip(*values, strict=True)]
        print(f"  {name:18} wall {told[0]}   processor {told[1]}   n {len(values)}")


if __name__ == "__main__":
    main()
