"""Designed waves: many changes at once, on or off, in few runs; their effects and how far these can be told from noise.

A wave of `runs` cells (a power of two) tries up to runs - 1 factors. Each effect is a contrast: the mean log gain of
the cells that have the factor minus that of the cells that have not, so every cell counts for every factor. In a
fraction of all combinations an effect carries others with it, its aliases. Effects are told from noise by Lenth's
pseudo standard error (Technometrics 31, 1989), which needs no repetition but takes most effects for nothing. A wave
screens: what it finds is compared like any other change.
"""

from __future__ import annotations

import itertools
import math
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpers import console, git, state
from helpers.judge.advice import estimates

MAX_FACTORS, MAX_RUNS = 12, 64
FEWEST_EFFECTS = 7
"""With fewer contrasts than this, half of which should be nothing, Lenth's margin tells very little."""

Cell = frozenset[str]
"""The factors that are on in one cell."""


@dataclass(frozen=True)
class Design:
    """A two-level design: `cells` in run order, and the words of its defining relation as sets of factors."""

    factors: tuple[str, ...]
    cells: tuple[Cell, ...]
    words: tuple[Cell, ...]

    @property
    def resolution(self) -> int | None:
        """The length of the shortest word (3: main effects carry pairs); None when all combinations are run."""
        return min(map(len, self.words), default=None)

    def aliases(self, effect: Iterable[str], order: int = 2) -> list[Cell]:
        """Return the effects of at most `order` factors that one contrast cannot tell from `effect`.

        They come in with a minus where the word, the two together, has an odd length.
        """
        own = frozenset(effect)
        found = {own ^ word for word in self.words} - {own}
        return sorted((other for other in found if 0 < len(other) <= order), key=lambda e: (len(e), sorted(e)))


@dataclass(frozen=True)
class Effect:
    """One contrast as a log gain, and what it may be instead of `factors`.

    One factor: on against off, the others averaged. A pair: half of what the one gains more when the other is on.
    """

    factors: Cell
    aliases: tuple[Cell, ...]
    value: float


@dataclass(frozen=True)
class Analysis:
    """All contrasts, largest first, with Lenth's pseudo standard error and margins at 95%: for one effect, for all."""

    effects: tuple[Effect, ...]
    pse: float
    margin: float
    simultaneous: float


def design(factors: Sequence[str], runs: int | None = None) -> Design:
    """Lay out a wave. Without `runs`: all combinations up to 3 factors, else no main effect carries a pair.

    Raises ValueError when the factors do not fit.
    """
    names = tuple(factors)
    if not 2 <= len(names) <= MAX_FACTORS or len(set(names)) != len(names):
        raise ValueError(f"2 to {MAX_FACTORS} different factors are expected, not {len(names)}")
    runs = runs or max(4, 2 ** math.ceil(math.log2(2 * len(names))))
    if runs & (runs - 1) or not len(names) < runs <= MAX_RUNS:
        raise ValueError(
            f"runs must be a power of two, more than the {len(names)} factors and at most {MAX_RUNS}, not {runs}"
        )
    base = min(len(names), runs.bit_length() - 1)
    words = _words(base, len(names))
    cells = []
    for number in range(2**base):
        on = number
        for factor in range(base, len(names)):
            if (
                words[factor - base] & number
            ).bit_count() % 2:  # odd: so that the cell with nothing on is in the design
                on |= 1 << factor
        cells.append(_named(on, names))
    repeats = runs // 2**base
    group = [word for word in _group([mask | 1 << base + i for i, mask in enumerate(words)]) if word]
    return Design(names, tuple(cells) * repeats, tuple(_named(word, names) for word in group))


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


def _named(mask: int, names: Sequence[str]) -> Cell:
    return frozenset(name for i, name in enumerate(names) if mask >> i & 1)


def analyse(plan: Design, gains: Mapping[Cell, Sequence[float]]) -> Analysis:
    """Compute the effects from the log gains measured in each cell, each against the baseline beside it.

    Several gains of one cell are averaged. Raises ValueError naming the cells without any.
    """
    cells = tuple(dict.fromkeys(plan.cells))
    missing = [cell for cell in cells if not gains.get(cell)]
    if missing:
        raise ValueError("no gain for the cells " + "; ".join(label(cell) for cell in missing))
    strange = [cell for cell in gains if cell not in cells]
    if strange:
        raise ValueError("not a cell of this design: " + "; ".join(label(cell) for cell in strange))
    values = {cell: statistics.fmean(gains[cell]) for cell in cells}
    effects, seen = [], set()
    for size in range(1, len(plan.factors) + 1):
        for names in itertools.combinations(plan.factors, size):
            own = frozenset(names)
            if own in seen:
                continue
            seen |= {own} | {own ^ word for word in plan.words}
            if own in plan.words:
                continue
            effects.append(Effect(own, tuple(plan.aliases(own)), _contrast(own, values)))
    effects.sort(key=lambda effect: -abs(effect.value))
    sizes = [abs(effect.value) for effect in effects]
    error, freedom = max(lenth(sizes), 1e-9), max(1.0, len(sizes) / 3)  # exact repetitions: rounding is no effect
    every = (1 + 0.95 ** (1 / len(sizes))) / 2
    return Analysis(tuple(effects), error, error * t_quantile(0.975, freedom), error * t_quantile(every, freedom))


