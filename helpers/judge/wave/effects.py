"""What a wave has shown: effects with intervals, the best value of each factor, what was not told apart.

Every observation is a cell's gain over the baseline that ran beside it on its host, so that no host's speed is in it:
the log of a ratio, or a difference where the session judges by that. Least squares on the contrasts of single factors,
to which those of pairs are added as far as the data ask for them. Noise is what the pairs of a cell, or the host's
calibration, say. A wave screens: what it finds is compared like any change.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from helpers.judge.wave.design import MAX_LEVELS, Cell, Design, Effect, dot
from helpers.scale import Scale

LEAST_SQUARES = 2.0
"""An effect whose square is not this many times that of its error is left out of predictions (as by Akaike)."""
SHARES = Scale()
MOST_PREDICTED = 20_000
SOME, MOST_QUIET = 12, 10
"""Degrees of freedom that tell a host's own noise; how much quieter than all together it is taken to be at most."""
SURE = 200.0
"""Degrees of freedom of a spread that a calibration measured."""


@dataclass(frozen=True)
class Observation:
    """A cell's gain over the baseline beside it, the mean of `pairs`, which differ by `spread` (known or not)."""

    cell: Cell
    gain: float
    pairs: int = 1
    host: str = ""
    spread: float | None = None
    freedom: float = SURE


@dataclass(frozen=True)
class Shown:
    """One contrast as a log ratio or a difference, from its first value to its last, with its margin of error at 95%.

    A pair: half of what the one gains more by the other. `every`: the margin where all pairs are looked at at once.
    """

    effect: Effect
    value: float
    margin: float
    every: float

    @property
    def stands(self) -> bool:
        """Whether it stands out of the noise: a pair has to among all pairs."""
        return abs(self.value) > (self.margin if len(self.effect) == 1 else self.every)


@dataclass(frozen=True)
class Analysis:
    """All fitted effects, the largest first, the error of one pair of measurements, and the fit behind them."""

    design: Design
    shown: tuple[Shown, ...]
    error: float
    factor: float
    terms: tuple[Effect, ...]
    values: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    scale: Scale

    def predicted(self, cell: Cell) -> float:
        """Return a cell's gain over the baseline, by the effects that are large enough to go by."""
        return dot(self.values, self._row(cell))

    def _row(self, cell: Cell) -> list[float]:
        return [1.0, *(column[0] for column in self.design.columns(self.terms[1:], [cell]))]

    def difference(self, one: Cell, two: Cell) -> tuple[float, float]:
        """Return the predicted log ratio or difference of two cells and its margin of error at 95%."""
        row = [a - b for a, b in zip(self._row(one), self._row(two), strict=True)]
        variance = dot(row, [dot(line, row) for line in self.covariance])
        return dot(row, self.values), self.factor * math.sqrt(max(variance, 0.0))

    def best(self) -> tuple[Cell, float]:
        """Return the cell with the largest predicted gain, of equals the one with the first values."""
        sizes = [range(len(f.levels)) for f in self.design.factors]
        known = math.prod(map(len, sizes)) > MOST_PREDICTED
        cells: Iterable[Cell] = self.design.cells if known else itertools.product(*sizes)
        ranked = ((cell, round(self.predicted(cell), 12)) for cell in cells)
        return max(ranked, key=lambda pair: (pair[1], [-n for n in pair[0]]))


