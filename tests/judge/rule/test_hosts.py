"""What pairs say by the host that measured them, and whether hosts differ."""

from __future__ import annotations

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from helpers.judge.rule import hosts
from helpers.scale import Scale

BOTH = {"a": "H100", "b": "H100", "c": "H200", "d": "H200"}
FOUR = list("abcd") * 6


def lines(gains: list[float], names: list[str], **more: bool) -> list[str]:
    """The table of pairs on hosts of two types."""
    candidate = [math.exp(-gain) for gain in gains]
    return hosts.host_lines(
        [1.0] * len(gains), candidate, names, BOTH, Scale(), 0.01, **{"may_be_equal": False, **more}
    )


def test_a_gain_that_every_type_shows() -> None:
    """Where each type's own pairs suffice it is improved on both; no difference is made up."""
    found = lines([0.05 + 0.001 * (n * 7 % 5) for n in range(24)], FOUR)

    assert "improved on both" == found[2]
    assert "H100 +5.34% in 12 pairs, 12 wins" in found[1]
    assert "not shown to differ" in found[0]


def test_a_gain_that_one_type_shows() -> None:
    """The other type is not shown, and the test says that they differ."""
    found = lines([(0.05 if name in "ab" else 0.0) + 0.001 * (n % 7 - 3) for n, name in enumerate(FOUR)], FOUR)

    assert "improved on H100, not shown on H200" == found[2]
    assert "they differ (p=0.000" in found[1]


def test_one_pair_each_tells_nothing_of_hosts() -> None:
    """Eight pairs on eight hosts have no spread within a host to hold the one between them against."""
    assert hosts.difference([0.1 * n for n in range(8)], list("abcdefgh")) is None
    assert hosts.difference([0.1] * 8, ["a"] * 8) is None


def test_hosts_that_do_not_differ_are_seldom_said_to() -> None:
    """The share of false alarms is that of the level."""
    dice = random.Random(3)
    alarms = [hosts.difference([dice.gauss(0, 1) for _ in range(12)], list("abc") * 4) for _ in range(60)]

    assert 8 > sum((p or 1) <= hosts.DIFFER for p in alarms)


@given(st.lists(st.tuples(st.floats(-1, 1), st.sampled_from("abcd")), min_size=1, max_size=20))
def test_every_pair_is_in_one_row(pairs: list[tuple[float, str]]) -> None:
    """Rows add up to the pairs; what chance wins every other time is never shown by few pairs."""
    rows = hosts.table([gain for gain, _ in pairs], [name for _, name in pairs], 0.0, 0.01)

    assert len(pairs) == sum(row.pairs for row in rows)
    assert not any(row.shown for row in rows if row.pairs < 6)
