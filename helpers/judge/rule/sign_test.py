"""The rule that decides: count the wins in interleaved pairs, look a few times, stop as soon as the table allows.

A pair is one measurement of the baseline and one of the candidate, back to back, in an order that a fair coin decides.
With that coin the chance that a candidate without any effect collects the wins of the table is known exactly, whatever
the noise is: a sign test with several looks (1.63% with at most 24 pairs, 2.19% with 48, 2.47% with 144).
references/judging.md explains it.
"""

import hashlib
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from helpers.scale import RATIO, Scale

TABLE = {
    8: (8, 3, 0),
    12: (11, 5, 1),
    18: (15, 7, 4),
    24: (18, 10, 8),
    36: (26, 15, 14),
    48: (33, 21, 21),
    72: (48, 35, 33),
    96: (62, 48, 46),
    144: (91, 67, 67),
}
"""Pairs so far: (improved if wins >= this, not improved if clear wins <= this, and that where more than 48 may follow).

When to give up costs nothing of the error, which hangs on the left column alone. On a noisy host giving up at 8 pairs
loses every sixth gain of 2%, whatever may follow; there a first comparison ends by `is_hopeless`, long before.
"""
BRIEF = 4
"""Clear wins, without one that is none, by which a confirmation agrees where the first comparison was clear in 8 of 8.

A change without effect does both in 0.5^12 = 0.02% of cases at most.
"""
OUT_OF_NOISE = 2.0
"""Times the spread of its median by which a holdout that passes early gains: one without a gain there does in 2.3%."""
LIKELY, EARLY = 0.3, 4.0
"""What the middle half of a comparison's pairs gains in the mean, in spreads of a pair: LIKELY - EARLY / pairs.

Below it the wins are hardly ever collected; `benchmarks/sessions.py` shows what that spares and what it loses.
"""
USUAL_PAIRS, MOST_PAIRS = 48, 144
"""Pairs at most, and on a host that is too noisy for them."""

Answer = Literal["improved", "not_improved", "undecided", "not_worse"]


@dataclass(frozen=True)
class Verdict:
    """A decision. `gain` and `interval` are as the scale tells them (0.02: 2% better), `pairs` those that it rests on.

    Counted are pairs with a gain above 0 (`wins`), above the margin (`clear_wins`) and above minus the margin
    (`within`).
    """

    verdict: Answer
    pairs: int
    gain: float
    interval: tuple[float, float]
    wins: int
    clear_wins: int
    within: int
    worse: bool
    needed_pairs: int | None = None


def order(seed: str, number: int) -> bool:
    """Tell whether the candidate is measured first in pair `number`: a fair coin, the same for ever."""
    return hashlib.sha256(f"{seed}/{number}".encode()).digest()[0] & 1 == 1


def is_look(pairs: int, max_pairs: int) -> bool:
    """Tell whether the table is consulted after `pairs` of them: at its looks, and when the pairs are used up."""
    return pairs == max_pairs or (pairs in TABLE and pairs < max_pairs)


def judge(
    baseline: Sequence[float],
    candidate: Sequence[float],
    *,
    direction: str,
    margin: float = 0.01,
    max_pairs: int = 48,
    mode: str = "improved",
    scale: str = RATIO,
) -> Verdict:
    """Apply the rule to pairs in the order they were measured; what follows the deciding look is not used.

    `margin` is the smallest gain worth keeping, a fraction, or by difference in the metric's unit. In mode `not_worse`
    the question is whether the candidate loses less than the margin. Raises ValueError for unusable measurements.
    """
    by = Scale(scale, direction=direction)
    delta = by.bound(margin)
    if max_pairs < 1:
        raise ValueError(f"max_pairs must be 1 or more, not {max_pairs!r}")
    if mode not in ("improved", "not_worse"):
        raise ValueError(f"mode must be improved or not_worse, not {mode!r}")
    found = by.gains(baseline, candidate)
    usable = [n for n in TABLE if n <= min(len(found), max_pairs)]
    if not found:
        raise ValueError("there are no pairs")
    if not usable:  # too few for any look: whatever they say, nothing is decided
        return _verdict("undecided", found[:max_pairs], delta, mode, by)
    for pairs in usable:
        answer = _look(found[:pairs], delta, mode, patient=max_pairs > USUAL_PAIRS)
        if answer != "undecided":
            return _verdict(answer, found[:pairs], delta, mode, by)
    return _verdict("undecided", found[: usable[-1]], delta, mode, by)


