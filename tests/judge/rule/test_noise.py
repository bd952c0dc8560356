"""How noisy a host is, from its own measurements."""

from __future__ import annotations

import random

import pytest

from helpers.judge.rule import noise


def test_sigma_pair_sees_the_spread_and_not_the_drift() -> None:
    """Successive differences find the noise of a measurement; slow drift adds nothing."""
    draw = random.Random(3)
    still = [1.0 * (1 + draw.gauss(0, 0.01)) for _ in range(400)]
    drifting = [value * (1 + 0.001 * number) for number, value in enumerate(still)]

    assert noise.sigma_pair(still) == pytest.approx(0.0141, rel=0.15)
    assert noise.sigma_pair(drifting) == pytest.approx(noise.sigma_pair(still), rel=0.1)


def test_a_metric_that_knows_few_values_is_no_quieter_than_one_step_of_it() -> None:
    """Hundredths of a second, mostly the same one: a gain of less than such a step is not resolved."""
    samples = [0.25] * 5 + [0.26] + [0.25] * 12 + [0.24] + [0.25] * 5

    assert (noise.sigma_pair(samples) or 0.0) > 0.03
    assert (noise.of_pairs([0.25] * 12, samples[:12], seeded=True) or 0.0) > 0.03
    assert noise.sigma_pair([0.25] * 16) == 0.0


def test_the_words_end_in_a_command() -> None:
    """A host that cannot resolve the margin is called noisy, and the advice can be copied."""
    draw = random.Random(4)
    found = noise.calibrate([1 + draw.gauss(0, 0.05) for _ in range(24)], margin=0.01)

    assert found.noisy
    assert "or a wider margin:\nstart_session.py --margin" in found.last
    assert noise.needs_confirmation(found.sigma_pair)


def test_a_gain_that_is_small_beside_the_noise_is_confirmed() -> None:
    """Below twice the spread of a pair chance may have brought it forth; above, and for a removal, the host decides."""
    assert noise.needs_confirmation(0.018, 0.032)
    assert not noise.needs_confirmation(0.018, 0.05)
    assert noise.needs_confirmation(0.021, 0.05)
    assert not noise.needs_confirmation(0.018)
    assert not noise.needs_confirmation(None, 0.001)


def test_a_quiet_host_is_quiet() -> None:
    """With a spread of a thousandth, a margin of one percent is resolved with 24 pairs."""
    draw = random.Random(5)
    found = noise.calibrate([1 + draw.gauss(0, 0.001) for _ in range(24)], margin=0.01)

    assert not found.noisy
    assert found.resolves == pytest.approx(0.8 * found.sigma_pair)


def test_a_few_timings_tell_nothing() -> None:
    """Fewer than 16 measurements are refused."""
    with pytest.raises(ValueError, match="16"):
        noise.calibrate([1.0] * 10, 0.01)


def test_values_without_a_logarithm_are_errors() -> None:
    """A zero, a negative or an undefined measurement is refused, not passed over."""
    for bad in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="positive"):
            noise.calibrate([1.0] * 20 + [bad], 0.01)


def test_two_sides_are_taken_together() -> None:
    """A comparison that ends after 8 pairs still gives 14 steps.

    Nothing is made of the step from one side to the other.
    """
    assert None is noise.sigma_pair([1.0] * 4, [2.0] * 3)
    assert 0.0 == noise.sigma_pair([1.0] * 8, [9.0] * 8)


def test_inputs_that_differ_are_no_noise() -> None:
    """Every pair with an input of its own, measured without any noise: there is no spread, whatever they are."""
    base = [1.0, 1.4, 0.7, 2.0, 1.1, 0.9, 1.7, 1.3]
    cand = [value / 1.05 for value in base]

    assert 0.0 == pytest.approx(noise.of_pairs(base, cand, seeded=True))
    assert 0.2 < (noise.of_pairs(base, cand, seeded=False) or 0)
    assert noise.of_pairs(base[:7], cand[:7], seeded=True) is None


def test_an_obvious_winner_is_not_compared_a_second_time() -> None:
    """Five margins and four times the spread: no noise brings that forth in every pair; less of either does not do."""
    assert not noise.needs_confirmation(0.03, 0.15, 0.01)
    assert noise.needs_confirmation(0.03, 0.12, 0.01)
    assert noise.needs_confirmation(0.03, 0.15, 0.03)
    assert noise.needs_confirmation(0.03, None, 0.01)
