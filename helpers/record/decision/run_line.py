"""Run lines of the journal: the form that other readers of it share."""

import statistics
from typing import Any

from helpers.events import NO_RESULT, Comparison, Run
from helpers.judge.compare import figures
from helpers.state import State


def run_event(now: State, name: str, description: str, status: str, **more: Any) -> Run:  # noqa: ANN401 - JSON values
    """Build the run line of a decision; the metric is 0 for a crash and for what was never measured."""
    done, compared = now.result(name) or NO_RESULT, now.comparison(name)
    samples = (compared.candidate_samples if compared else []) or done.samples
    metric = statistics.median(samples) if samples else done.metric or 0
    metric = 0 if status == "crash" else metric
    event = {
        "run": now.last_run + 1,
        "commit": now.baseline.commit_full[:7],
        "metric": metric,
        "metrics": done.metrics,
        "status": status,
        "description": description,
        "segment": now.segment,
        "confidence": confidence(now, status, metric),
        "experiment_id": name,
        "tree": (compared.candidate_tree if compared else done.tree) or None,
        "worker": (compared.worker if compared else done.worker) or None,
        "host": done.host or None,
        "samples": samples,
        "verdict": summary(now, compared) if compared else None,
        "cost_usd": done.cost_usd if (done.worker or "local") != "local" else 0,  # unknown is not 0
    }
    return Run.of({**event, **more})


def summary(now: State, compared: Comparison) -> dict[str, Any]:
    """Return the part of a comparison that a run line carries; of several of one content the figures of all."""
    keys = ("verdict", "gain", "interval", "pairs", "wins", "margin", "mode", "seed")
    found = {key: getattr(compared, key) for key in keys}
    found["interval"], alike = compared.interval and list(compared.interval), now.alike(compared)
    found |= {} if compared.scale.by_ratio else {"scale": compared.judged_by}
    if several := figures.together(alike):
        found |= {"gain": several.gain, "interval": [several.low, several.high]}
        found |= {"pairs": several.pairs, "wins": several.wins, "comparisons": len(alike)}
    return found


def confidence(now: State, status: str, metric: float) -> float | None:
    """Return |best kept - baseline| / MAD of all metrics, as pi-autoresearch computes it. It decides nothing."""
    rows = [(run.status, run.metric) for run in now.runs if run.metric is not None]
    rows.append((status, metric))
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
