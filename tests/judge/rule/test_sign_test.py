"""The rule: its error is what the table says, exactly; it stops when it may; nothing but the pairs matters."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import arguments
from helpers.judge.rule import sign_test
from helpers.judge.rule.sign_test import TABLE
from helpers.scale import Scale

VALUES = st.floats(min_value=0.01, max_value=100, allow_nan=False)


def chance_of_wins(max_pairs: int) -> float:
    """Return the chance that fair coins collect the wins at any look: over all paths of win counts.

    Nothing is turned down early here, and the median need not reach the margin: both only lower it.
    """
    alive, found, last = {0: 1.0}, 0.0, 0
    for look in sorted(n for n in TABLE if n <= max_pairs):
        for _ in range(look - last):
            step: dict[int, float] = {}
            for wins, chance in alive.items():
                step[wins] = step.get(wins, 0.0) + chance / 2
                step[wins + 1] = step.get(wins + 1, 0.0) + chance / 2
            alive = step
        found += sum(chance for wins, chance in alive.items() if wins >= TABLE[look][0])
        alive = {wins: chance for wins, chance in alive.items() if wins < TABLE[look][0]}
        last = look
    return found


@pytest.mark.parametrize(("max_pairs", "percent"), [(24, 1.63), (48, 2.19), (144, 2.47)])
def test_the_exact_chance_of_a_false_keep(max_pairs: int, percent: float) -> None:
    """A candidate with no effect collects the wins in 1.63% of comparisons of 24 pairs, 2.19% of 48, 2.47% of 144."""
    assert percent == round(100 * chance_of_wins(max_pairs), 2)
    assert arguments.PAIRS == tuple(TABLE)


def test_a_long_comparison_is_slower_to_give_up() -> None:
    """Where it may take more than 48 pairs, three clear wins of eight are not yet a no: noise alone brings that."""
    base, cand = [1.0] * 8, [0.97] * 3 + [1.03] * 5

    assert "not_improved" == sign_test.judge(base, cand, direction="lower").verdict
    assert "undecided" == sign_test.judge(base, cand, direction="lower", max_pairs=144).verdict


def test_a_true_gain_needs_eight_pairs() -> None:
    """Eight wins of eight with a median above the margin are enough, and later pairs are not looked at."""
    verdict = sign_test.judge([1.0] * 8 + [0.1] * 40, [0.95] * 48, direction="lower")

    assert ("improved", 8, 8) == (verdict.verdict, verdict.pairs, verdict.wins)
    assert verdict.gain == pytest.approx(1 / 0.95 - 1)


def test_wins_below_the_margin_are_not_enough() -> None:
    """A gain that is sure and too small to be worth keeping is not improved."""
    verdict = sign_test.judge([1.0] * 48, [0.995] * 48, direction="lower", margin=0.01)

    assert ("not_improved", 8) == (verdict.verdict, verdict.pairs)


def test_only_a_clear_winner_is_confirmed_in_brief() -> None:
    """Eight clear wins of eight, then four: a change without effect does that in 0.5^12 of cases at most."""
    clear = sign_test.judge([1.0] * 8, [0.95] * 8, direction="lower")
    narrow = sign_test.judge([1.0] * 8, [0.95] * 7 + [0.995], direction="lower")
    four, three = (sign_test.so_far([1.0] * n, [0.95] * n, direction="lower", margin=0.01) for n in (4, 3))

    assert (True, False, False) == tuple(sign_test.confirms(first, four) for first in (clear, narrow, None))
    assert not sign_test.confirms(clear, three)
    assert 0.5 ** (min(TABLE) + sign_test.BRIEF) < 0.00025


@given(gains=st.lists(st.floats(-0.5, 0.5), min_size=4, max_size=144), more=st.floats(0.001, 0.5))
@settings(max_examples=200)
def test_what_gains_more_is_not_given_up_sooner(gains: list[float], more: float) -> None:
    """Where every pair gains the same on top, or nothing is lost in any, hope does not go."""
    base = [1.0] * len(gains)

    def hopeless(by: float) -> bool:
        return sign_test.is_hopeless(base, [math.exp(-gain - by) for gain in gains], Scale())

    assert hopeless(0.0) or not hopeless(more)
    assert not hopeless(3 * max(map(abs, gains)) + 0.01)


def test_ties_are_no_wins() -> None:
    """Equal measurements win nothing."""
    assert "not_improved" == sign_test.judge([1.0] * 8, [1.0] * 8, direction="lower").verdict


def test_too_few_pairs_decide_nothing() -> None:
    """Before the first look the answer is undecided, however good the pairs are."""
    assert "undecided" == sign_test.judge([1.0] * 7, [0.5] * 7, direction="lower").verdict


def test_undecided_says_what_a_decision_would_need() -> None:
    """Neither by the last look: undecided, with an estimate of the pairs that a decision needs."""
    base, cand = [1.0] * 24, [0.97] * 15 + [1.03] * 9
    mixed = [cand[(7 * i) % 24] for i in range(24)]

    verdict = sign_test.judge(base, mixed, direction="lower", max_pairs=24)

    assert "undecided" == verdict.verdict
    assert (verdict.needed_pairs or 0) > 24


def test_worse_is_said() -> None:
    """The table read the other way: a candidate that loses every pair is shown to be worse."""
    assert sign_test.judge([1.0] * 8, [1.1] * 8, direction="lower").worse
    assert not sign_test.judge([1.1] * 8, [1.0] * 8, direction="lower").worse


def test_a_simplification_must_lose_less_than_the_margin() -> None:
    """--not-worse: a loss inside the margin is accepted, one beyond it is not."""
    small = sign_test.judge([1.0] * 8, [1.005] * 8, direction="lower", margin=0.01, mode="not_worse")
    large = sign_test.judge([1.0] * 8, [1.05] * 8, direction="lower", margin=0.01, mode="not_worse")

    assert "not_worse" == small.verdict
    assert "not_improved" == large.verdict


def test_a_removal_without_effect_is_accepted() -> None:
    """--not-worse: half the pairs below zero are no argument while all lie inside the margin."""
    verdict = sign_test.judge([1.0] * 8, [1.004] * 6 + [0.996] * 2, direction="lower", mode="not_worse")

    assert ("not_worse", 8) == (verdict.verdict, verdict.pairs)


@given(
    pairs=st.lists(st.tuples(VALUES, VALUES), min_size=8, max_size=48), better=st.floats(min_value=1.0, max_value=2.0)
)
@settings(max_examples=200)
def test_a_faster_candidate_is_never_judged_worse(pairs: list[tuple[float, float]], better: float) -> None:
    """With every measurement of the candidate improved by a factor, improved stays improved."""
    base, cand = [b for b, _ in pairs], [c for _, c in pairs]
    for mode in ("improved", "not_worse"):
        before = sign_test.judge(base, cand, direction="lower", mode=mode)
        after = sign_test.judge(base, [c / better for c in cand], direction="lower", mode=mode)
        if before.verdict == mode:
            assert mode == after.verdict


@given(
    pairs=st.lists(st.tuples(VALUES, VALUES), min_size=8, max_size=48),
    factor=st.sampled_from([0.001, 0.5, 3.0, 1000.0]),
)
@settings(max_examples=200)
def test_the_unit_does_not_matter(pairs: list[tuple[float, float]], factor: float) -> None:
    """Measured in other units, the verdict is the same; and lower is better read backwards is higher is better."""
    base, cand = [b for b, _ in pairs], [c for _, c in pairs]
    gains = Scale().gains(base, cand)
    if any(0 < abs(abs(g) + math.log1p(-0.01)) < 1e-9 or 0 < abs(g) < 1e-9 for g in gains):
        return  # rounding may fall on either side of the margin

    one = sign_test.judge(base, cand, direction="lower")
    scaled = sign_test.judge([b * factor for b in base], [c * factor for c in cand], direction="lower")
    inverse = sign_test.judge([1 / b for b in base], [1 / c for c in cand], direction="higher")

    assert one.verdict == scaled.verdict == inverse.verdict
    assert one.pairs == scaled.pairs == inverse.pairs


@given(
    pairs=st.lists(st.tuples(VALUES, VALUES), min_size=8, max_size=24),
    more=st.lists(st.tuples(VALUES, VALUES), max_size=24),
)
@settings(max_examples=200)
def test_what_follows_the_decision_does_not_matter(
    pairs: list[tuple[float, float]], more: list[tuple[float, float]]
) -> None:
    """Once a look has decided, further pairs change nothing."""
    first = sign_test.judge([b for b, _ in pairs], [c for _, c in pairs], direction="lower")
    if first.verdict == "undecided":
        return
    every = [*pairs[: first.pairs], *more]

    assert first == sign_test.judge([b for b, _ in every], [c for _, c in every], direction="lower")


@given(pairs=st.lists(st.tuples(VALUES, VALUES), min_size=8, max_size=48))
@settings(max_examples=200)
def test_the_interval_holds_the_estimate(pairs: list[tuple[float, float]]) -> None:
    """The estimate lies inside its interval, and improved means that the interval starts above zero."""
    verdict = sign_test.judge([b for b, _ in pairs], [c for _, c in pairs], direction="lower")

    assert verdict.interval[0] - 1e-12 <= verdict.gain <= verdict.interval[1] + 1e-12
    if verdict.verdict == "improved":
        assert verdict.interval[0] > 0


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf"), "1", None])
def test_unusable_measurements_are_errors(bad: object) -> None:
    """A measurement without a logarithm is an error, never a win."""
    with pytest.raises(ValueError, match="positive finite"):
        sign_test.judge([1.0] * 8, [bad] * 8, direction="lower")  # type: ignore[list-item]


def test_the_order_is_a_fair_coin_and_the_same_for_ever() -> None:
    """The journaled seed gives the same order on any machine; half of the pairs start with the candidate."""
    heads = sum(sign_test.order("seed", number) for number in range(10_000))

    assert [True, False, True, False, True, False, True, False] == [sign_test.order("s", n) for n in range(8)]
    assert abs(heads - 5000) < 200


def test_the_last_look_alone() -> None:
    """With a fixed number of pairs an unlucky beginning decides nothing."""
    base, cand = [1.0] * 24, [1.1] * 8 + [0.9] * 16

    early = sign_test.judge(base, cand, direction="lower", margin=0.02, max_pairs=24, mode="not_worse")
    late = sign_test.last_look(base, cand, direction="lower", margin=0.02, mode="not_worse")

    assert ("not_improved", 8) == (early.verdict, early.pairs)
    assert 24 == late.pairs
    assert late.gain > 0


def test_between_two_looks_all_pairs_are_told() -> None:
    """What is said while it runs counts the newest pairs too, and decides nothing."""
    base, cand = [1.0] * 21, [1.1] * 18 + [0.5] * 3

    now = sign_test.so_far(base, cand, direction="lower", margin=0.01)

    assert (21, 3, "undecided") == (now.pairs, now.wins, now.verdict)
    for count in range(1, 21):
        few = sign_test.so_far(base[:count], cand[:count], direction="lower", margin=0.01)
        assert few.interval[0] <= few.gain <= few.interval[1]
