"""Measured figures as the journal holds them: an estimate with its interval and n, a comparison with all it said.

Every line of a journal may be foreign or cut: what is not a number, a text or a list where one belongs is unknown.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from helpers.json_fields import Json, mapping, text, values
from helpers.judge.rule import sign_test

GOOD = ("improved", "not_worse")


def number(value: Any) -> float | None:  # noqa: ANN401 - whatever stands in the journal
    """Return a finite number, None for anything else: what is missing is unknown, never 0."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300
    return float(value) if good and math.isfinite(value) else None


def floats(value: Any) -> tuple[float, ...]:  # noqa: ANN401 - whatever stands in the journal
    """Return measurements, none where one of them is no number."""
    found = [number(each) for each in values(value)]
    return () if None in found else tuple(each for each in found if each is not None)


@dataclass(frozen=True)
class Estimate:
    """A gain (0.02: 2% better), the interval around it and the pairs that it rests on; `verdict` is the rule's word."""

    verdict: str
    gain: float
    low: float
    high: float
    pairs: int
    wins: int | None = None

    def words(self) -> str:
        """Return the figure: never without its interval and its n."""
        won = "" if self.wins is None else f", {self.wins} wins"
        return f"{self.gain:+.2%} [{self.low:+.2%}, {self.high:+.2%}], n={self.pairs} pairs{won}"


def estimate(part: Json) -> Estimate | None:
    """Read the figures of a comparison, of its confirmation or its holdout; None where one is missing."""
    gain, pairs, wins = number(part.get("gain")), number(part.get("pairs")), number(part.get("wins"))
    interval = floats(part.get("interval"))
    if gain is None or pairs is None or len(interval) != 2:
        return None
    return Estimate(
        text(part.get("verdict")), gain, interval[0], interval[1], int(pairs), None if wins is None else int(wins)
    )


@dataclass(frozen=True)
class Limit:
    """What became of a secondary metric: its limit as agreed, whether it holds, and the median change for the worse."""

    text: str
    holds: bool
    change: float | None
    reason: str

    def words(self) -> str:
        """Return it in words."""
        said = self.reason or ("unknown" if self.change is None else f"changed by {self.change:+.2%}")
        return f"{self.text} {'holds' if self.holds else 'does not hold'} ({said})"


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
    baseline_tree: str
    candidate_tree: str
    estimate: Estimate | None
    confirmation: Estimate | None
    holdout: Estimate | None
    limits: tuple[Limit, ...] = ()
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
                )
            except ValueError:
                return found
            found.append(Estimate(said.verdict, said.gain, *said.interval, said.pairs, said.wins))
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


def comparison(event: Json) -> Comparison:
    """Read a comparison event."""
    margin, limit = number(event.get("margin")), number(event.get("max_pairs"))
    return Comparison(
        job=text(event.get("fleet_job")) or text(event.get("job")),
        experiment=text(event.get("experiment_id")),
        verdict=text(event.get("verdict")) or "unknown",
        mode="not_worse" if event.get("mode") == "not_worse" else "improved",
        margin=margin if margin and 0 < margin < 1 else None,
        worker=text(event.get("worker")) or "local",
        seed=text(event.get("seed")),
        at_ms=int(number(event.get("timestamp")) or 0),
        seconds=number(event.get("seconds")),
        checks=text(event.get("checks")),
        reason=text(event.get("reason")),
        against=text(event.get("baseline_commit")),
        metric=text(event.get("metric")),
        direction="higher" if event.get("direction") == "higher" else "lower",
        max_pairs=int(limit or 48),
        baseline_tree=text(event.get("baseline_tree")),
        candidate_tree=text(event.get("candidate_tree")),
        estimate=estimate(event),
        confirmation=estimate(mapping(event.get("confirmation"))),
        holdout=_holdout(event),
        limits=tuple(_limits(values(event.get("guards_result")))),
        outputs=_outputs(mapping(event.get("outputs"))),
        baseline=floats(event.get("baseline_samples")),
        candidate=floats(event.get("candidate_samples")),
    )


def _holdout(event: Json) -> Estimate | None:
    """Read the holdout; a journal of before it had a verdict of its own says it in the comparison's reason."""
    part = mapping(event.get("holdout"))
    if part and not part.get("verdict"):
        reason = text(event.get("reason"))
        said = "loses" if reason.startswith("the holdout loses") else "may_lose" if "may lose" in reason else "passed"
        part = {**part, "verdict": said}
    return estimate(part)


def _outputs(said: Json) -> str:
    """Return what the comparison of both sides' answers said; empty where there was none."""
    seeds = number(said.get("seeds"))
    if "seed" in said:
        return f"outputs differ on seed {said['seed']}"
    return "" if seeds is None else f"the same outputs on {seeds:g} fresh inputs"


def _limits(rows: Iterable[Any]) -> Iterable[Limit]:
    for row in map(mapping, rows):
        yield Limit(
            text(row.get("guard")), row.get("holds") is True, number(row.get("change")), text(row.get("reason"))
        )
