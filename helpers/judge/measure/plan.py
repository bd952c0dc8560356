"""The plan of a comparison: what was agreed before its first measurement."""

from dataclasses import dataclass, field
from typing import Any

from helpers.scale import RATIO, Scale

_OF_THE_LOCK = ("task", "protected", "passed", "workdir_root")
"""Fields of a plan that are not journaled with it: the lock holds them, or they hold for this machine only."""


@dataclass(frozen=True)
class Plan:
    """A comparison as agreed before its first measurement; journaled, so that it can be repeated."""

    job: str
    experiment: str
    baseline_tree: str
    baseline_commit: str
    candidate_tree: str
    sealed_tree: str
    metric: str
    direction: str
    margin: float
    max_pairs: int
    layouts: int
    mode: str
    seed: str
    guards: list[str]
    task: dict[str, Any]
    protected: dict[str, str]
    passed: list[str]
    workdir_root: str
    repeats: int = 1
    """Calls of the program that make one measurement, where the benchmark honours AUTORESEARCH_REPEATS."""
    seeded: bool = False
    """Whether the benchmark makes its input from the pair's number: then inputs differ, and that is no noise."""
    against: str | None = None
    """The baseline that the caller named in place of the current one: then it says nothing of the experiment."""
    chosen_seed: bool = False
    """Whether the caller named the seed: to repeat a comparison, not to keep by one."""
    tests: dict[str, Any] | None = None
    """What the checks ran when the session was locked: how many tests, how many skipped."""
    calls: str = ""
    """How the benchmark calls what is measured (`compare/afresh.py`)."""
    second: float = 0.0
    """Seconds in one unit of the metric; 0 where it is no time."""
    remembers: bool = False
    """Whether the policy saw state that outlives a call."""
    promising: bool = False
    """Whether its screen called it so: then it is given up at the first look of the table at the earliest."""
    outputs_seconds: int = 30
    """Time for comparing the answers of both sides, once the candidate has won."""
    scale: str = RATIO
    spread: dict[str, str] = field(default_factory=dict)
    """The workers, or slots of this machine, that measure pairs at the same time, each with its type."""
    warm: bool = True
    """Whether a side is run before its first pair counts: minutes of a run that takes as long need no warming."""
    without: list[str] = field(default_factory=list)
    """Files of no commit that the copy held: the change is compared without them."""

    @property
    def by(self) -> Scale:
        """How values are held against each other."""
        return Scale(self.scale, self.metric, self.direction)

    def journaled(self) -> dict[str, Any]:
        """Return what the journal holds of it."""
        return {name: value for name, value in vars(self).items() if name not in _OF_THE_LOCK}

    def asks_the_same(self, journaled: dict[str, Any]) -> bool:
        """Tell whether a journaled comparison was of the same sides by the same rule, whatever seed it drew.

        Whoever shared its pairs: of them some may be gone by now.
        """
        own = {"job", "baseline_commit", "spread", "second", "promising"} | (set() if self.chosen_seed else {"seed"})
        known = {
            "scale": RATIO,
            "spread": {},
            "warm": True,
            "without": [],
            "calls": "",
            "remembers": False,
            **journaled,
        }  # of before these were
        alike = bool(known["spread"]) == bool(self.spread)
        return alike and all(known.get(name) == value for name, value in self.journaled().items() if name not in own)
