"""Two tiers of workers: what plentiful ones screened and the kind that matters decided, and where ranks flip between.

It decides nothing. Gains are estimates: of two that lie within the noise of each other, the order is chance.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from helpers.events import Comparison
from helpers.run.jobs.workers import LOCAL, known_workers
from helpers.state import State

SHOWN = 3
"""Flips that are named; more are counted."""


def gains(now: State) -> dict[str, dict[str, float]]:
    """Return what each experiment gained on each type of worker, a comparison before a screen: type, then id."""
    kinds = {LOCAL: "this machine", **{name: worker.kind for name, worker in known_workers(now).items()}}
    found: dict[str, dict[str, float]] = {}
    screened = [(done.experiment_id, done.worker, done.gain) for done in now.results.values()]
    compared = [(event.experiment_id, event.worker, event.gain) for event in now.comparisons if not event.spread]
    for name, worker, gain in [*screened, *compared]:
        if gain is not None and (kind := kinds.get(worker, "")):
            found.setdefault(kind, {})[name] = gain
    return found


def flips(one: Mapping[str, float], other: Mapping[str, float]) -> tuple[int, list[tuple[str, str]]]:
    """Return how many pairs of experiments both types have, and those that they order differently."""
    both = sorted(set(one) & set(other))
    pairs = list(itertools.combinations(both, 2))
    return len(pairs), [(x, y) for x, y in pairs if (one[x] - one[y]) * (other[x] - other[y]) < 0]


def lines(now: State, event: Comparison) -> list[str]:
    """Say on which type a verdict was shown, what others said of the experiment, and how their ranks agree."""
    found = gains(now)
    mine = event.kind
    if not mine:
        return []
    words = event.scale.words
    told = [f"shown on {mine} alone: {event.verdict_words}"]
    for kind in sorted(set(found) - {mine}):
        if event.experiment_id in found[kind]:
            told.append(f"promoted from {kind}, where it was {words(found[kind][event.experiment_id])}")
        count, turned = flips(found[kind], found.get(mine, {}))
        if count:
            some = ", ".join(f"{x} and {y}" for x, y in turned[:SHOWN])
            named = f": {some}{' and more' if len(turned) > SHOWN else ''}" if turned else ""
            told.append(f"ranks between {kind} and {mine} flip in {len(turned)} of {count} pairs of experiments{named}")
    return told
