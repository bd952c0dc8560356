"""What a wave has shown: effects as ratios with intervals, the best value of each factor, what was not told apart.

Every observation is a cell's log gain over the baseline that ran beside it on its host, so that no host's speed is in
it. Least squares on the contrasts of single factors, to which those of pairs are added as far as the data ask for them.
Noise is what the pairs of a cell, or the host's calibration, say; without either it is Lenth's pseudo standard error
(Technometrics 31, 1989) where every contrast can be computed, else what the fit leaves. A wave screens: what it finds
is compared like any other change.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from helpers.judge.wave.design import MAX_LEVELS, Cell, Design, Effect, dot

LEAST_SQUARES = 2.0
"""An effect whose square is not this many times that of its error is left out of predictions (as by Akaike)."""
FEWEST_EFFECTS = 7
"""With fewer contrasts than this, half of which should be nothing, Lenth's margin tells very little."""
MOST_PREDICTED = 20_000
SURE = 200.0
"""Degrees of freedom of a spread that a calibration measured."""


@dataclass(frozen=True)
class Observation:
    """A cell's log gain over the baseline beside it, the mean of `pairs`, which differ by `spread` (known or not)."""

    cell: Cell
    gain: float
    pairs: int = 1
    host: str = ""
    spread: float | None = None
    freedom: float = SURE


@dataclass(frozen=True)
class Shown:
    """One contrast as a log ratio, from its first value to its last, with its margin of error at 95%.

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
    source: str
    factor: float
    terms: tuple[Effect, ...]
    values: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    hosts: dict[str, tuple[float, float, int]] = field(default_factory=dict)
    """For each host the mean log gain that the fit leaves, its margin, and its cells."""

    def predicted(self, cell: Cell) -> float:
        """Return a cell's log gain over the baseline, by the effects that are large enough to go by."""
        return dot(self.values, self._row(cell))

    def _row(self, cell: Cell) -> list[float]:
        return [1.0, *(column[0] for column in self.design.columns(self.terms[1:], [cell]))]

    def difference(self, one: Cell, two: Cell) -> tuple[float, float]:
        """Return the predicted log ratio of two cells and its margin of error at 95%."""
        row = [a - b for a, b in zip(self._row(one), self._row(two), strict=True)]
        variance = dot(row, [dot(line, row) for line in self.covariance])
        return dot(row, self.values), self.factor * math.sqrt(max(variance, 0.0))

    def best(self) -> tuple[Cell, float]:
        """Return the cell with the largest predicted log gain, of equals the one with the first values."""
        sizes = [range(len(f.levels)) for f in self.design.factors]
        known = math.prod(map(len, sizes)) > MOST_PREDICTED
        cells: Iterable[Cell] = self.design.cells if known else itertools.product(*sizes)
        ranked = ((cell, round(self.predicted(cell), 12)) for cell in cells)
        return max(ranked, key=lambda pair: (pair[1], [-n for n in pair[0]]))


def analyse(design: Design, seen: Sequence[Observation]) -> Analysis:
    """Compute effects and predictions. Raises ValueError where the cells with a result do not tell single effects."""
    cells, weights = [o.cell for o in seen], [float(o.pairs) for o in seen]
    span, degrees = Span(weights), MAX_LEVELS
    if len(set(cells)) < 3 + sum(len(f.levels) - 1 for f in design.factors):
        degrees = 2
    terms: list[Effect] = [()]
    span.add([1.0] * len(cells))
    singles = design.effects(1, degrees)
    if span_lacks := [e for e, c in zip(singles, design.columns(singles, cells), strict=True) if not span.add(c)]:
        names = ", ".join(map(design.label, span_lacks))
        raise ValueError(f"the cells with a result do not tell the effects of: {names}")
    terms += singles
    gains = [o.gain for o in seen]
    spread, freedom = known_spread(seen)
    two = all(len(f.levels) == 2 for f in design.factors)
    pairs = [e for e in design.effects(len(design.factors) if two and spread is None else 2) if len(e) > 1]
    every = [e for e in design.effects(2, degrees, MAX_LEVELS) if len(e) > 1]
    if len(terms) + len(every) <= len(set(cells)):  # all combinations: of a step or a peak in one corner too
        pairs = every if not two else pairs
    source = "the pairs of the cells and the hosts' calibrations"
    if spread is None and two:
        terms += [e for e, c in zip(pairs, design.columns(pairs, cells), strict=True) if span.add(c)]
    else:
        terms += _selected(design, span, pairs, cells, gains, spread)
    values, inverse = span.solve(gains)
    sizes = [2 * abs(v) for v in values[1:]]
    left = [g - dot(values, row) for g, row in zip(gains, span.rows(), strict=True)]
    rest = len(gains) - len(terms)
    residual = math.sqrt(math.fsum(w * r * r for w, r in zip(weights, left, strict=True)) / rest) if rest > 0 else None
    if spread is None and rest < 3:  # exact repetitions: rounding is no effect
        source, freedom = "Lenth's pseudo standard error", max(1.0, len(sizes) / 3)
        spread = max(lenth(sizes), 1e-9) / 2 * math.sqrt(math.fsum(weights))
    elif spread is None:
        source, freedom, spread = "what the effects leave", float(rest), max(residual or 0.0, 1e-9)
    factor = t_quantile(0.975, freedom)
    many = t_quantile(1 - 0.025 / max(1, len(sizes) if source.startswith("Lenth") else len(pairs)), freedom)
    errors = [spread * math.sqrt(inverse[n][n]) for n in range(len(terms))]
    rows = [
        Shown(e, 2 * v, 2 * factor * s, 2 * many * s) for e, v, s in zip(terms[1:], values[1:], errors[1:], strict=True)
    ]
    rows.sort(key=lambda row: -abs(row.value))
    least = factor**2 if source.startswith("Lenth") else LEAST_SQUARES
    kept = [0, *_worth(terms, values, errors, least)]
    covariance = tuple(tuple(spread**2 * inverse[a][b] for b in kept) for a in kept)
    return Analysis(
        design,
        tuple(rows),
        spread,
        source,
        factor,
        tuple(terms[n] for n in kept),
        tuple(values[n] for n in kept),
        covariance,
        _by_host(seen, left, spread),
    )


