"""Changes that an agent has put together by hand, each on or off: the cells of a design and their gains."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from helpers import console, git, state
from helpers.judge.advice import estimates
from helpers.judge.wave.design import ON_OFF, Design, Factor, lay_out
from helpers.judge.wave.effects import Observation


def plan(names: Sequence[str], runs: int | None) -> Design:
    """Return the design of the changes, the same for the same question. Raises ValueError where they do not fit."""
    return lay_out([Factor(name, ON_OFF) for name in names], runs)


def observations(texts: Sequence[str], its: Design) -> list[Observation]:
    """Read A+B=GAIN arguments; raises Failure (2) for an unreadable one, ValueError where cells are missing."""
    names, seen = [f.name for f in its.factors], []
    for text in texts:
        left, _, right = text.partition("=")
        on = set() if left == "none" else set(left.split("+"))
        if not right or not on <= set(names):
            raise console.usage(
                f"{text!r} is not A+B=GAIN with the factors {', '.join(names)}",
                "for example none=0% or fuse+tile=exp-13",
            )
        number = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)%", right)
        gain = float(number[1]) / 100 if number else estimates.gain_of(state.load(git.find().root), right)
        if gain <= -1:
            raise console.usage(
                f"{text!r}: a loss of 100% or more is not possible",
                "a gain is how many percent better than the baseline",
            )
        seen.append(Observation(tuple(int(name in on) for name in names), math.log1p(gain)))
    given = {o.cell for o in seen}
    for cells, words in (
        (set(its.cells) - given, "no gain for the cells"),
        (given - set(its.cells), "not a cell of this design:"),
    ):
        if cells:
            raise ValueError(f"{words} " + "; ".join(sorted(map(its.cell_label, cells))))
    return seen