def _contrast(factors: Cell, values: Mapping[Cell, float]) -> float:
    """Mean of the cells where the product of the factors' signs is +1 minus the mean of the others."""
    return 2 * math.fsum(_sign(factors, cell) * value for cell, value in values.items()) / len(values)


def _sign(factors: Cell, cell: Cell) -> int:
    return -1 if len(factors - cell) % 2 else 1


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


def predicted(found: Analysis, cell: Cell) -> float:
    """Return the log gain of a cell over the baseline by the effects beyond the margin alone."""
    none: Cell = frozenset()
    return math.fsum(
        effect.value * (_sign(effect.factors, cell) - _sign(effect.factors, none)) / 2
        for effect in found.effects
        if abs(effect.value) > found.margin
    )


def best(plan: Design, found: Analysis) -> tuple[Cell, float]:
    """Return the combination with the largest predicted log gain, the smaller one of equals."""
    names = plan.factors
    every = (frozenset(c) for size in range(len(names) + 1) for c in itertools.combinations(names, size))
    return max(((cell, round(predicted(found, cell), 12)) for cell in every), key=lambda pair: (pair[1], -len(pair[0])))


def label(factors: Cell) -> str:
    """Write a set of factors: `a+b`, or `none`."""
    return "+".join(sorted(factors)) or "none"


def as_dict(plan: Design, found: Analysis) -> dict[str, Any]:
    """Return the analysis as JSON values; gains are fractions."""
    cell, gain = best(plan, found)
    return {
        "effects": [
            {
                "effect": label(e.factors),
                "gain": math.expm1(e.value),
                "shown": abs(e.value) > found.margin,
                "aliases": [label(alias) for alias in e.aliases],
            }
            for e in found.effects
        ],
        "pse": found.pse,
        "margin": found.margin,
        "simultaneous_margin": found.simultaneous,
        "best": sorted(cell),
        "predicted_gain": math.expm1(gain),
    }


def effect_lines(answer: dict[str, Any]) -> list[str]:
    """Return the lines of text for what `as_dict` holds."""
    rows = answer["effects"]
    text = [
        f"{'*' if row['shown'] else ' '} {row['effect']:24} {row['gain']:+8.2%}"
        + (f"   or {', '.join(row['aliases'])}" if row["aliases"] else "")
        for row in rows
    ]
    text.append(
        f"* beyond {answer['margin']:.2%}, Lenth's margin of error for one effect;"
        f" for all {len(rows)} at once {answer['simultaneous_margin']:.2%}"
    )
    if len(rows) < FEWEST_EFFECTS:
        text.append(f"{len(rows)} effects are too few to tell noise from them; compare the combinations themselves")
    if not any(row["shown"] for row in rows):
        return [*text, "no effect stands out from the noise: measure the wave again, or take bigger changes"]
    if not answer["best"]:
        return [*text, "next: none of these changes; what stands out makes it worse"]
    name = label(frozenset(answer["best"]))
    return [*text, f"next: build {name} (predicted {answer['predicted_gain']:+.2%}) and compare it"]


def measured_cells(texts: list[str], plan: Design) -> dict[Cell, list[float]]:
    """Read A+B=GAIN arguments; raises Failure (2) for an unreadable one."""
    gains: dict[Cell, list[float]] = {}
    for text in texts:
        left, _, right = text.partition("=")
        cell = frozenset() if left == "none" else frozenset(left.split("+"))
        if not right or not cell <= set(plan.factors):
            raise console.usage(
                f"{text!r} is not A+B=GAIN with the factors {', '.join(plan.factors)}",
                "for example none=0% or fuse+tile=exp-13",
            )
        number = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)%", right)
        gain = float(number[1]) / 100 if number else estimates.gain_of(state.load(git.find().root), right)
        if gain <= -1:
            raise console.usage(
                f"{text!r}: a loss of 100% or more is not possible",
                "a gain is how many percent better than the baseline",
            )
        gains.setdefault(cell, []).append(math.log1p(gain))
    return gains
