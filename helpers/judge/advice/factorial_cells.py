"""The measured cells of a wave, as they are typed: which changes a cell holds, and its gain."""

from __future__ import annotations

import math
import re

from helpers import console, git, state
from helpers.judge.advice import estimates, factorial


def measured(texts: list[str], plan: factorial.Design) -> dict[factorial.Cell, list[float]]:
    """Read A+B=GAIN arguments; raises Failure (2) for an unreadable one."""
    gains: dict[factorial.Cell, list[float]] = {}
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
                "a gain is how many percent better than the control",
            )
        gains.setdefault(cell, []).append(math.log1p(gain))
    return gains
