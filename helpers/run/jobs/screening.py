"""Screening: a candidate's single run against its worker's own baseline control. It ranks and decides nothing."""

from __future__ import annotations

import math

from helpers.events import Finished
from helpers.run.jobs import blame
from helpers.state import Job, State

CONTROL_RUNS = 5
"""A control is renewed after so many experiments on its worker ..."""
CONTROL_AGE_MS = 30 * 60 * 1000
"""... or after this time, or when the baseline is a new one."""


def control(state: State, worker: str) -> Job | None:
    """Return the newest control of the current baseline on `worker`, finished or not; None without one."""
    tree = state.baseline.tree
    made = max((event.timestamp for event in state.workers if event.worker == worker and event.what == "up"), default=0)
    jobs = [
        j
        for j in state.jobs.values()
        if j.is_control
        and j.worker == worker
        and j.tree == tree
        and j.submitted.timestamp >= made  # another machine may stand behind the same name now
    ]
    usable = [j for j in jobs if j.finished is None or j.finished.status == "done"]
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
    age = state.now_ms() - (newest.finished or newest.submitted).timestamp
    return used >= CONTROL_RUNS or age > CONTROL_AGE_MS


def gain(direction: str, baseline: float, candidate: float) -> float | None:
    """Return the gain of one measurement over another as a fraction (0.02: 2% better); None when undefined."""
    if not (baseline > 0 and candidate > 0 and math.isfinite(baseline) and math.isfinite(candidate)):
        return None
    ratio = baseline / candidate if direction == "lower" else candidate / baseline
    return ratio - 1.0


def screen(state: State, event: Finished, worker: str) -> dict[str, object]:
    """Return gain, control and promotion of a finished experiment's `event` on `worker`."""
    base = control(state, worker)
    if base is None or base.finished is None or not event.metric:
        return {"gain": None, "promoted": False}
    value = gain(state.direction, base.finished.metric or 0.0, event.metric)
    good = event.status == "done" and value is not None and value >= state.margin / 2
    return {"gain": value, "control": base.name, "promoted": good}


def standing(state: State, done: Finished) -> tuple[str, str]:
    """Return what a finished screen is worth now, one of `promising`, `unclear`, `slower` and `stale`, and why."""
    beside = state.jobs.get(done.control)
    if beside is not None and beside.tree != state.baseline.tree:
        return "stale", "the baseline has moved on"
    if done.gain is None:
        return "unclear", "no control beside it"
    if done.promoted:
        return "promising", ""
    known = [w.sigma_pair for w in state.workers if w.sigma_pair and w.worker == done.worker]
    if not known:
        return "unclear", f"{done.gain:+.1%}, and nobody knows this host's spread (compare.py --calibrate)"
    if math.log1p(done.gain) + 2 * known[-1] < 0:
        return "slower", ""
    return "unclear", f"{done.gain:+.1%} on a host whose runs differ by {known[-1]:.1%}"
