"""Run lines of the journal: the form that other readers of it share."""

from __future__ import annotations

import statistics
from typing import Any

from helpers.journal import Event
from helpers.run.copies.copies import Experiment
from helpers.state import State


def run_event(now: State, exp: Experiment, status: str, **more: Any) -> Event:  # noqa: ANN401 - JSON values
    """Build the run line of a decision; the metric is 0 for a crash and for what was never measured."""
    done = now.result(exp.name) or {}
    compared = now.comparison(exp.name) or {}
    samples = compared.get("candidate_samples") or done.get("samples") or []
    metric = statistics.median(samples) if samples else done.get("metric") or 0
    metric = 0 if status == "crash" else metric
    event: Event = {
        "run": now.last_run + 1,
        "commit": str(now.baseline["commit_full"])[:7],
        "metric": metric,
        "metrics": done.get("metrics") or {},
        "status": status,
        "description": exp.description,
        "segment": now.segment,
        "confidence": confidence(now, status, metric),
        "experiment_id": exp.name,
        "tree": compared.get("candidate_tree") or done.get("tree"),
        "worker": compared.get("worker") or done.get("worker"),
        "host": done.get("host"),
        "samples": samples,
        "verdict": summary(compared) if compared else None,
        "cost_usd": done.get("cost_usd", 0),
    }
    return {**event, **more}


def summary(compared: Event) -> dict[str, Any]:
    """Return the part of a comparison that a run line carries."""
    keys = ("verdict", "gain", "interval", "pairs", "wins", "margin", "mode", "seed")
    return {key: compared.get(key) for key in keys}


def confidence(now: State, status: str, metric: float) -> float | None:
    """Return |best kept - baseline| / MAD of all metrics, as pi-autoresearch computes it. It decides nothing."""
    rows = [(r["status"], float(r["metric"])) for r in now.runs if isinstance(r.get("metric"), (int, float))]
    rows.append((status, float(metric)))
    values = [value for _, value in rows if value > 0]
    if len(values) < 3:
        return None
    middle = statistics.median(values)
    mad = statistics.median(abs(value - middle) for value in values)
    kept = [value for state, value in rows if state == "keep" and value > 0]
    if mad == 0 or not kept:
        return None
    best = min(kept) if now.direction == "lower" else max(kept)
    return round(abs(best - values[0]) / mad, 3)