def confirms(first: Verdict | None, again: Verdict) -> bool:
    """Tell whether BRIEF pairs are enough to confirm a winner: clear of the margin, as all of its first look were."""
    clear = first is not None and first.verdict == "improved" and first.pairs == first.clear_wins == min(TABLE)
    return clear and again.pairs == again.clear_wins == BRIEF


def holds(found: Verdict, margin: float, sigma: float | None, by: Scale) -> bool:
    """Tell whether these pairs of a winner's second workload are enough: no noise of the first one makes them.

    By difference, or where no noise is known, BRIEF that are clear of the margin; the noise is of another size there.
    """
    if sigma is None or not by.by_ratio:
        return found.pairs == found.clear_wins == BRIEF
    least = max(by.bound(margin), OUT_OF_NOISE * sigma / (math.sqrt(found.pairs) if found.pairs > 2 else 1))
    if found.pairs == 2:
        return by.added(found.interval[0]) > least
    return found.pairs == found.wins == BRIEF and by.added(found.gain) >= least


def is_hopeless(baseline: Sequence[float], candidate: Sequence[float], by: Scale) -> bool:
    """Tell whether so little shows that a comparison may end: by size, as wins alone tell that late."""
    gains = sorted(by.gains(baseline, candidate))
    middle, cut = statistics.median(gains), len(gains) // 4
    spread = 1.4826 * statistics.median(abs(gain - middle) for gain in gains)
    return statistics.fmean(gains[cut : len(gains) - cut]) < (LIKELY - EARLY / len(gains)) * spread


def last_look(
    baseline: Sequence[float],
    candidate: Sequence[float],
    *,
    direction: str,
    margin: float,
    mode: str,
    scale: str = RATIO,
) -> Verdict:
    """Apply the rule at the last look alone, whatever an earlier one would have said: for a fixed number of pairs."""
    by = Scale(scale, direction=direction)
    found, delta = by.gains(baseline, candidate), by.bound(margin)
    usable = [n for n in TABLE if n <= len(found)]
    if not usable:
        return _verdict("undecided", found, delta, mode, by)
    return _verdict(_look(found[: usable[-1]], delta, mode), found[: usable[-1]], delta, mode, by)


def so_far(
    baseline: Sequence[float], candidate: Sequence[float], *, direction: str, margin: float, scale: str = RATIO
) -> Verdict:
    """Return what all pairs say by now, between two looks as well: it decides nothing."""
    by = Scale(scale, direction=direction)
    return _verdict("undecided", by.gains(baseline, candidate), by.bound(margin), "improved", by)


def _look(found: Sequence[float], delta: float, mode: str, *, patient: bool = False) -> Answer:
    enough, usual, late = TABLE[len(found)]
    few = late if patient else usual
    if mode == "not_worse":
        # Both columns count gains above -delta: a removal without effect wins gains above 0 only every other time and
        # would be turned down at the first look in 36% of comparisons. The chance to accept a true loss of the margin
        # hangs on the left column alone.
        wins = sum(gain > -delta for gain in found)
        if wins >= enough and statistics.median(found) > -delta:
            return "not_worse"
        return "not_improved" if wins <= few else "undecided"
    if sum(gain > 0 for gain in found) >= enough and statistics.median(found) >= delta:
        return "improved"
    return "not_improved" if sum(gain > delta for gain in found) <= few else "undecided"


def _verdict(answer: Answer, found: Sequence[float], delta: float, mode: str, by: Scale) -> Verdict:
    ordered, pairs = sorted(found), len(found)
    look = max((n for n in TABLE if n <= pairs), default=0)
    enough = (TABLE[look][0] if look else 0) + pairs - look
    middle = statistics.median(ordered)
    needed = None
    if answer == "undecided":
        needed = _needed(found, delta if mode == "improved" else -delta)
    losses = sum(gain < 0 for gain in found)
    return Verdict(
        answer,
        pairs,
        by.told(middle),
        (by.told(ordered[pairs - enough]), by.told(ordered[enough - 1])),
        sum(gain > 0 for gain in found),
        sum(gain > delta for gain in found),
        sum(gain > -delta for gain in found),
        losses >= enough and middle <= -delta,
        needed,
    )


def _needed(found: Sequence[float], against: float) -> int | None:
    """Estimate the pairs for a decision: a sign test of the observed share of wins at one sided 2%, 80% power."""
    share = sum(gain > against for gain in found) / len(found)
    distance = abs(share - 0.5)
    if distance < 0.01:
        return None
    return max(len(found) + 1, math.ceil(((2.054 * 0.5 + 0.842 * math.sqrt(share * (1 - share))) / distance) ** 2))
