"""How values are held against each other: by ratio or by difference, proposed from the first of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import scale
from helpers.judge.rule import noise, sign_test
from helpers.scale import DIFFERENCE, Scale

FIGURES = {
    (1048576.0, "bytes"): "1048576 bytes",
    (100.0, "tests"): "100 tests",
    (0.295556123, "s"): "0.295556s",
    (12.0, ""): "12",
    (-0.0, ""): "0",
    (1.5e300, "s"): "1.5e+300s",
}
VALUES = st.lists(st.floats(-1e6, 1e6), min_size=8, max_size=8)
ERRORS, ACCURACY = Scale(DIFFERENCE, "errors", "lower"), Scale(DIFFERENCE, "accuracy", "higher")


@pytest.mark.parametrize(
    ("values", "name", "unit", "direction", "chosen"),
    [
        ([100.0], "time_s", "s", "lower", "ratio"),
        ([120_000.0], "size", "bytes", "lower", "ratio"),
        ([12.5], "rss_mb", "MB", "lower", "ratio"),
        ([1200.0], "size_bytes", "", "lower", "difference"),
        ([3.1e6], "instructions", "", "lower", "ratio"),
        ([812.0], "requests_per_s", "/s", "higher", "ratio"),
        ([0.35], "loss", "", "lower", "difference"),
        ([120_000.0], "cache_misses", "", "lower", "difference"),
        ([5.0], "errors", "n", "lower", "difference"),
        ([37.0], "type_errors", "", "lower", "difference"),
        ([0.0], "misses_total", "", "lower", "difference"),
        ([-3.2], "loglik", "n", "higher", "difference"),
        ([3.2], "log_likelihood", "", "higher", "difference"),
        ([0.91], "accuracy", "", "higher", "difference"),
        ([87.5], "coverage", "%", "higher", "difference"),
        ([0.5], "pass_rate", "", "higher", "difference"),
        ([1.5, -0.1], "reward_mean", "", "higher", "difference"),
    ],
)
def test_the_first_values_propose_a_scale(
    values: list[float], name: str, unit: str, direction: str, chosen: str
) -> None:
    """What may be 0 or less, ends at a bound or counts is judged by difference, with the reason; all else by ratio."""
    found, why = scale.proposed(values, name, unit, direction)

    assert chosen == found
    assert (found == DIFFERENCE) == bool(why)


@given(VALUES, VALUES, st.floats(-1e6, 1e6))
def test_a_difference_does_not_hang_on_where_zero_lies(base: list[float], cand: list[float], moved: float) -> None:
    """Adding the same to all values changes no gain, and both directions mirror each other."""
    found = ACCURACY.gains(base, cand)
    further = ACCURACY.gains([b + moved for b in base], [c + moved for c in cand])

    assert [-gain for gain in found] == ERRORS.gains(base, cand)
    assert found == pytest.approx(further, abs=1e-6)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e308, -1e308, "1", None, True])
def test_what_has_no_difference_is_refused(bad: float) -> None:
    """No number, no finite one, or one so far away that the metric must be broken."""
    with pytest.raises(ValueError, match="measurements"):
        ERRORS.gains([1.0], [bad])


def test_the_rule_counts_differences_like_ratios() -> None:
    """Eight wins of eight by the margin or more improve; the figures are in the metric's own unit, as printed."""
    exact = sign_test.judge([0.28] * 8, [0.3] * 8, direction="higher", margin=0.02, scale=DIFFERENCE)
    short = sign_test.judge([0.28] * 8, [0.3] * 8, direction="higher", margin=0.021, scale=DIFFERENCE)
    to_zero = sign_test.judge([5] * 8, [0] * 8, direction="lower", margin=0.05, scale=DIFFERENCE)
    through = sign_test.judge([-3.2] * 8, [0.8] * 8, direction="higher", margin=2, scale=DIFFERENCE)

    assert ("improved", 8, 0.02, (0.02, 0.02)) == (exact.verdict, exact.pairs, exact.gain, exact.interval)
    assert "not_improved" == short.verdict
    assert ("improved", 5.0) == (to_zero.verdict, to_zero.gain)
    assert ("improved", 4.0) == (through.verdict, through.gain)


def test_a_difference_is_told_as_the_change_of_the_metric() -> None:
    """Fewer errors are a minus, whichever way the gain counts; a ratio stays a share."""
    assert "-5 errors [-6, -4]" == ERRORS.words(5.0, (4.0, 6.0))
    assert "+0.02 accuracy [+0.01, +0.03]" == ACCURACY.words(0.02, (0.01, 0.03))
    assert "+0 errors" == ERRORS.words(0.0)
    assert "0.05 errors" == ERRORS.size(0.05)
    assert "+2.00% [+1.00%, +3.00%]" == Scale().words(0.02, (0.01, 0.03))


def test_the_noise_of_a_difference_is_in_its_unit() -> None:
    """A spread beside the margin asks for a second comparison; a metric that never varies asks for none."""
    spread, still = noise.sigma_pair([-1.0, 1.0] * 8, by=ERRORS), noise.sigma_pair([0.0] * 16, by=ERRORS)

    assert noise.needs_confirmation(spread, 0.5, 0.1, ERRORS)
    assert not noise.needs_confirmation(still, 5.0, 0.05, ERRORS)
    assert 0.0 == noise.of_pairs([0.0] * 8, [-5.0] * 8, seeded=True, by=ERRORS)
    assert "did not vary" in noise.calibrate([0.0] * 16, 1.0, ERRORS).text
    assert "resolves gains of 2.372 errors" in noise.calibrate([-1.0, 1.0] * 12, 1.0, ERRORS).text


def test_figures_are_whole_where_they_can_be() -> None:
    """A size in bytes is no power of ten, and its unit stands apart; a second keeps six digits."""
    assert FIGURES == {(value, unit): scale.with_unit(value, unit) for value, unit in FIGURES}
