"""Measured figures as the journal holds them: an estimate with its interval and n, a comparison with all it said.

Every line of a journal may be foreign or cut: what is not a number, a text or a list where one belongs is unknown.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from helpers import comparison as events
from helpers.judge.rule import sign_test
from helpers.scale import Scale

GOOD = ("improved", "not_worse")


def number(value: Any) -> float | None:  # noqa: ANN401 - whatever stands in the journal
    """Return a finite number, None for anything else: what is missing is unknown, never 0."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300
    return float(value) if good and math.isfinite(value) else None


@dataclass(frozen=True)
class Estimate:
    """A gain as its scale tells it, its interval and the pairs that it rests on; `verdict` is the rule's word."""

    verdict: str
    gain: float
    low: float
    high: float
    pairs: int
    wins: int | None = None
    scale: Scale = field(default=Scale(), repr=False)

    def words(self) -> str:
        """Return the figure: never without its interval and its n."""
        won = "" if self.wins is None else f", {self.wins} wins"
        several = f" of {self.verdict}" if "together" in self.verdict else ""
        return f"{self.scale.words(self.gain, (self.low, self.high))}, n={self.pairs} pairs{several}{won}"


def estimate(part: events.Comparison | None, scale: Scale) -> Estimate | None:
    """Return the figures of a comparison, of its confirmation or its holdout; None where one is missing."""
    if part is None or part.gain is None or part.interval is None or not part.pairs:
        return None
    return Estimate(part.verdict, part.gain, *part.interval, part.pairs, part.wins, scale)


def together(parts: Sequence[events.Comparison]) -> Estimate | None:
    """Return the gain that all pairs of several comparisons of one content show, confirmations too; None for one alone.

    The last one ended because it had luck, or had no more need of it: its own figure is a little high. The interval are
    the order statistics of a sign test at about 1%.
    """
    found, made, by = list[float](), 0, parts[0].scale if parts else Scale()
    for part in (each for whole in parts for each in (whole, whole.confirmation) if each):
        try:
            found += by.gains(part.baseline_samples, part.candidate_samples)
        except ValueError:
            continue
        made += bool(part.baseline_samples)
    if len(parts) < 2 or len(found) < 8:
        return None
    ordered, pairs = sorted(found), len(found)
    wins = min(pairs, math.ceil(pairs / 2 + 1.3 * math.sqrt(pairs)))
    middle, low, high = statistics.median(ordered), ordered[pairs - wins], ordered[wins - 1]
    won = sum(gain > 0 for gain in found)
    word = f"{made} comparisons together"
    return Estimate(word, by.told(middle), by.told(low), by.told(high), pairs, won, by)


@dataclass(frozen=True)
class Comparison:
    """One comparison as it ended. `at_ms` is when, `against` the commit of the baseline."""

    job: str
    experiment: str
    verdict: str
    mode: str
    margin: float | None
    worker: str
    seed: str
    at_ms: int
    seconds: float | None
    checks: str
    reason: str
    against: str
    metric: str
    direction: str
    max_pairs: int
    scale: Scale
    baseline_tree: str
    candidate_tree: str
    estimate: Estimate | None
    confirmation: Estimate | None
    holdout: Estimate | None
    together: Estimate | None = None
    """What it and the others of the same content say in all, where there are several."""
    limits: tuple[events.LimitResult, ...] = ()
    outputs: str = ""
    host: str = ""
    baseline: tuple[float, ...] = field(default=(), repr=False)
    candidate: tuple[float, ...] = field(default=(), repr=False)

    @property
    def good(self) -> bool:
        """Whether it shows what it was to show."""
        return self.verdict in GOOD

    @property
    def medians(self) -> tuple[float, float] | None:
        """The medians of both sides, None without samples."""
        if not self.baseline or not self.candidate:
            return None
        return statistics.median(self.baseline), statistics.median(self.candidate)

    def looks(self) -> list[Estimate]:
        """Return what the rule said at each look, oldest first: computed again from the samples."""
        found: list[Estimate] = []
        count = min(len(self.baseline), len(self.candidate), self.max_pairs)
        for pairs in [n for n in sign_test.TABLE if n <= count]:
            try:
                said = sign_test.judge(
                    self.baseline[:pairs],
                    self.candidate[:pairs],
                    direction=self.direction,
                    margin=self.margin or 0.01,
                    max_pairs=self.max_pairs,
                    mode=self.mode,
                    scale=self.scale.kind,
                )
            except ValueError:
                return found
            found.append(Estimate(said.verdict, said.gain, *said.interval, said.pairs, said.wins, self.scale))
        return found

    def holdout_words(self) -> str:
        """Return what the second workload said, in words; empty where there is none."""
        if self.holdout is None:
            return ""
        return f"{HOLDOUT_WORDS.get(self.holdout.verdict, 'measured')}: {self.holdout.words()}"


HOLDOUT_WORDS = {
    "passed": "the holdout passes (no loss beyond the margin)",
    "loses": "the holdout loses",
    "may_lose": "the holdout may lose, which its pairs cannot tell",
}
"""What the second workload said, by the verdict in the journal."""


def comparison(event: events.Comparison) -> Comparison:
    """Return the figures of a journaled comparison."""
    return Comparison(
        job=event.fleet_job or event.job,
        experiment=event.experiment_id,
        verdict=event.verdict or "unknown",
        mode="not_worse" if event.may_be_equal else "improved",
        margin=event.margin if 0 < event.margin < (1 if event.scale.by_ratio else math.inf) else None,
        worker=event.worker,
        seed=event.seed,
        at_ms=event.timestamp,
        seconds=event.seconds,
        checks=event.checks or "",
        reason=event.reason or "",
        against=event.baseline_commit,
        metric=event.metric,
        direction="higher" if event.direction == "higher" else "lower",
        max_pairs=event.max_pairs or 48,
        scale=event.scale,
        baseline_tree=event.baseline_tree,
        candidate_tree=event.candidate_tree,
        estimate=estimate(event, event.scale),
        confirmation=estimate(event.confirmation, event.scale),
        holdout=_holdout(event),
        limits=tuple(event.limit_results),
        outputs=_outputs(event.outputs),
        baseline=tuple(event.baseline_samples),
        candidate=tuple(event.candidate_samples),
    )


def _holdout(event: events.Comparison) -> Estimate | None:
    """Return the holdout; a journal of before it had a verdict of its own says it in the comparison's reason."""
    found, reason = estimate(event.holdout, event.scale), event.reason or ""
    if found is None or found.verdict:
        return found
    said = "loses" if reason.startswith("the holdout loses") else "may_lose" if "may lose" in reason else "passed"
    return replace(found, verdict=said)


def _outputs(said: events.Outputs | None) -> str:
    """Return what the comparison of both sides' answers said; empty where there was none."""
    if said is None:
        return ""
    return (
        f"outputs differ on seed {said.seed}"
        if said.seed is not None
        else f"the same outputs on {said.seeds} fresh inputs"
    )
