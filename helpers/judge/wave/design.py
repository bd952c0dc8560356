"""The layout of a wave: factors with values, and the cells that tell most about them in a given number of experiments.

All combinations where they fit; for factors of two values a regular fraction; else a fraction whose cells coincide
as little as they can (generalized minimum aberration). Each effect is a contrast, a column over the cells; effects
whose columns are alike are aliases: the wave cannot tell them apart.
"""

import itertools
import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_FACTORS, MAX_LEVELS, MAX_RUNS = 12, 16, 64
EFFORT = 500_000
"""Values looked at while a fraction is improved, a second or two; one of a dozen cells stands still long before."""
LEAN = 0.25
"""How much less coincidences of one more factor weigh."""
ALIAS, PARTLY = 0.99, 0.35
"""From these correlations of their columns on, effects are aliases, or partly so."""

Cell = tuple[int, ...]
"""For each factor the number of its value."""
Effect = tuple[tuple[int, int], ...]
"""What one contrast is of: factors by number, each with a degree (1 straight, 2 curved, ...)."""


@dataclass(frozen=True)
class Factor:
    """A name and the values that it is tried at, in the order of a range; the first is where a sweep starts."""

    name: str
    levels: tuple[str, ...]

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers, between which an optimum can lie."""
        try:
            numbers = {float(level) for level in self.levels}
            return len(numbers) == len(self.levels) and all(map(math.isfinite, numbers))
        except ValueError:
            return False

    def contrasts(self) -> list[list[float]]:
        """Return for each degree what it says of each value: orthogonal polynomials, the largest of each at 1."""
        size, found = len(self.levels), [[1.0] * len(self.levels)]
        for degree in range(1, size):
            column = [(2 * i / (size - 1) - 1) ** degree for i in range(size)]
            for _ in range(2):
                for other in found:
                    share = dot(column, other) / dot(other, other)
                    column = [c - share * o for c, o in zip(column, other, strict=True)]
            top = max(map(abs, column))
            found.append([c / top for c in column])
        return found


@dataclass(frozen=True)
class Design:
    """Factors and cells, repeated ones several times; `kind` says in words how they were chosen."""

    factors: tuple[Factor, ...]
    cells: tuple[Cell, ...]
    kind: str

    def effects(self, order: int = 2, degrees: int = MAX_LEVELS, together: int = 2) -> list[Effect]:
        """Return the effects of up to `order` factors; of several at once the straight and curved parts alone."""
        found: list[Effect] = []
        for size in range(1, order + 1):
            for numbers in itertools.combinations(range(len(self.factors)), size):
                most = [min(len(self.factors[n].levels) - 1, degrees if size == 1 else together) for n in numbers]
                parts = [[(n, degree) for degree in range(1, m + 1)] for n, m in zip(numbers, most, strict=True)]
                found += itertools.product(*parts)
        return found

    def label(self, effect: Effect) -> str:
        """Write an effect: `aspect`, `aspect^2`, `aspect*fuse`."""
        return "*".join(self.factors[n].name + (f"^{degree}" if degree > 1 else "") for n, degree in effect)

    def cell_label(self, cell: Cell) -> str:
        """Write a cell: `aspect=96 fuse=on`."""
        return " ".join(f"{name}={value}" for name, value in self.values(cell).items())

    def values(self, cell: Cell) -> dict[str, str]:
        """Return the value of each factor in a cell."""
        return {f.name: f.levels[n] for f, n in zip(self.factors, cell, strict=True)}

    def columns(self, effects: Sequence[Effect], cells: Sequence[Cell]) -> list[list[float]]:
        """Return each effect's contrast over the cells."""
        parts = [factor.contrasts() for factor in self.factors]
        return [[math.prod(parts[n][d][cell[n]] for n, d in effect) for cell in cells] for effect in effects]

    def aliases(self, effect: Effect, least: float = ALIAS) -> list[Effect]:
        """Return the effects of at most two factors whose contrasts correlate with that of `effect` that much."""
        others = [other for other in self.effects() if other != effect]
        own, *rest = self.columns([effect, *others], self.cells)
        return [other for other, column in zip(others, rest, strict=True) if abs(correlation(own, column)) >= least]


def dot(one: Sequence[float], two: Sequence[float]) -> float:
    """Return the sum of products."""
    return math.fsum(a * b for a, b in zip(one, two, strict=True))


def correlation(one: Sequence[float], two: Sequence[float]) -> float:
    """Return the correlation of two columns about their means; 0 where one is constant."""
    a, b = ([v - math.fsum(c) / len(c) for v in c] for c in (one, two))
    size = math.sqrt(dot(a, a) * dot(b, b))
    return dot(a, b) / size if size > 1e-12 else 0.0