def _selected(
    design: Design, span: Span, pairs: list[Effect], cells: list[Cell], gains: list[float], spread: float | None
) -> list[Effect]:
    """Add to the fit the effects of pairs that the data ask for, the largest first, and return them."""
    found: list[Effect] = []
    columns = dict(zip(pairs, design.columns(pairs, cells), strict=True))
    while columns and len(span.basis) < len(set(cells)) - (0 if spread else 2):
        left = span.residual([g * w for g, w in zip(gains, span.roots, strict=True)])
        free = len(gains) - len(span.basis)
        error = (spread or math.sqrt(dot(left, left) / free)) if free else spread or 0.0
        strength = {}
        for effect, column in columns.items():
            own = span.residual([c * w for c, w in zip(column, span.roots, strict=True)])
            size = dot(own, own)
            if size > 0.02 * dot(column, column):
                strength[effect] = abs(dot(own, left)) / math.sqrt(size)
        best = max(strength, key=lambda e: strength[e], default=None)
        if best is None or strength[best] ** 2 < 2 * LEAST_SQUARES * max(error, 1e-9) ** 2:
            break
        span.add(columns.pop(best))
        found.append(best)
    return found


def _worth(terms: list[Effect], values: list[float], errors: list[float], least: float) -> list[int]:
    """Return which terms predictions go by: a factor's single effects stand or fall together, a pair's with it."""
    strength: dict[tuple[int, ...], list[float]] = {}
    for n, effect in enumerate(terms[1:], 1):
        strength.setdefault(tuple(f for f, _ in effect), []).append((values[n] / errors[n]) ** 2 if errors[n] else 0.0)
    good = {names for names, squares in strength.items() if math.fsum(squares) > least * len(squares)}
    return [n for n, effect in enumerate(terms[1:], 1) if tuple(f for f, _ in effect) in good]


def known_spread(seen: Sequence[Observation]) -> tuple[float | None, float]:
    """Return the spread of one pair, pooled over what is known of each observation, and its degrees of freedom."""
    known = [(o.spread, o.freedom) for o in seen if o.spread is not None and o.freedom > 0]
    freedom = math.fsum(f for _, f in known)
    if freedom < 3:
        return None, 0.0
    return math.sqrt(math.fsum(f * s * s for s, f in known) / freedom), min(freedom, SURE)


def _by_host(seen: Sequence[Observation], left: Sequence[float], spread: float) -> dict[str, tuple[float, float, int]]:
    found = {}
    for host in sorted({o.host for o in seen if o.host}):
        its = [(o.pairs, r) for o, r in zip(seen, left, strict=True) if o.host == host]
        total = math.fsum(w for w, _ in its)
        found[host] = math.fsum(w * r for w, r in its) / total, 2 * spread / math.sqrt(total), len(its)
    return found


class Span:
    """Weighted columns, each with what it adds to those before it: least squares by orthogonal steps."""

    def __init__(self, weights: Sequence[float]) -> None:
        self.roots = [math.sqrt(w) for w in weights]
        self.columns: list[list[float]] = []
        self.basis: list[list[float]] = []

    def residual(self, column: list[float]) -> list[float]:
        """Return what of a weighted column the basis does not hold."""
        for _ in range(2):
            for own in self.basis:
                share = dot(column, own)
                column = [c - share * o for c, o in zip(column, own, strict=True)]
        return column

    def add(self, column: Sequence[float]) -> bool:
        """Take a column in; False where the ones before it say the same."""
        scaled = [c * w for c, w in zip(column, self.roots, strict=True)]
        rest = self.residual(scaled)
        size = math.sqrt(dot(rest, rest))
        if size <= 1e-6 * math.sqrt(dot(scaled, scaled)) or not size:
            return False
        self.columns.append(list(column))
        self.basis.append([r / size for r in rest])
        return True

    def rows(self) -> list[list[float]]:
        """Return what the columns hold for each observation."""
        return [list(row) for row in zip(*self.columns, strict=True)]

    def solve(self, values: Sequence[float]) -> tuple[list[float], list[list[float]]]:
        """Return the least-squares coefficients, and the inverse of the columns' products, weighted."""
        weighted = [[c * w for c, w in zip(column, self.roots, strict=True)] for column in self.columns]
        upper = [[dot(own, column) for column in weighted] for own in self.basis]
        size = len(self.basis)
        inverse = [[0.0] * size for _ in range(size)]
        for j in range(size):
            for i in range(j, -1, -1):
                rest = math.fsum(upper[i][k] * inverse[k][j] for k in range(i + 1, j + 1))
                inverse[i][j] = ((i == j) - rest) / upper[i][i]
        shares = [dot(own, [v * w for v, w in zip(values, self.roots, strict=True)]) for own in self.basis]
        return [dot(row, shares) for row in inverse], [[dot(a, b) for b in inverse] for a in inverse]


def lenth(sizes: Sequence[float]) -> float:
    """Return the pseudo standard error of effects from their absolute values."""
    rough = 1.5 * statistics.median(sizes)
    return 1.5 * statistics.median([size for size in sizes if size < 2.5 * rough] or [0.0])


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
