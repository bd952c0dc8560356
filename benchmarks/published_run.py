"""The published run of 910 trainings replayed: when the advice would have spoken, and what it would have given up.

16 accelerators, 8 hours, $300, five phases with the gains of the published account (bits per byte, from 1.003). How
often and when within a phase something was kept is not published: it is drawn, 200 times (a tenth of the trainings of
the first phase, a thirtieth later, sizes exponential, each phase's sum as published). The advice speaks where returns
have fallen 20-fold, or where an experiment costs more than it is expected to gain (`price`, in percent of the metric;
from the 40th on, for what a rule says by chance before is not its merit).

    python benchmarks/published_run.py
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpers.judge.advice import estimates, fleet

PHASES = ((200, 0.022), (220, 0.004), (140, 0.002), (140, 0.001), (210, 0.0005))
START, HOURS, USD = 1.003, 8.0, 300.0
TOTAL = sum(count for count, _ in PHASES)


def replay(draw: Random) -> list[float]:
    """Log gains of the run's experiments, 0 where not kept."""
    gains, level = [], START
    for number, (count, total) in enumerate(PHASES):
        kept = max(1, count // (10 if number == 0 else 30))
        places, sizes = draw.sample(range(count), kept), [draw.expovariate(1) for _ in range(kept)]
        steps = dict(zip(places, (total * size / sum(sizes) for size in sizes), strict=True))
        for place in range(count):
            lower = level - steps.get(place, 0.0)
            gains.append(math.log(level / lower))
            level = lower
    return gains


def spoke(gains: list[float], says: Callable[[list[float]], bool]) -> int | None:
    """The first experiment after which the advice says stop."""
    return next((n for n in range(40, len(gains) + 1) if says(gains[:n])), None)


def too_dear(gains: list[float], price: float) -> bool:
    """Whether an experiment is expected to gain less than `price` percent, as `suggest_next.py --price` tells it."""
    kept = [gain for gain in gains if gain > 0]
    found = estimates.expected(gains, statistics.fmean(kept) if kept else 0.01)
    return found is not None and found[0] < -math.log1p(-price / 100)


def main() -> None:
    """Print for each rule after which experiment it speaks, and what had not been found by then."""
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--runs", type=int, default=200)
    runs = [replay(Random(number)) for number in range(p.parse_args().runs)]
    rules: dict[str, Callable[[list[float]], bool]] = {
        "returns fallen 20-fold": lambda g: bool((found := fleet.returns(g)) and found.spent),
        **{f"price {price}%": lambda g, price=price: too_dear(g, price) for price in (0.0001, 0.0003, 0.001, 0.003)},
    }
    print(f"{TOTAL} experiments, {HOURS:.0f} h, ${USD:.0f}; medians of {len(runs)} replays [10%, 90%]")
    print(f"{'advice':24} {'speaks in':>9} {'after experiment':>20} {'given up, of all':>24} {'saved':>16}")
    for name, says in rules.items():
        places = [spoke(gains, says) for gains in runs]
        at = [TOTAL if place is None else place for place in places]
        lost = [math.fsum(g[n:]) / math.fsum(g) for g, n in zip(runs, at, strict=True)]
        middle, low, high = (statistics.quantiles(at, n=10)[k] for k in (4, 0, 8))
        given = [statistics.quantiles(lost, n=10)[k] for k in (4, 0, 8)]
        saved = 1 - middle / TOTAL
        print(
            f"{name:24} {sum(n is not None for n in places) / len(runs):9.0%} {middle:7.0f} [{low:4.0f}, {high:4.0f}]"
            f" {given[0]:9.1%} [{given[1]:.1%}, {given[2]:.1%}] {saved * HOURS:6.1f} h ${saved * USD:.0f}"
        )


if __name__ == "__main__":
    main()
