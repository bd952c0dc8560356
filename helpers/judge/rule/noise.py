"""How noisy is a host: the spread between neighbouring measurements, and the smallest gain that pairs find there."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

PER_24, PER_48, PER_144 = 0.8, 0.6, 0.45
"""Smallest gain found with about 75% power, in units of sigma_pair, by at most 24, 48 and 144 pairs."""
CONFIRM = 0.02
"""From this sigma_pair on a gain is kept only if a second, fresh comparison says the same."""
CLEAR = 2.0
"""A gain of fewer sigma_pair than this needs one too: what chance alone brings forth is small beside the noise."""
OBVIOUS, SURE = 10.0, 4.0
"""Margins and sigma_pair from which on a gain is obvious, and is not compared a second time."""
MIN_MEASUREMENTS = 16


@dataclass(frozen=True)
class Calibrated:
    """What a host resolves (a fraction), whether that is worse than the margin, and the words for it."""

    sigma_pair: float
    resolves: float
    noisy: bool
    text: str


def sigma_pair(*series: Sequence[float]) -> float | None:
    """Return 1.4826 * median |ln x[i+1]/x[i]| of successive measurements; None with fewer than 8 of them.

    Several series (the two sides of a comparison, which stops after 8 pairs at the earliest) are taken together.
    Successive differences ignore slow drift, which pairing removes anyway. Raises ValueError for unusable measurements.
    """
    if not all(math.isfinite(value) and value > 0 for samples in series for value in samples):
        raise ValueError("measurements must be positive finite numbers")
    if sum(map(len, series)) < 8:
        return None
    steps = [abs(math.log(b / a)) for samples in series for a, b in itertools.pairwise(samples)]
    return 1.4826 * statistics.median(steps)


def of_pairs(baseline: Sequence[float], candidate: Sequence[float], *, seeded: bool) -> float | None:
    """Return sigma_pair from the pairs of a comparison: of two measurements of one side on one input.

    Where every pair has another input (`seeded`), neighbours of one side differ by that: the ratios of the pairs, which
    share theirs, tell the noise then. None with fewer than 8 measurements.
    """
    if not seeded:
        return sigma_pair(baseline, candidate)
    if len(baseline) < 8 or not all(value > 0 for value in (*baseline, *candidate)):
        return None
    gains = [math.log(b / c) for b, c in zip(baseline, candidate, strict=True)]
    middle = statistics.median(gains)
    return 1.4826 * statistics.median(abs(gain - middle) for gain in gains)


def needs_confirmation(sigma: float | None, gain: float | None = None, margin: float = 1.0) -> bool:
    """Tell whether a gain on such a host needs a second comparison; `gain` (a fraction) where it was found to be one.

    Not one of ten margins and four sigma_pair: no noise that is seen at all has brought that forth in every pair.
    """
    if sigma is None:
        return False
    if gain is not None and math.log1p(gain) >= max(OBVIOUS * margin, SURE * sigma):
        return False
    return sigma >= CONFIRM or (gain is not None and math.log1p(gain) < CLEAR * sigma)


def calibrate(samples: Sequence[float], margin: float) -> Calibrated:
    """Judge a host from at least 16 successive measurements of the baseline; raises ValueError with fewer."""
    sigma = sigma_pair(samples)
    if sigma is None or len(samples) < MIN_MEASUREMENTS:
        raise ValueError(f"at least {MIN_MEASUREMENTS} measurements are needed, there are {len(samples)}")
    resolves, longer = PER_24 * sigma, PER_48 * sigma
    text = f"this host resolves gains of {resolves:.1%} and more with 24 pairs, {longer:.1%} with 48"
    text += f", {PER_144 * sigma:.1%} with 144" if longer > margin else ""
    text += f" (sigma_pair {sigma:.2%}, {len(samples)} measurements)"
    noisy = longer > margin
    if noisy:
        wider = math.ceil(longer * 1000) / 10
        text += (
            f"\nthat is not enough for the margin of {margin:.1%}: take a quieter host, pinned cores, "
            f"or a wider margin (--margin {wider:g})"
        )
    elif resolves > margin:
        text += f"\nfor the margin of {margin:.1%} use all 48 pairs (--max-pairs 48)"
    if needs_confirmation(sigma):
        text += "\nat this noise a gain counts only when a second, fresh comparison says the same (done by itself)"
    else:
        text += (
            f"\na gain of less than {CLEAR * sigma:.1%} counts only when a second, fresh comparison says "
            "the same (done by itself)"
        )
    return Calibrated(sigma, resolves, noisy, text)