def lay_out(factors: Sequence[Factor], runs: int | None = None, *, sweep: bool = False, workers: int = 0) -> Design:
    """Choose the cells. Without `runs` as many as single effects need with a few to spare, or as there are workers.

    Raises ValueError when factors or runs do not fit.
    """
    its = tuple(factors)
    if not (1 if sweep else 2) <= len(its) <= MAX_FACTORS or len({f.name for f in its}) != len(its):
        raise ValueError(f"2 to {MAX_FACTORS} different factors are expected, not {len(its)}; one alone: --sweep")
    for factor in its:
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", factor.name):
            raise ValueError(f"{factor.name!r} cannot name a factor: letters, digits, '_', '-' and '.', like fuse")
        if not 2 <= len(set(factor.levels)) == len(factor.levels) <= MAX_LEVELS:
            raise ValueError(f"{factor.name}: 2 to {MAX_LEVELS} different values are expected")
    if sweep:
        start = (0,) * len(its)
        others = ((*start[:n], v, *start[n + 1 :]) for n, f in enumerate(its) for v in range(1, len(f.levels)))
        return Design(its, (start, *others), "one-factor sweeps from the first values")
    grid, columns = math.prod(len(f.levels) for f in its), sum(len(f.levels) - 1 for f in its)
    if all(len(f.levels) == 2 for f in its) and (runs is None or not runs & (runs - 1)):
        runs = runs or max(4, 2 ** math.ceil(math.log2(2 * len(its))), 2 ** int(math.log2(min(workers, MAX_RUNS) or 1)))
        if len(its) < runs <= MAX_RUNS:
            return _regular(its, runs)
    runs = runs or min(max(grid, workers), MAX_RUNS, max(12, columns + 5, workers))
    if not columns < runs <= MAX_RUNS:
        raise ValueError(f"runs must be more than the {columns} single effects and at most {MAX_RUNS}: {runs}")
    if grid <= runs:
        cells = tuple(itertools.product(*(range(len(f.levels)) for f in its))) * (runs // grid)
        return Design(its, cells, "all combinations" + (f", {runs // grid} times" if runs >= 2 * grid else ""))
    return Design(its, _spread(its, runs), f"{runs} of {grid} combinations, spread so that they coincide least")


def _spread(its: tuple[Factor, ...], runs: int) -> tuple[Cell, ...]:
    """Exchange values of two cells, each value staying as frequent, until the cells coincide as little as they can."""
    dice = random.Random(runs)  # noqa: S311 - the same design for the same question
    columns = [[n % len(f.levels) for n in range(runs)] for f in its]
    for column in columns:
        dice.shuffle(column)

    def near(i: int, j: int) -> float:
        return math.prod(1 + LEAN * (len(f.levels) * (c[i] == c[j]) - 1) for f, c in zip(its, columns, strict=True))

    def of(i: int, j: int) -> float:
        return math.fsum(near(i, k) + near(j, k) for k in range(runs) if k not in (i, j))

    tried, better = 0, True
    while better and tried < EFFORT:
        better = False
        for column in columns:
            for i, j in itertools.combinations(range(runs), 2):
                if column[i] == column[j] or tried >= EFFORT:
                    continue
                tried, before = tried + runs * len(its), of(i, j)
                column[i], column[j] = column[j], column[i]
                if of(i, j) < before - 1e-9:
                    better = True
                else:
                    column[i], column[j] = column[j], column[i]
    return tuple(sorted(zip(*columns, strict=True)))


def _regular(its: tuple[Factor, ...], runs: int) -> Design:
    """Return a fraction of two-valued factors in which every effect is either told apart from another or its alias."""
    base = min(len(its), runs.bit_length() - 1)
    words, cells = _words(base, len(its)), []
    for number in range(2**base):
        more = [(word & number).bit_count() % 2 for word in words]  # odd: the cell of first values is in the design
        cells.append((*(number >> n & 1 for n in range(base)), *more))
    group = [word for word in _group([mask | 1 << base + i for i, mask in enumerate(words)]) if word]
    resolution = min((word.bit_count() for word in group), default=None)
    kind = f"a regular fraction of resolution {resolution}" if resolution else "all combinations"
    return Design(its, tuple(cells) * (runs // 2**base), kind)


def _words(base: int, count: int) -> list[int]:
    """Choose, one after another, the product of base factors that keeps short words fewest (least aberration)."""
    chosen: list[int] = []
    candidates = [mask for mask in range(1, 2**base) if mask.bit_count() >= 2]
    if count - base > 1 and count <= 2 ** (base - 1):  # odd products alone make words of even length: none of three
        candidates = [mask for mask in candidates if mask.bit_count() % 2]
    for factor in range(base, count):
        taken = [mask | 1 << base + i for i, mask in enumerate(chosen)]

        def aberration(mask: int, factor: int = factor, taken: list[int] = taken) -> tuple[list[int], int]:
            lengths = [word.bit_count() for word in _group([*taken, mask | 1 << factor]) if word]
            return [lengths.count(length) for length in range(1, count + 1)], mask

        chosen.append(min((mask for mask in candidates if mask not in chosen), key=aberration))
    return chosen


def _group(generators: Sequence[int]) -> list[int]:
    words = [0]
    for generator in generators:
        words += [word ^ generator for word in words]
    return words