def analyse(design: Design, seen: Sequence[Observation], scale: Scale = SHARES) -> Analysis:
    """Compute effects and predictions.

    Raises ValueError where the cells with a result do not tell single effects, or nothing tells the noise.
    """
    design, seen = _with_results(design, seen)
    cells, gains = [o.cell for o in seen], [o.gain for o in seen]
    known, count = known_spread(seen), len(set(cells))
    if known is None:
        raise ValueError("nothing tells the noise: a calibration of the hosts does, or two pairs in some of the cells")
    spread, freedom = known
    few = count < 3 + sum(len(f.levels) - 1 for f in design.factors) and not _is_sweep(cells)
    for degrees in (2,) if few else (MAX_LEVELS, 2):  # one cell may be the only one with values of two factors
        singles = design.effects(1, degrees)
        span = Span(_weights(seen, spread))
        span.add([1.0] * len(cells))
        told = [span.add(column) for column in design.columns(singles, cells)]
        if all(told):
            break
    else:
        names = ", ".join(design.label(e) for e, good in zip(singles, told, strict=True) if not good)
        raise ValueError(f"the cells with a result do not tell the effects of: {names}")
    terms: list[Effect] = [(), *singles]
    pairs = [e for e in design.effects(2, 0, MAX_LEVELS) if len(e) == 2]
    if len(terms) + len(pairs) > count:  # else a step or a peak in one corner can be told as well
        pairs = [e for e in design.effects(2, 0) if len(e) == 2]
    terms += _selected(span, dict(zip(pairs, design.columns(pairs, cells), strict=True)), gains, spread, count)
    values, inverse = span.solve(gains)
    factor = t_quantile(0.975, freedom)
    many = t_quantile(1 - 0.025 / max(1, len(pairs)), freedom)
    errors = [spread * math.sqrt(inverse[n][n]) for n in range(len(terms))]
    rows = [Shown(e, 2 * v, 2 * factor * s, 2 * many * s) for e, v, s in zip(terms, values, errors, strict=True)]
    kept = [0, *_worth(terms, values, errors)]
    return Analysis(
        design,
        tuple(sorted(rows[1:], key=lambda row: -abs(row.value))),
        spread,
        factor,
        tuple(terms[n] for n in kept),
        tuple(values[n] for n in kept),
        tuple(tuple(spread**2 * inverse[a][b] for b in kept) for a in kept),
        scale,
    )


def _is_sweep(cells: Sequence[Cell]) -> bool:
    """Tell whether each cell is one of them with another value of one factor."""
    return any(all(sum(map(int.__ne__, start, cell)) <= 1 for cell in cells) for start in cells)


def _with_results(design: Design, seen: Sequence[Observation]) -> tuple[Design, Sequence[Observation]]:
    """Leave out the values of which no cell has a result yet: they would leave nothing to be told of the others."""
    had = [sorted({o.cell[n] for o in seen}) for n in range(len(design.factors))]
    if min(map(len, had)) < 2:
        return design, seen
    factors = [replace(f, levels=tuple(f.levels[n] for n in own)) for f, own in zip(design.factors, had, strict=True)]

    def moved(cell: Cell) -> Cell:
        return tuple(own.index(n) for own, n in zip(had, cell, strict=True))

    inside = [moved(cell) for cell in design.cells if all(n in own for n, own in zip(cell, had, strict=True))]
    seen = [replace(o, cell=moved(o.cell)) for o in seen]
    return replace(design, factors=tuple(factors), cells=tuple(inside)), seen


def _selected(
    span: Span, columns: dict[Effect, list[float]], gains: list[float], spread: float, count: int
) -> list[Effect]:
    """Add to the fit the effects of pairs that the data ask for, the largest first, and return them."""
    found: list[Effect] = []
    while columns and len(span.basis) < count:
        left, strength = span.residual(span.scaled(gains)), {}
        for effect, column in columns.items():
            own = span.residual(span.scaled(column))
            size = dot(own, own)
            if size > 0.02 * dot(column, column):
                strength[effect] = abs(dot(own, left)) / math.sqrt(size)
        best = max(strength, key=lambda e: strength[e], default=None)
        if best is None or strength[best] ** 2 < 2 * LEAST_SQUARES * spread**2:
            break
        span.add(columns.pop(best))
        found.append(best)
    return found


