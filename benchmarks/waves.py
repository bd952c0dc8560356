"""Waves beside one factor at a time, on response surfaces whose truth is known and hosts that differ by 9%.

A surface has a range with its best value inside (worse beyond it, by a cliff or a slope), one or two switches, and one
true interaction of 1.5 to 4%. An experiment is a screen of four pairs, which differ by 0.4%. The wave has 12 workers:
one experiment in each of 12 cells. The searches get three times as many: `one at a time` sweeps each factor from the
baseline, takes the best of each, and measures what two of them do together; `in turns` sweeps a factor with the others
at their best so far, round by round. Both have the baseline beside each measurement, as the wave has; `raw numbers` is
one at a time without it, each run on whichever host was free. Fails where the wave finds or names less often than one
at a time.

    python benchmarks/waves.py                  # a quarter of a minute
    python benchmarks/waves.py --surfaces 40    # coarse
"""

from __future__ import annotations

import argparse
import itertools
import math
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpers.judge.wave.design import Cell, Factor, lay_out
from helpers.judge.wave.effects import Observation, analyse

ON_OFF = ("off", "on")
NOISE, HOSTS, WORKERS, TIMES = 0.002, (0.0, math.log(1.09)), 12, 3
RANGE = ("48", "64", "80", "96", "112", "128")
FAMILIES = {
    "6 x 2, all cells": (Factor("aspect", RANGE), Factor("fuse", ON_OFF)),
    "4 x 2 x 2, 12 of 16 cells": (Factor("aspect", RANGE[:4]), Factor("fuse", ON_OFF), Factor("tile", ON_OFF)),
}
Pair = tuple[int, int]


class Surface:
    """A true log gain for each cell, and the pair of factors that belongs together."""

    def __init__(self, factors: tuple[Factor, ...], draw: Random) -> None:
        sizes = [len(f.levels) for f in factors]
        peak = draw.randrange(1, sizes[0] - 1)
        slope, cliff = draw.uniform(0.004, 0.01), draw.choice([1.0, 3.0])
        switches = [draw.uniform(-0.015, 0.015) for _ in sizes[1:]]
        self.pair = draw.choice(list(itertools.combinations(range(len(sizes)), 2)))
        size = draw.uniform(0.015, 0.04) * draw.choice([-1, 1])
        start = draw.randrange(1, sizes[0])

        def truth(cell: Cell) -> float:
            gain = -slope * (abs(cell[0] - peak) if cell[0] <= peak else cliff * (cell[0] - peak))
            gain += math.fsum(v for v, on in zip(switches, cell[1:], strict=True) if on)
            one, two = (cell[n] >= start if n == 0 else bool(cell[n]) for n in self.pair)
            return gain + size * (one and two)

        self.cells = list(itertools.product(*map(range, sizes)))
        self.gains = {cell: truth(cell) - truth((0,) * len(sizes)) for cell in self.cells}
        self.best = max(self.cells, key=lambda cell: self.gains[cell])


def measured(surface: Surface, cell: Cell, draw: Random, *, control: bool = True) -> float:
    """The log gain that one experiment shows: against the baseline beside it, or against one of any host."""
    host = draw.choice(HOSTS)
    ours = -host + surface.gains[cell] + draw.gauss(0, NOISE / math.sqrt(2))
    return ours - (-(host if control else draw.choice(HOSTS)) + draw.gauss(0, NOISE / math.sqrt(2)))


def wave(factors: tuple[Factor, ...], surface: Surface, draw: Random) -> tuple[Cell, Pair | None]:
    """One experiment in each cell of a designed wave."""
    design = lay_out(factors, WORKERS)
    found = analyse(design, [Observation(c, measured(surface, c, draw), 1, "", NOISE) for c in design.cells])
    named = [tuple(n for n, _ in row.effect) for row in found.shown if len(row.effect) == 2 and row.stands]
    return found.best()[0], (named[0][0], named[0][1]) if named else None


