"""How long a comparison takes: told before it begins, from those so far or from a run of the baseline."""

import math
import statistics

from helpers import paths, progress
from helpers.judge.measure.plan import Plan
from helpers.state import State


def expectation(now: State, its: Plan) -> str:
    """Return how long a comparison will take, from those so far, or before the first from a run of the baseline."""
    done = [job.finished.durations for job in now.jobs.values() if job.finished and job.finished.durations]
    pair, around = pair_seconds(now), done[-1] if done else {}
    if pair is None:
        return "how long it takes is not known yet"
    fixed = 2 * around.get("build", 0.0) * its.layouts + 2 * around.get("checks", 0.0)
    rounds = [math.ceil(pairs / max(len(its.spread), 1)) for pairs in (min(8, its.max_pairs), its.max_pairs)]
    soon, late = (progress.span(fixed + each * pair) for each in rounds)
    more = f", {its.outputs_seconds} s of answers" if paths.OUTPUTS in its.protected else ""
    more += ", the holdout" if paths.HOLDOUT in its.protected else ""
    return f"expected: {soon} to {late}, for 8 to {its.max_pairs} pairs; on top, for a winner: a confirmation{more}"


def pair_seconds(now: State, worker: str | None = None) -> float | None:
    """Return the seconds that a pair takes, anywhere or on one worker; None while nothing tells.

    By the comparisons so far, the last eight, and before the first by a run of the baseline.
    """
    past = [c for c in now.comparisons if c.measured_seconds and c.baseline_samples and worker in (None, c.worker)]
    if past:
        return statistics.median(c.measured_seconds / len(c.baseline_samples) for c in past[-8:])
    runs = [job.finished for job in now.jobs.values() if job.is_control and job.finished]
    known = [run for run in runs if "bench" in run.durations and worker in (None, run.worker)]
    return 2 * known[-1].durations["bench"] / max(len(known[-1].samples), 1) if known else None


def typical_seconds(now: State) -> float | None:
    """Return the seconds that a comparison takes, the median of the last eight that measured; None before the first."""
    took = [c.seconds for c in now.comparisons if c.pairs and c.seconds is not None]
    return statistics.median(took[-8:]) if took else None
