"""Pairs that were measured elsewhere are judged as if they had been measured here, in the order of their numbers."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from helpers.judge.measure import pairs
from helpers.judge.measure.pairs import Pair
from helpers.judge.measure.plan import Plan
from helpers.judge.rule import sign_test

PLAN = Plan("j", "e", "t", "c", "t", "t", "time_s", "lower", 0.01, 48, 1, "improved", "s", [], {}, {}, [], "/w")


def measured(gain: float, count: int = 48, **more: Any) -> list[Pair]:
    """Pairs with noise, some of them failed as `more` says."""
    dice = random.Random(str(gain))
    times = [(dice.gauss(1, 0.02), dice.gauss(1, 0.02) / (1 + gain)) for _ in range(count)]
    return [
        Pair(n, {"time_s": one}, {"time_s": other}, 2.0, f"vm-{n % 3}", **more) for n, (one, other) in enumerate(times)
    ]


def judged(given: list[Pair]) -> tuple[pairs.Measured, sign_test.Verdict]:
    """What the driver's own loop makes of them without a side to measure."""
    return pairs.interleave([], [], PLAN, lambda *_: None, given=given)


@pytest.mark.parametrize("gain", [0.2, 0.02, 0.0, -0.05])
def test_the_rule_is_that_of_one_host(gain: float) -> None:
    """The same looks, the same verdict; what lies beyond the deciding look is not used, and hosts are known."""
    given = measured(gain)
    found, verdict = judged(given)
    base, cand = ([side["time_s"] for side in sides] for sides in (found.baseline, found.candidate))

    assert sign_test.judge(base, cand, direction="lower", margin=0.01) == verdict
    assert verdict.pairs == len(found.baseline) == len(found.elsewhere)
    assert given[: verdict.pairs] == found.elsewhere
    assert 2.0 * verdict.pairs == found.seconds


def test_too_few_decide_nothing() -> None:
    """Who holds pairs up to no deciding look is told so, and no verdict is made up."""
    with pytest.raises(pairs.NoSidesError):
        judged(measured(0.02, 7))


def test_a_failed_pair_ends_it_in_its_turn() -> None:
    """A candidate that cannot be measured in pair 9 says nothing about what eight pairs decided."""
    broken = [Pair(8, failed="exit 1")]

    assert "improved" == judged(measured(0.5, 8) + broken)[1].verdict
    with pytest.raises(pairs.CandidateError, match="exit 1"):
        judged(measured(0.02, 8) + broken)


@pytest.mark.parametrize(("sigma", "enough"), [(0.01, 2), (0.2, 4), (0.3, 8), (None, 4)])
def test_a_holdout_ends_early_only_where_noise_cannot_win_it(sigma: float | None, enough: int) -> None:
    """Wins of 30% are clear of a margin of 1%; where a pair's noise is 20%, two of them are luck, and four are not."""
    brief = pairs.holding(sigma)
    plan = replace(PLAN, mode="not_worse")

    _, verdict = pairs.interleave([], [], plan, lambda *_: None, given=measured(0.3, 8), early=brief)

    assert (enough, "not_worse") == (verdict.pairs, verdict.verdict)


@pytest.mark.parametrize(("gains", "enough"), [([0.05] * 8, 4), ([0.05] * 3 + [0.005] + [0.05] * 4, 8)])
def test_a_clear_winner_is_confirmed_by_four_clear_pairs(gains: list[float], enough: int) -> None:
    """Four that are clear of the margin are enough, where the comparison was clear in eight; else the table decides."""
    given = [Pair(n, {"time_s": 1.0}, {"time_s": 1 / (1 + gain)}) for n, gain in enumerate(gains)]
    won, _ = judged([Pair(n, {"time_s": 1.0}, {"time_s": 0.9}) for n in range(8)])

    again, verdict = pairs.interleave([], [], PLAN, lambda *_: None, given=given, early=pairs.confirming(won, PLAN))

    assert (enough, "improved") == (len(again.baseline), verdict.verdict)


def test_a_comparison_ends_once_a_gain_is_unlikely() -> None:
    """The size of the gains ends a first comparison at any pair, before the table would; a winner by the table."""
    none = [Pair(n, {"time_s": 1.0}, {"time_s": 1 + (0.04, -0.01, -0.04, 0.02)[n % 4]}) for n in range(144)]
    long = replace(PLAN, max_pairs=144)

    def pairs_of(plan: Plan, given: list[Pair], early: pairs.Early = pairs.unlikely) -> tuple[int, str]:
        verdict = pairs.interleave([], [], plan, lambda *_: None, given=given, early=early)[1]
        return verdict.pairs, verdict.verdict

    assert (5, "not_improved") == pairs_of(long, none)
    assert (9, "not_improved") == pairs_of(replace(long, promising=True), none)  # two measurements that contradict
    assert pairs_of(long, none, pairs.tied)[0] > 24
    assert (4, "not_improved") == pairs_of(PLAN, [Pair(p.number, p.candidate, p.baseline) for p in measured(0.3)])
    assert (8, "improved") == pairs_of(long, measured(0.3))


class Steady:
    """A side that counts how often it is measured."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.calls, self.signs = seconds, 0, set[str]()

    def measure(self, *_: Any) -> dict[str, float]:
        """Return always the same."""
        self.calls += 1
        return {"time_s": self.seconds}


def test_every_measurement_is_one_of_a_pair() -> None:
    """Warmed once, before the first pair, the sides are not warmed again for a confirmation or a holdout."""
    base, cand = Steady(2.0), Steady(1.0)
    _, verdict = pairs.interleave([base], [cand], PLAN, lambda *_: None)  # type: ignore[list-item]

    assert (verdict.pairs, verdict.pairs) == (base.calls, cand.calls)
