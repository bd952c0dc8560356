"""What the samples of journaled comparisons say: of several together, and at each look."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from helpers.comparison import Comparison, Estimate
from helpers.judge.rule import sign_test
from helpers.judge.rule.sign_test import Verdict
from helpers.typed_line import TOO_LARGE


def number(value: Any) -> float | None:  # noqa: ANN401 - whatever stands in the journal
    """Return a finite number, None for anything else: what is missing is unknown, never 0."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < TOO_LARGE
    return float(value) if good and math.isfinite(value) else None


def together(parts: Sequence[Comparison]) -> Estimate | None:
    """Return the gain that all pairs of several comparisons of one content show, confirmations too; None for one alone.

    The last one ended because it had luck, or had no more need of it: its own figure is a little high. The interval are
    the order statistics of a sign test at about 1%.
    """
    if len(parts) < 2:
        return None
    found, made, by = list[float](), 0, parts[0].scale
    for part in (each for whole in parts for each in (whole, whole.confirmation) if each):
        try:
            found += by.gains(part.baseline_samples, part.candidate_samples)
        except ValueError:
            continue
        made += bool(part.baseline_samples)
    if len(found) < 8:
        return None
    ordered, pairs = sorted(found), len(found)
    wins = min(pairs, math.ceil(pairs / 2 + 1.3 * math.sqrt(pairs)))
    middle, low, high = statistics.median(ordered), ordered[pairs - wins], ordered[wins - 1]
    won = sum(gain > 0 for gain in found)
    word = f"{made} comparisons together"
    return Estimate(word, by.told(middle), by.told(low), by.told(high), pairs, won, by)


def looks(compared: Comparison) -> list[Estimate]:
    """Return what the rule said at each look, oldest first: computed again from the samples."""
    most, found = compared.max_pairs or sign_test.USUAL_PAIRS, list[Estimate]()
    its = replace(compared, margin=compared.agreed_margin or 0.01, max_pairs=most)
    base, cand = compared.baseline_samples, compared.candidate_samples
    for pairs in [n for n in sign_test.TABLE if n <= min(len(base), len(cand), most)]:
        if (said := judged(its, base[:pairs], cand[:pairs])) is None:
            break
        found.append(Estimate(said.verdict, said.gain, *said.interval, said.pairs, said.wins, compared.scale))
    return found


def judged(compared: Comparison, baseline: Sequence[float], candidate: Sequence[float]) -> Verdict | None:
    """Return what the rule says of samples under what was agreed; None where they are no measurements."""
    its = {name: getattr(compared, name) for name in ("direction", "margin", "max_pairs", "mode")}
    try:
        return sign_test.judge(baseline, candidate, **its, scale=compared.judged_by)
    except ValueError:
        return None
