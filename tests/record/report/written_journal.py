"""A session's journal written by hand, without a repository: each kind of end once, and more that are asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

BASE, HOUR = 1_795_000_000_000, 3_600_000


def pairs(name: str, at: int, verdict: str, gain: float, **more: Any) -> dict[str, Any]:
    """A comparison of eight pairs."""
    base = [1.0, 1.01, 0.99, 1.0, 1.02, 0.98, 1.0, 1.0]
    return {
        "type": "comparison",
        "experiment_id": name,
        "worker": "local",
        "job": f"{name}.0.1",
        "verdict": verdict,
        "mode": "improved",
        "margin": 0.01,
        "max_pairs": 8,
        "metric": "time_s",
        "direction": "lower",
        "seed": f"s-{name}-{at}",
        "gain": gain,
        "interval": [gain - 0.01, gain + 0.01],
        "pairs": 8,
        "wins": 8 if gain > 0 else 3,
        "checks": "passed",
        "baseline_commit": "b" * 40,
        "baseline_tree": "t0",
        "candidate_tree": f"t-{name}",
        "sealed_tree": f"t-{name}",
        "baseline_samples": base,
        "candidate_samples": [value / (1 + gain) for value in base],
        "seconds": 30.0,
        "timestamp": BASE + at,
        **more,
    }


def run(
    number: int, name: str, status: str, at: int, compared: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A run line."""
    verdict = {k: compared[k] for k in ("verdict", "gain", "interval", "pairs", "wins", "seed")} if compared else None
    return {
        "run": number,
        "commit": "abcdef0",
        "metric": 0.9,
        "metrics": {"rss_mb": 2048},
        "status": status,
        "segment": 0,
        "description": f"what {name} does",
        "experiment_id": name,
        "tree": f"t-{name}",
        "verdict": verdict,
        "timestamp": BASE + at,
        **more,
    }


def events(extra: int = 0) -> list[dict[str, Any]]:
    """A session with a kept change and one of each other end; `extra` more that showed no gain."""
    kept = pairs(
        "exp-01",
        HOUR,
        "improved",
        0.1,
        confirmation={"verdict": "improved", "gain": 0.11, "interval": [0.09, 0.12], "pairs": 8, "wins": 8},
        holdout={"verdict": "passed", "gain": 0.02, "interval": [0.0, 0.03], "pairs": 8, "wins": 7},
        guards_result=[{"guard": "rss_mb=+2%", "holds": True, "change": 0.001, "reason": None}],
    )
    first, close = pairs("exp-01", HOUR // 2, "undecided", 0.008), pairs("exp-04", 2 * HOUR, "undecided", 0.009)
    found: list[dict[str, Any]] = [
        {
            "type": "config",
            "name": "quick",
            "metricName": "time_s",
            "metricUnit": "s",
            "bestDirection": "lower",
            "branch": "autoresearch/quick",
            "base": "a" * 40,
            "from": "main",
            "timestamp": BASE,
        },
        {"type": "lock", "commit_full": "b" * 40, "tree": "t0", "protected": {}, "task": {}, "timestamp": BASE},
        {
            "run": 1,
            "commit": "bbbbbbb",
            "metric": 1.0,
            "metrics": {},
            "status": "keep",
            "description": "baseline",
            "segment": 0,
            "worker": "local",
            "host": {"cpu": "Some CPU", "cores": 2},
            "timestamp": BASE + 1,
        },
        {
            "type": "submitted",
            "experiment_id": "exp-01",
            "job": "exp-01.0.1",
            "worker": "local",
            "executor": "local",
            "tree": "t-exp-01",
            "role": "experiment",
            "source": ["own"],
            "description": "what exp-01 does",
            "timestamp": BASE + 2,
        },
        {
            "type": "finished",
            "experiment_id": "exp-01",
            "job": "exp-01.0.1",
            "worker": "local",
            "role": "experiment",
            "status": "done",
            "metric": 0.8,
            "gain": 0.25,
            "checks": "passed",
            "durations": {"bench": 60.0},
            "timestamp": BASE + 3,
        },
        first,
        kept,
        run(
            2,
            "exp-01",
            "keep",
            HOUR,
            kept,
            problem="it slept",
            solution="it sleeps less",
            commit_full="c" * 40,
            places=["src/a.c:3 (hidden-code)"],
            reviewed="never reached",
            literature_source="arXiv:2205.14135",
        ),
        (lost := pairs("exp-02", HOUR, "not_improved", -0.02)),
        run(3, "exp-02", "discard", HOUR, lost, asi={"why": "the row fits the cache"}),
        run(4, "exp-03", "crash", HOUR, metric=0, asi={"why": "3 GB"}),
        close,
        run(5, "exp-04", "discard", 2 * HOUR, close, asi={"why": "too close"}),
        {
            "type": "note",
            "refused": "exp-05",
            "title": "edit the benchmark",
            "places": ["autoresearch.sh: protected"],
            "timestamp": BASE + 2 * HOUR,
        },
    ]
    for number in range(extra):
        name = f"more-{number:05d}"
        compared = pairs(name, 2 * HOUR + number, "not_improved", -0.001)
        found += [compared, run(6 + number, name, "discard", 2 * HOUR + number, compared, asi={"why": "no gain"})]
    return found


def write(root: Path, lines: list[dict[str, Any]]) -> Path:
    """Write a journal into `root` and return that."""
    (root / "autoresearch.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return root


def steadily(repo: Any, above: str) -> Any:
    """Lock a session whose benchmark prints a file's number; gains `above` so many times ask for a reader's words."""
    repo.write("src/v", "5.123\n")
    repo.write("autoresearch.sh", "#!/usr/bin/env bash\necho METRIC time_s=$(cat src/v)\n", 0o755)
    repo.write("autoresearch.checks.sh", "#!/usr/bin/env bash\ngrep -qx '[0-9.]*' src/v\n", 0o755)
    repo.commit()
    begin = ("--goal", "quick", "--metric", "time_s", "--direction", "lower", "--margin", "5")
    repo.script("start_session", *begin, "--review-above", above)
    repo.script("start_session", "--lock")
    return repo
