"""How two values of a metric are held against each other: by their ratio, or by their difference in its own unit.

A ratio needs values above 0. What may be 0 or less (errors, a log-likelihood) or ends at a bound (an accuracy, a pass
rate) is judged by the difference. A gain is told as a fraction (0.02: 2% better), or as that difference.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

RATIO, DIFFERENCE = "ratio", "difference"
KINDS = (RATIO, DIFFERENCE)
FARTHEST = 1e100
"""A ratio or a difference beyond this is a broken metric, and could not be turned back into a fraction."""
TINIEST = 5e-324
"""The smallest margin by difference: a hundredth of the smallest number is 0, which is none."""
COUNTS_BELOW = 10_000
"""Whole numbers below this that should be lower are taken for a count, which may come to 0."""

_TIME = re.compile(r"(?:.*_)?(?:s|sec|seconds|ms|us|µs|ns)")
_ABOVE_ZERO = re.compile(r"(?:.*_)?(?:[kKMG]i?[Bb]|B|bytes|bits)|.*(?:/s|_per_s(?:ec)?)")
"""Sizes and throughputs: whatever has one has more than nothing."""
_BOUNDED = re.compile(
    r"(?:.*_)?(?:accuracy|acc|coverage|rate|passed|recall|precision|f1|auc|r2|score|percent|pct|share)(?:_.*)?",
    re.IGNORECASE,
)
_TO_ZERO = re.compile(
    r"(?:.*_)?(?:errors?|misses|fail(?:ures|ed|s)|warnings|loss|violations|conflicts|mismatches|leaks|regret|cost)(?:_.*)?",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"(?:.*_)?(?:log_?lik\w*|log_?prob\w*|elbo|reward|return)(?:_.*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Scale:
    """Ratio or difference, of the metric `metric` whose better direction is `direction`."""

    kind: str = RATIO
    metric: str = ""
    direction: str = "lower"

    @property
    def by_ratio(self) -> bool:
        """Whether gains are shares, and not differences."""
        return self.kind == RATIO

    def gains(self, baseline: Sequence[float], candidate: Sequence[float]) -> list[float]:
        """Return the gain of every pair, a log ratio or a difference; raises ValueError for values that have none."""
        if self.direction not in ("lower", "higher"):
            raise ValueError(f"direction must be lower or higher, not {self.direction!r}")
        if self.kind not in KINDS:
            raise ValueError(f"scale must be {' or '.join(KINDS)}, not {self.kind!r}")
        least, asked = (0, "positive finite") if self.by_ratio else (-math.inf, "finite")
        for value in (*baseline, *candidate):
            if type(value) not in (int, float) or not least < value < math.inf:
                raise ValueError(f"measurements must be {asked} numbers, not {str(value)[:40]!r}")
        worse, better = (baseline, candidate) if self.direction == "lower" else (candidate, baseline)
        pairs = list(zip(worse, better, strict=False))
        try:
            if not self.by_ratio:  # as printed: 0.3 - 0.28 is 0.02
                from decimal import Decimal  # only these need it, and every script reads this module

                found = [float(Decimal(repr(w)) - Decimal(repr(b))) for w, b in pairs]
                if all(abs(gain) < FARTHEST for gain in found):
                    return found
            elif all(1 / FARTHEST < w / b < FARTHEST for w, b in pairs):
                return [math.log(w / b) for w, b in pairs]
        except (OverflowError, ZeroDivisionError):
            pass
        raise ValueError("the two measurements of a pair lie too far apart for one metric")

    def bound(self, margin: float) -> float:
        """Return a margin as it is told on the scale of `gains`; raises ValueError for one that is none."""
        if not 0 < margin < (1 if self.by_ratio else math.inf):
            most = "between 0 and 1" if self.by_ratio else "above 0"
            raise ValueError(f"margin must lie {most}, not {margin!r}")
        return -math.log1p(-margin) if self.by_ratio else margin

    def told(self, gain: float) -> float:
        """Return what `gains` gave as it is told."""
        return math.expm1(gain) if self.by_ratio else gain

    def added(self, gain: float) -> float:
        """Return a gain as it is told on the scale of `gains`, where gains add up."""
        return math.log1p(gain) if self.by_ratio else gain

    def moved(self, value: float, gain: float) -> float:
        """Return the value of a metric that stood at `value`, after a gain as it is told."""
        up = self.direction == "higher"
        if self.by_ratio:
            return value * (1 + gain) if up else value / max(1 + gain, 1 / FARTHEST)
        return value + gain if up else value - gain

    def size(self, value: float, digits: int = 1) -> str:
        """Return a margin or a spread in words."""
        return f"{value:.{digits}%}" if self.by_ratio else f"{value:.4g} {self.metric}".rstrip()

    def words(self, gain: float, interval: Sequence[float] = (), digits: int = 2) -> str:
        """Return a gain and its interval in words; a difference as the change of the metric: `-5 errors [-6, -4]`."""
        if self.by_ratio:
            ends = ", ".join(f"{end:+.{digits}%}" for end in interval)
            return f"{gain:+.{digits}%}" + (f" [{ends}]" if ends else "")
        way = -1 if self.direction == "lower" else 1
        ends = ", ".join(f"{end + 0.0:+.6g}" for end in sorted(way * end for end in interval))
        return f"{way * gain + 0.0:+.6g} {self.metric}".rstrip() + (f" [{ends}]" if ends else "")


def with_unit(value: float, unit: str) -> str:
    """Return a value of a metric as people read it: bytes and counts whole, a unit that is a word apart from it."""
    whole = value == int(value) and abs(value) <= 2**53 if math.isfinite(value) else False
    return (f"{value + 0.0:.0f}" if whole else f"{value:.6g}") + (f" {unit}" if len(unit) > 2 else unit)


def is_time(name: str, unit: str) -> bool:
    """Tell whether a metric is a time, by its name or its unit."""
    return bool(_TIME.fullmatch(name) or _TIME.fullmatch(unit))


def is_above_zero(name: str, unit: str) -> bool:
    """Tell whether a metric of 0 was not measured: a time, a size, a throughput."""
    return is_time(name, unit) or bool(_ABOVE_ZERO.fullmatch(name) or _ABOVE_ZERO.fullmatch(unit))


def is_bounded(name: str, unit: str) -> bool:
    """Tell whether a metric ends at 1, or at 100: an accuracy, a pass rate, a coverage."""
    return unit == "%" or bool(_BOUNDED.fullmatch(name))


def proposed(values: Sequence[float], name: str, unit: str, direction: str) -> tuple[str, str]:
    """Return the kind for a metric whose first values these are, and why it is not the ratio (empty where it is)."""
    low = min(values)
    if low <= 0:
        return DIFFERENCE, f"{low:g} has no ratio"
    counts = direction == "lower" and max(values) < COUNTS_BELOW and all(value == int(value) for value in values)
    if is_time(name, unit):
        return RATIO, ""
    if _SIGNED.fullmatch(name):
        return DIFFERENCE, f"{name} may be 0 or less"
    if is_bounded(name, unit) and max(values) <= 100:
        return DIFFERENCE, f"{name} has bounds"
    if counts or (direction == "lower" and _TO_ZERO.fullmatch(name) and not is_above_zero(name, unit)):
        return DIFFERENCE, f"{name} may come to 0"
    return RATIO, ""
