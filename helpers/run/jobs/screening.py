"""Screening: a candidate's single run against its worker's own baseline control. It ranks and decides nothing."""

from __future__ import annotations

import math

from helpers.journal import Event, now_ms
from helpers.run.jobs import blame
from helpers.state import Job, State

CONTROL_RUNS = 5
"""A control is renewed after so many experiments on its worker ..."""
CONTROL_AGE_MS = 30 * 60 * 1000
"""... or after this time, or when the baseline is a new one."""


def control(state: State, worker: str) -> Job | None:
    """Return the newest control of the current baseline on `worker`, finished or not; None without one."""
    tree = state.baseline["tree"]
    made = max(
        (int(e.get("timestamp", 0)) for e in state.workers if e["worker"] == worker and e["event"] == "up"), default=0
    )
    jobs = [
        j
        for j in state.jobs.values()
        if j.is_control
        and j.worker == worker
        and j.tree == tree
        and int(j.submitted.get("timestamp", 0)) >= made  # another machine may stand behind the same name now
    ]
    usable = [j for j in jobs if j.finished is None or j.finished["status"] == "done"]
    return usable[-1] if usable else None


def needs_control(state: State, worker: str) -> bool:
    """Tell whether the worker's control must be renewed before the next experiment there."""
    newest = control(state, worker)
    if newest is None:
        return True
    if newest.finished is not None and blame.suspected(state, worker):
        return True
    names = list(state.jobs)
    since = [state.jobs[n] for n in names[names.index(newest.name) + 1 :]]
    used = sum(1 for job in since if job.is_experiment and job.worker == worker)
    age = now_ms() - int((newest.finished or newest.submitted).get("timestamp", 0))
    return used >= CONTROL_RUNS or age > CONTROL_AGE_MS


def gain(direction: str, baseline: float, candidate: float) -> float | None:
    """Return the gain of one measurement over another as a fraction (0.02: 2% better); None when undefined."""
    if not (baseline > 0 and candidate > 0 and math.isfinite(baseline) and math.isfinite(candidate)):
        return None
    ratio = baseline / candidate if direction == "lower" else candidate / baseline
    return ratio - 1.0


def screen(state: State, event: Event, worker: str) -> dict[str, object]:
    """Return gain, control and promotion of a finished experiment's `event` on `worker`."""
    base = control(state, worker)
    metric = event.get("metric")
    if base is None or base.finished is None or not isinstance(metric, (int, float)) or not metric:
        return {"gain": None, "promoted": False}
    value = gain(state.direction, float(base.finished["metric"]), float(metric))
    good = event.get("status") == "done" and value is not None and value >= state.margin / 2
    return {"gain": value, "control": base.name, "promoted": good}


def standing(state: State, done: Event) -> tuple[str, str]:
    """Return what a finished screen is worth now, one of `promising`, `unclear`, `slower` and `stale`, and why."""
    beside = state.jobs.get(str(done.get("control")))
    value = done.get("gain")
    if beside is not None and beside.tree != state.baseline["tree"]:
        return "stale", "the baseline has moved on"
    if not isinstance(value, float):
        return "unclear", "no control beside it"
    if done.get("promoted"):
        return "promising", ""
    sigma = next(
        (w["sigma_pair"] for w in reversed(state.workers) if w.get("sigma_pair") and w["worker"] == done["worker"]),
        None,
    )
    if sigma is None:
        return "unclear", f"{value:+.1%}, and nobody knows this host's spread (compare.py --calibrate)"
    if math.log1p(value) + 2 * float(sigma) < 0:
        return "slower", ""
    return "unclear", f"{value:+.1%} on a host whose runs differ by {float(sigma):.1%}"
