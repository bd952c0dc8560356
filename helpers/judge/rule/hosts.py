"""Pairs by where they were measured: what each host and each type of host shows by itself, and whether they differ.

It decides nothing: the verdict rests on all pairs together, each of which has both members on one host.
"""

import math
import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helpers.scale import Scale

LEVEL, DIFFER = 0.02, 0.05
"""A group shows the gain by itself where chance alone wins as often in fewer cases; and groups differ below this."""
SHUFFLES = 2000


@dataclass(frozen=True)
class Row:
    """What the pairs of one group say: the median gain, the wins, and whether they are enough alone."""

    name: str
    pairs: int
    wins: int
    gain: float
    shown: bool

    def words(self, by: Scale) -> str:
        """Return it with its n."""
        return (
            f"{self.name} {by.words(by.told(self.gain))} in {self.pairs} pair{'s' * (self.pairs > 1)}, {self.wins} wins"
        )


def table(gains: Sequence[float], names: Sequence[str], above: float, least: float) -> list[Row]:
    """Return a row for each name: a win is a gain over `above`, and the median must reach `least`."""
    rows = []
    for name in sorted(set(names)):
        own = [gain for gain, its in zip(gains, names, strict=True) if its == name]
        wins, middle = sum(gain > above for gain in own), statistics.median(own)
        chance = sum(math.comb(len(own), k) for k in range(wins, len(own) + 1)) / 2 ** len(own)
        rows.append(Row(name, len(own), wins, middle, chance <= LEVEL and middle >= least))
    return rows


def difference(gains: Sequence[float], names: Sequence[str]) -> float | None:
    """Return how often chance alone sets the groups as far apart: the sums of ranks, with the names shuffled.

    None where no group has two pairs, or there is one group.
    """
    sizes = [names.count(name) for name in set(names)]
    if len(sizes) < 2 or max(sizes) < 2:
        return None
    order = sorted(range(len(gains)), key=gains.__getitem__)
    ranks = {place: rank for rank, place in enumerate(order)}

    def apart(shuffled: Sequence[str]) -> float:
        sums: dict[str, float] = {}
        for place, name in enumerate(shuffled):
            sums[name] = sums.get(name, 0.0) + ranks[place]
        return sum(value * value / names.count(name) for name, value in sums.items())

    dice, mixed, seen = random.Random(len(gains)), list(names), apart(names)  # noqa: S311 - the same p each time
    as_far = 0
    for _ in range(SHUFFLES):
        dice.shuffle(mixed)
        as_far += apart(mixed) >= seen - 1e-9
    return (as_far + 1) / (SHUFFLES + 1)


def host_lines(
    baseline: Sequence[float],
    candidate: Sequence[float],
    hosts: Sequence[str],
    kinds: Mapping[str, str],
    by: Scale,
    margin: float,
    *,
    may_be_equal: bool,
) -> list[str]:
    """Return the table in words: by host, and by type where there are several; `kinds` names each host's type."""
    gains, delta = by.gains(baseline, candidate), by.bound(margin)
    above, least = (-delta, -delta) if may_be_equal else (0.0, delta)
    good, told = "not worse" if may_be_equal else "improved", list[str]()
    types = [kinds.get(host) or "unknown type" for host in hosts]
    for word, names in (("host", hosts), ("type", types)):
        rows = table(gains, names, above, least)
        if word == "host" or len(rows) > 1:
            told.append(f"by {word}: {'; '.join(row.words(by) for row in rows)}; {_apart(difference(gains, names))}")
        if word == "type" and len(rows) > 1:
            yes, no = ([row.name for row in rows if row.shown == wanted] for wanted in (True, False))
            both = f"{good} on {'both' if len(rows) == 2 else 'all types'}"
            some = [f"{good} on {', '.join(yes)}"] * bool(yes) + [f"not shown on {', '.join(no)}"]
            told.append(both if not no else ", ".join(some))
    return told


def _apart(chance: float | None) -> str:
    if chance is None:
        return "too few pairs each to tell whether they differ"
    return f"they {'differ' if chance <= DIFFER else 'are not shown to differ'} (p={chance:.3f})"