def _worth(terms: list[Effect], values: list[float], errors: list[float]) -> list[int]:
    """Return which terms predictions go by: the effects of one factor stand or fall together, those of a pair too."""
    strength: dict[tuple[int, ...], list[float]] = {}
    names = [tuple(f for f, _ in effect) for effect in terms]
    for name, value, error in zip(names[1:], values[1:], errors[1:], strict=True):
        strength.setdefault(name, []).append((value / error) ** 2 if error else 0.0)
    good = {name for name, squares in strength.items() if math.fsum(squares) > LEAST_SQUARES * len(squares)}
    return [n for n, name in enumerate(names) if name in good]


def known_spread(seen: Sequence[Observation], least: float = 3) -> tuple[float, float] | None:
    """Return the spread of one pair, pooled over what is known of each observation, and its degrees of freedom."""
    known = [(o.spread, o.freedom) for o in seen if o.spread is not None]
    freedom = math.fsum(f for _, f in known)
    if freedom < least:
        return None
    return max(math.sqrt(math.fsum(f * s * s for s, f in known) / freedom), 1e-9), min(freedom, SURE)


def _weights(seen: Sequence[Observation], spread: float) -> list[float]:
    """Return what each observation weighs: its pairs, on a host that is noisier than all together accordingly less."""
    found = {host: known_spread([o for o in seen if o.host == host], least=SOME) for host in {o.host for o in seen}}
    own = {host: max(known[0], spread / MOST_QUIET) if known else spread for host, known in found.items()}
    return [o.pairs * (spread / own[o.host]) ** 2 for o in seen]


class Span:
    """Weighted columns, each with what it adds to those before it: least squares by orthogonal steps."""

    def __init__(self, weights: Sequence[float]) -> None:
        self.roots = [math.sqrt(w) for w in weights]
        self.basis: list[list[float]] = []
        self.upper: list[list[float]] = []

    def scaled(self, column: Sequence[float]) -> list[float]:
        """Return a column with its weights."""
        return [c * w for c, w in zip(column, self.roots, strict=True)]

    def residual(self, column: list[float]) -> list[float]:
        """Return what of a weighted column the basis does not hold."""
        for _ in range(2):
            for own in self.basis:
                share = dot(column, own)
                column = [c - share * o for c, o in zip(column, own, strict=True)]
        return column

    def add(self, column: Sequence[float]) -> bool:
        """Take a column in; False where the ones before it say the same."""
        scaled = self.scaled(column)
        rest = self.residual(scaled)
        size = math.sqrt(dot(rest, rest))
        if size <= 1e-6 * math.sqrt(dot(scaled, scaled)):
            return False
        self.upper.append([*(dot(scaled, own) for own in self.basis), size])
        self.basis.append([r / size for r in rest])
        return True

    def solve(self, values: Sequence[float]) -> tuple[list[float], list[list[float]]]:
        """Return the least-squares coefficients, and the inverse of the columns' products, weighted."""
        size = len(self.basis)
        inverse = [[0.0] * size for _ in range(size)]
        for j in range(size):
            for i in range(j, -1, -1):
                rest = math.fsum(self.upper[k][i] * inverse[k][j] for k in range(i + 1, j + 1))
                inverse[i][j] = ((i == j) - rest) / self.upper[i][i]
        shares = [dot(own, self.scaled(values)) for own in self.basis]
        return [dot(row, shares) for row in inverse], [[dot(a, b) for b in inverse] for a in inverse]


def t_quantile(probability: float, freedom: float) -> float:
    """Return the quantile (above one half) of Student's t; `freedom` is 1 or more and need not be whole."""
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)

    def beyond(angle: float) -> float:
        """Half of the mass within +-sqrt(freedom)*tan(angle), by Simpson's rule."""
        steps = 200
        width = angle / steps
        inner = math.fsum((4 if i % 2 else 2) * math.cos(i * width) ** (freedom - 1) for i in range(1, steps))
        last = float(math.cos(angle) ** (freedom - 1))
        return scale * width / 3 * (1 + inner + last)

    low, high = 0.0, math.pi / 2 - 1e-12
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if beyond(middle) < probability - 0.5 else (low, middle)
    return math.sqrt(freedom) * math.tan((low + high) / 2)
