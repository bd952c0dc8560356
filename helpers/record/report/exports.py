"""The session as other tools read it: results.tsv in three shapes, CSV and JSON."""

import csv
import io
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime, timezone
from functools import partial
from typing import Any

from helpers import console
from helpers.comparison import Comparison
from helpers.events import Finished
from helpers.record.report.experiments import Experiment
from helpers.record.report.projection import Session

SHAPES = {
    "karpathy": ("commit", "val_bpb", "memory_gb", "status", "description"),
    "skypilot": ("experiment_id", "status", "val_bpb", "memory_gb", "description"),
    "worktree": ("experiment", "commit", "metric", "status", "description"),
}
"""Columns of results.tsv as three families of tools read it; val_bpb is their name for whatever the metric is."""
_MEMORY = {"memory_gb": 1.0, "peak_vram_mb": 1 / 1024, "rss_mb": 1 / 1024, "memory_mb": 1 / 1024, "rss_kb": 1 / 1024**2}


def tsv(session: Session, shape: str) -> str:
    """Return the baseline and the decided experiments; what is unknown is an empty cell, and a crash has no metric."""
    rows = ["\t".join(SHAPES[shape])]
    rows += ["\t".join(" ".join(row[column].split()) for column in SHAPES[shape]) for row in _rows(session, shape)]
    return "\n".join(rows) + "\n"


def _rows(session: Session, shape: str) -> Iterator[dict[str, str]]:
    if session.first is not None:
        status = "baseline" if shape == "worktree" else "keep"
        yield _row("baseline", session.first_commit, session.first, _memory(session.first_metrics), status, "baseline")
    for exp in sorted(session.experiments, key=lambda exp: (exp.run or sys.maxsize, exp.number)):
        if not exp.status and exp.outcome != "refused":
            continue
        status = {"keep": "keep", "crash": "crash"}.get(exp.status, "discard")
        status = "inspector-reject" if shape == "worktree" and exp.outcome == "refused" else status
        value = None if exp.status == "crash" else exp.metric
        yield _row(exp.name, exp.commit[:7], value, _memory(exp.metrics), status, exp.description)


def _memory(metrics: Mapping[str, float]) -> str:
    return next((f"{metrics[name] * by:.1f}" for name, by in _MEMORY.items() if name in metrics), "")


def _row(name: str, commit: str, value: float | None, memory: str, status: str, description: str) -> dict[str, str]:
    metric = "" if value is None else f"{value:.6f}" if 0.001 <= abs(value) < 1e6 else f"{value:.6g}"
    return {
        "experiment_id": name,
        "experiment": name,
        "commit": commit,
        "val_bpb": metric,
        "metric": metric,
        "memory_gb": memory,
        "status": status,
        "description": description,
    }


def table(session: Session) -> str:
    """Return every experiment as CSV, one row each; times in UTC, fractions as numbers, unknown as an empty cell."""
    out = io.StringIO()
    rows = [_flat(session, exp) for exp in session.experiments]
    columns = list(rows[0]) if rows else list(_flat(session, Experiment("", "", "refused")))
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _safe(value) for key, value in row.items()} for row in rows)
    return out.getvalue()


def _flat(session: Session, exp: Experiment) -> dict[str, Any]:
    said = exp.decisive
    own, again, held = exp.estimate, said.confirmed if said else None, said.held if said else None
    screen = exp.screens[-1] if exp.screens else None
    return {
        "number": exp.number,
        "run": exp.run or None,
        "experiment_id": exp.name,
        "outcome": exp.outcome,
        "status": exp.status,
        "verdict": said.verdict or "unknown" if said else None,
        "gain": exp.gain,
        "scale": said.judged_by if said else None,
        **{key: getattr(own, key, None) for key in ("low", "high", "pairs", "wins")},
        **{f"confirmed_{key}": getattr(again, key, None) for key in ("gain", "low", "high")},
        "holdout": held.verdict if held else None,
        "holdout_gain": held.gain if held else None,
        "limits_hold": all(limit.holds for limit in said.limit_results) if said and said.limit_results else None,
        "checks": said.checks or "" if said else None,
        "comparisons": len(exp.comparisons),
        "screen_gain": screen.gain if screen else None,
        "metric": None if exp.status == "crash" else exp.metric,
        "worker": said.worker if said else screen.worker if screen else None,
        "host": session.hosts.get(said.worker, "") if said else None,
        "seconds": round(exp.seconds, 3),
        "cost_usd": exp.cost_usd,
        "commit": exp.commit,
        "tree": exp.tree,
        "began": _utc(exp.began_ms),
        "ended": _utc(exp.at_ms),
        "sources": " ".join(exp.sources),
        "description": exp.description,
        "why": exp.why,
    }


def _utc(ms: int) -> str | None:
    """Return a time of the journal; None for one that no calendar has."""
    try:
        return datetime.fromtimestamp(ms / 1000, timezone.utc).isoformat(timespec="seconds") if ms else None
    except (OverflowError, ValueError, OSError):
        return None


def _safe(value: Any) -> Any:  # noqa: ANN401 - a cell
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value


def document(session: Session, value: Any) -> dict[str, Any]:  # noqa: ANN401 - any part of the projection
    """Return what stands for a part of the projection, or the whole, in JSON: asked for each as it is written.

    Raises TypeError for what is no part of it.
    """
    if isinstance(value, Comparison):
        return _comparison(session, value)
    if isinstance(value, Finished):
        own = ("job", "worker", "status", "metric", "gain", "checks", "error", "log", "durations")
        return {**{name: getattr(value, name) for name in own}, "at_ms": value.timestamp}
    return {each.name: getattr(value, each.name) for each in fields(value) if each.repr}


def _comparison(session: Session, said: Comparison) -> dict[str, Any]:
    own = ("mode", "worker", "seed", "seconds", "metric", "baseline_tree", "candidate_tree", "estimate", "scale")
    return {
        **{name: getattr(said, name) for name in own},
        "job": said.id,
        "experiment": said.experiment_id,
        "verdict": said.verdict or "unknown",
        "margin": said.agreed_margin,
        "at_ms": said.timestamp,
        "checks": said.checks or "",
        "reason": said.reason or "",
        "against": said.baseline_commit,
        "direction": said.direction or "lower",
        "max_pairs": said.max_pairs or 48,
        "confirmation": said.confirmed,
        "holdout": said.held,
        "together": session.together.get(said.content),
        "limits": [
            {"text": row.limit, "holds": row.holds, "change": row.change, "reason": row.reason}
            for row in said.limit_results
        ],
        "outputs": said.outputs.words() if said.outputs else "",
        "host": session.hosts.get(said.worker, ""),
        "baseline": said.baseline_samples,
        "candidate": said.candidate_samples,
    }


def as_json(session: Session) -> str:
    """Return the same as one JSON text."""
    part = partial(document, session)
    return console.as_rows(part(session), part) + "\n"
