"""A comparison as the journal holds it: what was agreed before its first measurement, and its verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from helpers.scale import RATIO, Scale
from helpers.typed_line import Event, TypedLine

Content = tuple[str, str, str, str]
"""Baseline, candidate, mode and metric: comparisons of one content are told together."""
SAYS = {"improved": 1, "not_worse": 1, "error": 0, "void": 0}
"""What a verdict says for a change; whatever is not listed speaks against it."""
HOLDOUT_WORDS = {
    "passed": "the holdout passes (no loss beyond the margin)",
    "loses": "the holdout loses",
    "may_lose": "the holdout may lose, which its pairs cannot tell",
}
"""What the second workload said, by the verdict in the journal."""
WRONG = ("checks: ", "outputs ")
"""How the reason of a comparison, or the error of a run, begins that showed the change to be wrong."""
UNSURE = "the holdout passes by its median; a loss beyond the margin is not ruled out"


FEW = 8
"""Of fewer pairs than a look has the ends are no interval: two hold the median between them every other time."""


def in_words(verdict: str) -> str:
    """Return a verdict as a text says it."""
    return verdict.replace("_", " ") or "unknown"


def figure(by: Scale, gain: float, ends: tuple[float, float], pairs: int) -> str:
    """Return a gain with its interval; of FEW pairs with their range, which is called so."""
    if pairs >= FEW:
        return by.words(gain, ends)
    return f"{by.words(gain)} ({by.words(ends[0])} to {by.words(ends[1])}, too few pairs for an interval)"


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
        """Return the figure: never without its n, and its interval where there is one."""
        won = "" if self.wins is None else f", {self.wins} wins"
        several = f" of {self.verdict}" if "together" in self.verdict else ""
        return f"{figure(self.scale, self.gain, (self.low, self.high), self.pairs)}, n={self.pairs} pairs{several}{won}"


@dataclass(frozen=True, kw_only=True)
class LimitResult(TypedLine):
    """Whether a limit, as it was agreed, holds: `change` is the median change for the worse, a fraction."""

    KEYS: ClassVar[dict[str, str]] = {"limit": "guard"}
    limit: str
    holds: bool
    change: float | None
    reason: str | None
    said: str = ""
    """The change in words, where it is no fraction."""

    def words(self) -> str:
        """Return it in words."""
        said = self.reason or self.said or ("unknown" if self.change is None else f"changed by {self.change:+.2%}")
        return f"{self.limit} {'holds' if self.holds else 'does not hold'} ({said})"


@dataclass(frozen=True, kw_only=True)
class Outputs(TypedLine):
    """For how many seeds both sides answered alike; then the seed with another answer, and the script that shows it."""

    seeds: int
    seed: int | None = None
    differ: list[str] = field(default_factory=list)
    reproduce: str = ""

    def words(self) -> str:
        """Return it in words."""
        same = self.seed is None
        return f"the same outputs on {self.seeds} fresh inputs" if same else f"outputs differ on seed {self.seed}"


@dataclass(frozen=True, kw_only=True)
class Comparison(Event):
    """A comparison with its verdict, or the part of one that a run's line, a confirmation or a plan carries."""

    TYPE = "comparison"
    KEPT = "timestamp experiment_id worker job fleet_job verdict against baseline_tree candidate_tree mode metric"
    KEYS: ClassVar[dict[str, str]] = {"limits": "guards", "limit_results": "guards_result", "judged_by": "scale"}
    experiment_id: str = ""
    worker: str = "local"
    fleet_job: str = ""
    job: str = ""
    baseline_tree: str = ""
    baseline_commit: str = ""
    candidate_tree: str = ""
    sealed_tree: str = ""
    metric: str = ""
    direction: str = ""
    margin: float = 0.0
    judged_by: str = RATIO
    max_pairs: int = 0
    layouts: int = 1
    mode: str = "improved"
    seed: str = ""
    limits: list[str] = field(default_factory=list)
    chosen_seed: bool = False
    repeats: int = 1
    seeded: bool = False
    against: str | None = None
    tests: dict[str, Any] | None = None
    calls: str = ""
    remembers: bool = False
    verdict: str = ""
    gain: float | None = None
    interval: tuple[float, float] | None = None
    pairs: int = 0
    wins: int | None = None
    clear_wins: int = 0
    within: int = 0
    worse: bool = False
    needed: int | None = None
    sigma_pair: float | None = None
    measured_seconds: float = 0.0
    seconds: float | None = None
    limit_results: list[LimitResult] = field(default_factory=list)
    holdout: Comparison | None = None
    baseline_samples: list[float] = field(default_factory=list)
    candidate_samples: list[float] = field(default_factory=list)
    kind: str = ""
    """The type of the worker that measured all of it."""
    spread: dict[str, str] = field(default_factory=dict)
    """Workers or slots that measured pairs at the same time, each with its type; `hosts`: which one each pair is of."""
    hosts: list[str] = field(default_factory=list)
    redrawn: list[str] = field(default_factory=list)
    """Which pairs were drawn again, and why, of such a comparison."""
    needs: list[str] = field(default_factory=list)
    """Files of no commit with which the candidate runs and passes its checks, and without which it does not."""
    checks: str | None = None
    reason: str | None = None
    signs: list[str] = field(default_factory=list)
    confirmation: Comparison | None = None
    outputs: Outputs | None = None
    afresh: Comparison | None = None

    @property
    def is_afresh(self) -> bool:
        """Whether its gain stands on new inputs, one call a process."""
        return self.calls == "fresh" or (self.afresh is not None and self.afresh.is_good)

    def ending(self, verdict: str, reason: str) -> Comparison:
        """Return it with another verdict, and why."""
        return replace(self, verdict=verdict, reason=reason)

    @property
    def scale(self) -> Scale:
        """How its values were held against each other."""
        return Scale(self.judged_by, self.metric, self.direction or "lower")

    @property
    def is_good(self) -> bool:
        """Whether its verdict allows a keep."""
        return self.verdict in ("improved", "not_worse")

    @property
    def content(self) -> Content:
        """What it is of, and by which measure."""
        return self.baseline_tree, self.candidate_tree, self.mode, self.metric

    @property
    def id(self) -> str:
        """The job that carried it out, here or on a worker."""
        return self.fleet_job or self.job

    @property
    def verdict_words(self) -> str:
        """The verdict in words."""
        return in_words(self.verdict)

    @property
    def agreed_margin(self) -> float | None:
        """The margin, None where the line holds none that can be."""
        return self.margin if 0 < self.margin < (1 if self.scale.by_ratio else math.inf) else None

    @property
    def estimate(self) -> Estimate | None:
        """Its figures, None where one is missing."""
        return self._estimate(self)

    @property
    def confirmed(self) -> Estimate | None:
        """What its confirmation measured."""
        return self._estimate(self.confirmation)

    @property
    def held(self) -> Estimate | None:
        """What its holdout measured."""
        return self._estimate(self.holdout)

    def _estimate(self, part: Comparison | None) -> Estimate | None:
        if part is None or part.gain is None or part.interval is None or not part.pairs:
            return None
        return Estimate(part.verdict, part.gain, *part.interval, part.pairs, part.wins, self.scale)

    @property
    def medians(self) -> tuple[float, float] | None:
        """The medians of both sides, None without samples."""
        import statistics  # what it imports in turn takes longer than all of a status

        if not self.baseline_samples or not self.candidate_samples:
            return None
        return statistics.median(self.baseline_samples), statistics.median(self.candidate_samples)

    def holdout_words(self) -> str:
        """Return what the second workload said, in words; empty where there is none."""
        if not (found := self.held):
            return ""
        unsure = found.verdict == "passed" and found.low < -((self.holdout and self.holdout.margin) or self.margin)
        said = UNSURE if unsure else HOLDOUT_WORDS.get(found.verdict, "measured")
        return f"{said}: {found.words()}"

    @property
    def vote(self) -> int:
        """What it says for its content, 1 or -1, or 0 where it says nothing."""
        return SAYS.get(self.verdict, -1)

    @property
    def is_left_open(self) -> bool:
        """Whether it was given up as unlikely, and what it measured does not rule a gain of the margin out."""
        ended = self.verdict == "not_improved" and not self.reason and not self.worse and not self.may_be_equal
        return ended and self.interval is not None and self.interval[1] > self.margin

    @property
    def is_small(self) -> bool:
        """Whether it shows a gain, and one below the margin."""
        shown = self.interval is not None and self.interval[0] > 0 and not self.may_be_equal
        return shown and self.verdict == "not_improved" and not self.reason and not self.is_left_open

    @property
    def why_not(self) -> str:
        """Why it allows no keep, in the words of a status, a report and a refusal alike; empty where it allows one."""
        if self.is_good:
            return ""
        open_end = "given up as unlikely to win; that it gains is not ruled out" if self.is_left_open else ""
        small = "a gain is shown, and below the margin" if self.is_small else self.not_shown
        said = self.reason or ("shown to be worse" if self.worse else open_end or small)
        head = {"void": "void: ", "error": "no verdict: ", "undecided": "undecided: "}.get(self.verdict, "")
        return f"{head}{said[:300]}"

    @property
    def may_be_equal(self) -> bool:
        """Whether it asked only that the candidate loses less than the margin."""
        return self.mode == "not_worse"

    @property
    def question(self) -> str:
        """What follows `compare.py EXP` to ask the same once more: another question has votes of its own."""
        return " --not-worse" * self.may_be_equal

    @property
    def wanted(self) -> str:
        """The verdict that a keep needs."""
        return "not worse" if self.may_be_equal else "improved"

    @property
    def not_shown(self) -> str:
        """What pairs that win nothing fail to show."""
        return "not shown to lose less than the margin" if self.may_be_equal else "no gain shown"


BEGUN = Comparison.from_line({"verdict": "", "reason": None, "checks": None})
"""A comparison of which nothing is known yet."""
