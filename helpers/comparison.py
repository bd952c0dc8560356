"""A comparison as the journal holds it: what was agreed before its first measurement, and its verdict."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from helpers.scale import RATIO, Scale
from helpers.typed_line import Event, TypedLine


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


@dataclass(frozen=True, kw_only=True)
class Comparison(Event):
    """A comparison with its verdict, or the part of one that a run's line, a confirmation or a plan carries."""

    TYPE = "comparison"
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
    checks: str | None = None
    reason: str | None = None
    signs: list[str] = field(default_factory=list)
    confirmation: Comparison | None = None
    outputs: Outputs | None = None

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

    def is_like(self, other: Comparison) -> bool:
        """Whether it is of the same content by the same measure."""
        return all(getattr(self, n) == getattr(other, n) for n in ("baseline_tree", "candidate_tree", "mode", "metric"))

    @property
    def may_be_equal(self) -> bool:
        """Whether it asked only that the candidate loses less than the margin."""
        return self.mode == "not_worse"


BEGUN = Comparison.from_line({"verdict": "", "reason": None, "checks": None})
"""A comparison of which nothing is known yet."""
