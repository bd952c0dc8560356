"""Changes that an agent has put together by hand, each on or off: the cells of a design and their gains."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence

from helpers import console, git, state
from helpers.judge.advice import estimates
from helpers.judge.wave.design import ON_OFF, Cell, Design, Factor, lay_out
from helpers.judge.wave.effects import Observation
from helpers.scale import Scale


def plan(names: Sequence[str], runs: int | None) -> Design:
    """Return the design of the changes, the same for the same question. Raises ValueError where they do not fit."""
    return lay_out([Factor(name, ON_OFF) for name in names], runs)


def observations(texts: Sequence[str], its: Design) -> tuple[list[Observation], Scale]:
    """Read A+B=GAIN arguments, gains of experiments on the session's scale.

    Raises Failure (2) for an unreadable one, ValueError where cells are missing.
    """
    names = [f.name for f in its.factors]
    now: state.State | None = None
    shares = False
    gains: dict[Cell, list[float]] = {}
    for text in texts:
        left, _, right = text.partition("=")
        on = set() if left == "none" else set(left.split("+"))
        if not right or not on <= set(names):
            wanted = "for example none=0% or fuse+tile=exp-13"
            raise console.usage(f"{text!r} is not A+B=GAIN with the factors {', '.join(names)}", wanted)
        if number := re.fullmatch(r"([+-]?\d+(?:\.\d+)?)%", right):
            gain = float(number[1]) / 100
            shares = shares or gain != 0
        else:
            now = now or state.load(git.find().root)
            gain = estimates.gain_of(now, right)
        gains.setdefault(tuple(int(name in on) for name in names), []).append(gain)
    by = now.scale if now else Scale()
    if shares and not by.by_ratio:
        raise console.usage(f"{by.metric} is judged by difference: no percents", "name experiments: fuse=exp-12")
    if by.by_ratio and min(map(min, gains.values())) <= -1:
        raise console.usage("a loss of 100% or more is not possible", "a gain is how many percent better")
    if set(gains) != set(its.cells):
        missing = "; ".join(map(its.cell_label, sorted(set(its.cells) - set(gains)))) or "none"
        strange = "; ".join(map(its.cell_label, sorted(set(gains) - set(its.cells)))) or "none"
        raise ValueError(f"cells of this design without a gain: {missing}; gains of no cell of it: {strange}")
    return [Observation(cell, statistics.fmean(map(by.added, own)), len(own)) for cell, own in gains.items()], by