def one_at_a_time(
    factors: tuple[Factor, ...], surface: Surface, draw: Random, *, control: bool = True
) -> tuple[Cell, Pair | None]:
    """Each factor from the baseline; then the best of two at a time, which shows whether they only add up."""
    start, runs = (0,) * len(factors), TIMES * WORKERS
    arms = [(*start[:n], v, *start[n + 1 :]) for n, f in enumerate(factors) for v in range(1, len(f.levels))]
    pairs = list(itertools.combinations(range(len(factors)), 2))
    each = runs // (len(arms) + len(pairs))

    def mean(cell: Cell, times: int) -> float:
        return statistics.fmean(measured(surface, cell, draw, control=control) for _ in range(times))

    seen = {start: 0.0, **{cell: mean(cell, each) for cell in arms}}
    best = [
        max(range(len(f.levels)), key=lambda v, n=n: seen[(*start[:n], v, *start[n + 1 :])])
        for n, f in enumerate(factors)
    ]
    other = [
        v or max(range(1, len(f.levels)), key=lambda v, n=n: seen[(*start[:n], v, *start[n + 1 :])])
        for n, (v, f) in enumerate(zip(best, factors, strict=True))
    ]
    beyond, rest = {}, runs - each * len(arms)
    for one, two in pairs:
        cell = tuple(other[n] if n in (one, two) else 0 for n in range(len(factors)))
        seen[cell] = mean(cell, rest // len(pairs))
        alone = [seen[tuple(other[n] if n == k else 0 for n in range(len(factors)))] for k in (one, two)]
        error = NOISE * math.sqrt(2 / each + 1 / (rest // len(pairs)))
        beyond[one, two] = abs(seen[cell] - math.fsum(alone)) / error
    named = max(beyond, key=lambda key: beyond[key])
    limit = statistics.NormalDist().inv_cdf(1 - 0.025 / len(pairs))
    together = tuple(best)
    chosen = max(seen, key=lambda cell: seen[cell])
    if seen.get(together, math.inf) >= seen[chosen] or together not in seen:
        chosen = together
    return chosen, named if beyond[named] > limit else None


def in_turns(factors: tuple[Factor, ...], surface: Surface, draw: Random) -> tuple[Cell, Pair | None]:
    """Each factor with the others at their best so far, in rounds, until the runs are spent; all is remembered."""
    seen: dict[Cell, list[float]] = {}
    at, left = [0] * len(factors), TIMES * WORKERS
    while left > 0:
        for n, f in enumerate(factors):
            cells = [tuple(v if k == n else at[k] for k in range(len(at))) for v in range(len(f.levels))]
            for cell in cells[: max(left, 0)]:
                seen.setdefault(cell, []).append(measured(surface, cell, draw))
            left -= len(cells)
            at[n] = max(range(len(cells)), key=lambda v: statistics.fmean(seen.get(cells[v], [-1.0])))
    return max(seen, key=lambda cell: statistics.fmean(seen[cell])), None


def main() -> int:
    """Print how often each way finds the best cell and names the true interaction, and what it misses on average."""
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--surfaces", type=int, default=300)
    args = p.parse_args()
    ways: dict[str, tuple[int, Callable[..., tuple[Cell, Pair | None]]]] = {
        "wave": (WORKERS, wave),
        "one at a time": (TIMES * WORKERS, one_at_a_time),
        "in turns": (TIMES * WORKERS, in_turns),
        "raw numbers": (TIMES * WORKERS, lambda f, s, d: one_at_a_time(f, s, d, control=False)),
    }
    short = False
    for family, factors in FAMILIES.items():
        print(f"{family:26} {'runs':>5} {'best cell':>10} {'interaction':>12} {'wrong one':>10} {'gain missed':>12}")
        rates = {}
        for name, (runs, way) in ways.items():
            best = right = wrong = 0
            missed = 0.0
            for number in range(args.surfaces):
                surface = Surface(factors, Random(number))
                cell, named = way(factors, surface, Random(1000 + number))
                best += surface.gains[cell] > surface.gains[surface.best] - 1e-9
                right, wrong = right + (named == surface.pair), wrong + (named not in (None, surface.pair))
                missed += surface.gains[surface.best] - surface.gains[cell]
            rates[name] = best, right
            n = args.surfaces
            print(f"  {name:24} {runs:5} {best / n:10.0%} {right / n:12.0%} {wrong / n:10.0%} {missed / n:12.2%}")
        short = short or any(a < b for a, b in zip(rates["wave"], rates["one at a time"], strict=True))
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
