"""Two tiers of workers: what plentiful ones screened and the kind that matters decided, and where ranks flip between.

It decides nothing. Gains are estimates: of two that lie within the noise of each other, the order is chance.
"""

import itertools
from collections.abc import Mapping

from helpers.events import Comparison, Finished
from helpers.run.jobs.workers import LOCAL
from helpers.state import State

SHOWN = 3
"""Flips that are named; more are counted."""


def kind_of(event: Comparison) -> str:
    """Return the one type that measured all of a comparison, spread or not; empty where several did."""
    several = set(event.spread.values())
    return event.kind or (several.pop() if len(several) == 1 else "")


def gains(now: State) -> dict[str, dict[str, float]]:
    """Return what each experiment gained on each type of worker, a comparison before a screen: type, then id."""
    made = [event for event in now.workers if event.what == "up"]

    def kind_then(event: Finished | Comparison) -> str:
        """The type that stood behind the worker's name when it answered."""
        if event.worker == LOCAL:
            return "this machine"
        then = [m for m in made if m.worker == event.worker and m.timestamp <= event.timestamp]
        return (", ".join(then[-1].accelerators or []) or then[-1].host) if then else ""

    found: dict[str, dict[str, float]] = {}
    rows = [(done.experiment_id, kind_then(done), done.gain) for done in now.results.values()]
    for event in now.comparisons:
        rows += [(event.experiment_id, kind_of(event) or ("" if event.spread else kind_then(event)), event.gain)]
    for name, kind, gain in rows:
        if gain is not None and kind:
            found.setdefault(kind, {})[name] = gain
    return found


def flips(one: Mapping[str, float], other: Mapping[str, float]) -> tuple[int, list[tuple[str, str]]]:
    """Return how many pairs of experiments both types have, and those that they order differently."""
    both = sorted(set(one) & set(other))
    pairs = list(itertools.combinations(both, 2))
    return len(pairs), [(x, y) for x, y in pairs if (one[x] - one[y]) * (other[x] - other[y]) < 0]


def lines(now: State, event: Comparison) -> list[str]:
    """Say on which type a verdict was shown, what others said of the experiment, and how their ranks agree."""
    found, mine = gains(now), kind_of(event)
    if not mine:
        return []
    told = [f"shown on {mine} alone: {event.verdict_words}"]
    for kind in sorted(set(found) - {mine}):
        if event.experiment_id in found[kind]:
            told.append(f"promoted from {kind}, where it was {event.scale.words(found[kind][event.experiment_id])}")
        told += _ranks(found, kind, mine)
    return told


def summary(now: State) -> list[str]:
    """Say of a whole session how many experiments one type promoted to another, and how their ranks agree."""
    found, told = gains(now), list[str]()
    for mine in sorted({kind_of(event) for event in now.comparisons} - {""}):
        decided = {event.experiment_id: event.is_good for event in now.comparisons if kind_of(event) == mine}
        for kind in sorted(set(found) - {mine}):
            if names := set(decided) & set(found[kind]):
                good = sum(decided[name] for name in names)
                told.append(f"promoted from {kind} to {mine}: {len(names)} experiments, {good} shown better there")
                told += _ranks(found, kind, mine)
    return told


def _ranks(found: Mapping[str, Mapping[str, float]], kind: str, mine: str) -> list[str]:
    count, turned = flips(found[kind], found.get(mine, {}))
    some = ", ".join(f"{x} and {y}" for x, y in turned[:SHOWN])
    named = f": {some}{' and more' if len(turned) > SHOWN else ''}" if turned else ""
    flip = f"ranks between {kind} and {mine} flip in {len(turned)} of {count} pairs of experiments{named}"
    return [flip] if count else []
