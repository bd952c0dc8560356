"""The holdout: a second workload, which only winners meet, and on which they may not lose."""

from collections.abc import Callable
from dataclasses import replace
from typing import TextIO

from helpers import paths
from helpers.events import Comparison
from helpers.judge.measure import pairs
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import Side
from helpers.scale import TINIEST

HOLDOUT_PAIRS = 24


def _margin_there(found: Comparison, plan: Plan, base: Side) -> float:
    """Return the holdout's margin: by difference the share of its value that the margin is of the first workload's."""
    first = (found.medians or (0.0,))[0]
    if plan.by.by_ratio or not first:
        return plan.margin
    return max(plan.margin * abs(base.measure(plan.metric, paths.HOLDOUT)[plan.metric] / first), TINIEST)


def result(
    found: Comparison,
    plan: Plan,
    base: list[Side],
    cand: list[Side],
    told: Callable[[Plan], pairs.Progress],
    log: TextIO,
) -> Comparison:
    """Measure a second workload that screening never runs; a loss there voids the gain.

    It ends early only when the candidate is shown to lose less than the margin, or wins clear of margin and noise; else
    the median of all pairs decides.
    Simulated with a margin of 1% on a typical host, 0.2% of candidates without effect there are refused and 0.6% of
    those that lose 2% pass (`benchmarks/judge_error_rates.py`, beside the table alone).
    """
    if not (base[0].copy / paths.HOLDOUT).exists():
        return found
    print("holdout: the second workload", file=log)
    most, margin = min(plan.max_pairs, HOLDOUT_PAIRS), _margin_there(found, plan, base[0])
    short = replace(plan, max_pairs=most, mode="not_worse", margin=margin)
    _, verdict = pairs.interleave(
        base,
        cand,
        short,
        told(short),
        script=paths.HOLDOUT,
        seed=plan.seed + "/holdout",
        rule=pairs.last_look,
        ends=("not_worse",),
        early=pairs.holding(found.sigma_pair),
    )
    passed = verdict.verdict == "not_worse" or verdict.gain > -margin
    word = "passed" if passed else "loses" if verdict.worse else "may_lose"
    record = {name: getattr(verdict, name) for name in ("gain", "pairs", "wins", "worse")}
    record |= {"verdict": word, "interval": list(verdict.interval), "margin": margin}
    found = replace(found, holdout=Comparison.from_line(record))
    print(found.holdout_words(), file=log)
    if passed:
        return found
    said = plan.by.words(verdict.gain, verdict.interval)
    if verdict.worse:
        return found.ending("not_improved", f"the holdout loses: {said}")
    return found.ending("undecided", f"the holdout may lose: {said}; a quieter host, or a longer holdout, could tell")
