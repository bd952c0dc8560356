"""How noisy is a host: the spread between neighbouring measurements, and the smallest gain that pairs find there."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.scale import Scale

PER_24, PER_48, PER_144 = 0.8, 0.6, 0.45
"""Smallest gain found with about 75% power, in units of sigma_pair, by at most 24, 48 and 144 pairs."""
PER = {24: PER_24, 48: PER_48, 144: PER_144}
CONFIRM = 0.02
"""From this sigma_pair on (by difference, two margins) a gain is kept only if a second, fresh comparison agrees."""
CLEAR = 2.0
"""A gain of fewer sigma_pair than this needs one too: what chance alone makes is small beside the noise."""
OBVIOUS, SURE = 5.0, 4.0
"""Margins and sigma_pair from which on a gain is obvious, and is not compared a second time."""
MIN_MEASUREMENTS = 16
_RATIO = Scale()


@dataclass(frozen=True)
class Calibrated:
    """What a host resolves (as a gain is told), whether that is worse than the margin, and the words for it.

    `last` is the way out that costs something, to be told after what would help.
    """

    sigma_pair: float
    resolves: float
    noisy: bool
    text: str
    last: str = ""


def resolved(sigma: float, pairs: int) -> float:
    """Return the smallest gain that at most so many pairs find three times in four, as benchmarks measured it."""
    known = max((n for n in PER if n <= pairs), default=24)
    return PER[known] * sigma * math.sqrt(max(1.0, known / pairs))


def sigma_pair(*series: Sequence[float], by: Scale = _RATIO) -> float | None:
    """Return 1.4826 * median |gain from x[i] to x[i+1]| of successive measurements; None with fewer than 8 of them.

    Several series (the two sides of a comparison, which stops after 8 pairs at the earliest) are taken together.
    Successive differences ignore slow drift, which pairing removes anyway. Raises ValueError for unusable measurements.
    """
    steps = [abs(step) for samples in series for step in by.gains(samples, samples[1:])]
    return None if sum(map(len, series)) < 8 else _spread(steps)


def _spread(steps: Sequence[float]) -> float:
    """Return the spread that absolute deviations show: no less than one step of a metric that knows few values.

    One measurement that lies apart among equal ones counts as such a step: then a gain is compared twice.
    """
    return 1.4826 * (statistics.median(steps) or min(filter(None, steps), default=0.0))


def of_pairs(
    baseline: Sequence[float], candidate: Sequence[float], *, seeded: bool, by: Scale = _RATIO
) -> float | None:
    """Return sigma_pair from the pairs of a comparison: of two measurements of one side on one input.

    Where every pair has another input (`seeded`), neighbours of one side differ by that: the gains of the pairs, which
    share theirs, tell the noise then. None with fewer than 8 measurements.
    """
    if not seeded:
        return sigma_pair(baseline, candidate, by=by)
    try:
        gains = by.gains(baseline, candidate)
    except ValueError:
        return None
    if len(gains) < 8:
        return None
    middle = statistics.median(gains)
    return _spread([abs(gain - middle) for gain in gains])


def needs_confirmation(sigma: float | None, gain: float | None = None, margin: float = 1.0, by: Scale = _RATIO) -> bool:
    """Tell whether a gain on such a host needs a second comparison; `gain` where it was found to be one.

    Not one of five margins and four sigma_pair: no noise that is seen at all does that in every pair.
    """
    if sigma is None:
        return False
    if gain is not None and by.added(gain) >= max(OBVIOUS * margin, SURE * sigma):
        return False
    noisy = sigma >= (CONFIRM if by.by_ratio else 2 * margin)
    return noisy or (gain is not None and by.added(gain) < CLEAR * sigma)


def became(before: float | None, now: float | None) -> str:
    """Return `quieter` or `noisier` where a host's spread is less than half, or more than twice, what it was."""
    times = now / before if before and now else 1.0
    return "quieter" if times < 0.5 else "noisier" if times > 2 else ""


def calibrate(samples: Sequence[float], margin: float, by: Scale = _RATIO) -> Calibrated:
    """Judge a host from at least 16 successive measurements of the baseline; raises ValueError with fewer."""
    sigma = sigma_pair(samples, by=by)
    if sigma is None or len(samples) < MIN_MEASUREMENTS:
        raise ValueError(f"at least {MIN_MEASUREMENTS} measurements are needed, there are {len(samples)}")
    resolves, longer = PER_24 * sigma, PER_48 * sigma
    text = f"this host resolves gains of {by.size(resolves)} and more with 24 pairs, {by.size(longer)} with 48"
    text += f", {by.size(PER_144 * sigma)} with 144" if longer > margin else ""
    text += f" (sigma_pair {by.size(sigma, 2)}, {len(samples)} measurements)"
    noisy, last = longer > margin, ""
    if len(set(samples)) == 1:
        text += "\nthe metric did not vary at all: what differs shows in the fewest pairs"
        return Calibrated(sigma, resolves, noisy, text, last)
    if noisy:
        wider = f"{math.ceil(longer * 1000) / 10:g}" if by.by_ratio else f"{1.05 * longer:.2g}"
        text += f"\nthat is not enough for the margin of {by.size(margin)}"
        last = f"else take a quieter host, or a wider margin:\nstart_session.py --margin {wider}"
    small = "at this noise a gain" if needs_confirmation(sigma, None, margin, by) else ""
    small = small or f"a gain of less than {by.size(CLEAR * sigma)}"
    text += f"\n{small} counts only when a second, fresh comparison says the same (done by itself)"
    return Calibrated(sigma, resolves, noisy, text, last)
