"""Limits on secondary metrics: how they are written, and when they hold."""

from __future__ import annotations

import pytest

from helpers.judge.compare import metric_limits
from helpers.run.jobs import metric_line


@pytest.mark.parametrize(
    ("text", "change", "holds"),
    [
        ("rss=+2%", 1.01, True),
        ("rss=+2%", 1.03, False),
        ("ops=-2%", 0.99, True),
        ("ops=-2%", 0.97, False),
        ("rss=+0%", 1.0, True),
        ("rss=+200%", 2.9, True),
        ("rss=+200%", 3.1, False),
        ("crc=same", 1.0, True),
        ("crc=same", 1.000001, False),
    ],
)
def test_guards_on_secondary_metrics(text: str, change: float, holds: bool) -> None:
    """+2% may rise by two percent, -2% may fall by two percent, same may not differ at all."""
    limit = metric_limits.parse_limit(text)

    assert holds == metric_limits.limit_holds(limit, [100.0] * 8, [100.0 * change] * 8, 48)[1]


@pytest.mark.parametrize("text", ["rss", "rss=2%", "=+2%", "rss=+x%", "ops=-200%"])
def test_unreadable_guards_are_errors(text: str) -> None:
    """A limit that cannot be read is never silently dropped."""
    with pytest.raises(ValueError, match="expected"):
        metric_limits.parse_limit(text)


@pytest.mark.parametrize(
    ("text", "base", "cand", "holds"),
    [
        ("errors=+0%", 0.0, 0.0, True),
        ("errors=+50%", 0.0, 1.0, False),
        ("errors=+50%", 0.0, 1e-300, False),
        ("errors=+2%", 3.0, 0.0, True),
        ("loglik=-2%", -100.0, -101.0, True),
        ("loglik=-2%", -3.3, -3.366, True),
        ("loglik=-2%", -100.0, -103.0, False),
        ("loglik=-2%", -100.0, 10.0, True),
    ],
)
def test_a_limit_on_what_may_be_zero_or_less(text: str, base: float, cand: float, holds: bool) -> None:
    """Its share is one of the baseline's value, by difference: of no errors none, of -100 two."""
    limit = metric_limits.parse_limit(text)

    assert holds == metric_limits.limit_holds(limit, [base] * 8, [cand] * 8, 48)[1]


def test_a_checksum_of_many_digits_is_compared_digit_by_digit() -> None:
    """Whole numbers beyond 2^53 are no floats: two that differ in the last digit are not the same."""
    one, other = (metric_line.decimal(f"{2**53 + n}") for n in (0, 1))
    assert one is not None
    assert other is not None

    change, holds = metric_limits.limit_holds(metric_limits.parse_limit("crc=same"), [one] * 8, [other] * 8, 48)

    assert not holds
    assert change >= 0
