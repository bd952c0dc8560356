"""The words of a change: a figure of few pairs, and why no second comparison was asked for."""

from __future__ import annotations

from helpers.comparison import FEW, Comparison
from helpers.judge.rule import sign_test
from helpers.record.handover.proof import Proof
from helpers.record.report import words


def found(**said: object) -> Comparison:
    """A comparison that won."""
    usual = {"verdict": "improved", "gain": 0.2, "interval": [0.19, 0.21], "pairs": 8, "wins": 8, "mode": "improved"}
    return Comparison.from_line({**usual, **said})


def test_of_fewer_pairs_than_a_look_has_no_interval_is_shown() -> None:
    """A holdout that ends after two pairs shows their range, and calls it so; from the first look on it is one."""
    assert min(sign_test.TABLE) == FEW
    brief = {"gain": 0.2, "interval": [0.19, 0.21], "wins": 2, "verdict": "passed", "margin": 0.01}
    two, eight = (found(holdout={**brief, "pairs": pairs}).holdout_words() for pairs in (2, 8))

    assert "[" not in two
    assert "+20.00% (+19.00% to +21.00%, too few pairs for an interval), n=2 pairs" in two
    assert "+20.00% [+19.00%, +21.00%], n=8 pairs" in eight


def test_what_is_handed_over_says_what_its_holdout_measured() -> None:
    """A branch by itself on the base: its gain, and the second workload beside it where there is one."""
    held = {"gain": 0.1, "interval": [0.05, 0.12], "pairs": 8, "wins": 8, "verdict": "passed", "margin": 0.01}

    said, bare, wrong = (
        Proof("passed", found(**more)).said
        for more in ({"holdout": held}, {}, {"verdict": "not_improved", "interval": None, "reason": "crash: exit 3"})
    )

    assert "improved, +20.00% [+19.00%, +21.00%], n=8 pairs, 8 wins; the holdout passes" in said
    assert "+10.00% [+5.00%, +12.00%]" in said
    assert "holdout" not in bare
    assert "crash: exit 3" in wrong


def test_what_spared_the_second_comparison_is_said_in_figures() -> None:
    """The noise of the pairs, and how many times it the gain is: beside a wide interval a reader sees why."""
    assert "pairs scatter by 4.00%, the gain is 4.6 times that" in words.confirmed(found(sigma_pair=0.04))
    assert "pairs scatter by 0.50%" in (still := words.confirmed(found(sigma_pair=0.005, mode="not_worse")))
    assert "times" not in still
    assert "do not scatter" in words.confirmed(found(sigma_pair=0.0))
