"""Advice on what to do next: whether going on pays, what to build on, which sources to draw from.

As JSON and in words.
"""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from helpers import git, next_step
from helpers.judge.advice import estimates, fleet
from helpers.read.ideas import queue
from helpers.run.jobs import budget
from helpers.scale import Scale
from helpers.state import State


@dataclass(frozen=True)
class Advice:
    """What the journal says; `outlook` is None when it is too early, `stop` also when there is no price.

    `price` is what an experiment costs, as the gain that would be worth it; `decided` counts experiments.
    """

    outlook: estimates.Outlook | None
    price: float | None
    decided: int
    parents: list[estimates.Parent]
    sources: list[estimates.Arm]
    scale: Scale
    returns: fleet.Returns | None = None
    costs: str = ""
    """What the returns are in words, with the cost of going on."""
    workers: list[str] = field(default_factory=list)
    over: str = ""
    """Why no further experiment is taken at all; empty while one is."""

    @property
    def stop(self) -> bool | None:
        """Whether an experiment costs more than it is expected to gain, or none is taken any more."""
        if self.over:
            return True
        if self.outlook is None or self.price is None:
            return None
        return self.outlook.gain < self.scale.bound(self._price)

    @property
    def _price(self) -> float:
        return (self.price or 0.0) / (100 if self.scale.by_ratio else 1)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values; gains are log gains."""
        return {
            "outlook": asdict(self.outlook) if self.outlook else None,
            "stop": self.stop,
            "over": self.over,
            "returns": asdict(self.returns) if self.returns else None,
            "workers": self.workers,
            "decided": self.decided,
            "parents": [asdict(parent) for parent in self.parents[:10]],
            "sources": [asdict(arm) for arm in self.sources],
        }

    def lines(self) -> list[str]:
        """Return it in words."""
        text = [next_step.runnable(f"stop: {self.over}; what is left to do: status.py")] if self.over else []
        text.append(self._outlook())
        if self.outlook and self.price and not self.over:
            said = "stop, by finish_session.py, as one costs more than it is expected to gain" if self.stop else "go on"
            text.append(next_step.runnable(f"advice: {said} (price {self.price:.3g}{'%' * self.scale.by_ratio})"))
        text += [self.costs, *self.workers] if self.costs else self.workers
        if self.over:  # nothing is built any more
            return text
        text += [f"build on {self._parent(p)}, {p.children} started from it" for p in self.parents[:5]]
        text += [
            f"source {a.kind}: {a.tried} tried, {self._words(a.gain)} on average, index {a.index:.2f}"
            for a in self.sources[:5]
        ]
        if self.sources:
            text.append("average: over all that were decided, what was not kept counting 0, newer ones more")
            text.append("index: it as a share of the best so far, and more the less it was tried; highest first")
        return text

    def _words(self, gain: float, *interval: float) -> str:
        return self.scale.words(self.scale.told(gain), [self.scale.told(end) for end in interval])

    def _parent(self, parent: estimates.Parent) -> str:
        if parent.name == "baseline":
            return "baseline: nothing is kept yet, and no gain over it is known"
        tip = "" if parent is self.parents[-1] else " (compared and not yet kept)"
        return f"{parent.name}{tip}: by its steps, which overstate the whole, {self._words(parent.score)} of the first"

    def _outlook(self) -> str:
        found = self.outlook
        if found is None:
            return f"too early to predict: {self.decided} of {estimates.FEWEST} decided experiments"
        rates = "".join(
            f", {self._words(rate)} per {unit}"
            for rate, unit in ((found.per_hour, "hour"), (found.per_dollar, "dollar"))
            if rate is not None
        )
        low, high = found.interval
        return (
            f"the next experiment is expected to gain {self._words(found.gain, low, high)}{rates}"
            f" ({found.count} decided, half-life {estimates.HALF_LIFE})"
        )


def advise(repository: git.Repository, now: State, price: float | None, worth: float | None = None) -> Advice:
    """Return the advice that the journal and the sealed experiments give; `worth`: the dollars of one percent."""
    parents = estimates.parents(repository.root, now, estimates.commits(repository))
    gains, outlook = [gain for _, gain in estimates.verified(now)], estimates.outlook(now)
    hours = outlook.hours if outlook else None
    returns, usd = fleet.returns(gains), fleet.per_experiment(now, hours)
    if worth is not None and usd is not None:
        price = usd / worth
    closed, kind_of = budget.closed(now), queue.kind_of(repository.root)
    over = f"the session is closed: {closed}" if closed else budget.spent(now, here=True) or ""
    found = Advice(outlook, price, len(gains), parents, estimates.sources(now, kind_of), now.scale, returns, over=over)
    return replace(
        found,
        costs=returns.line(now.scale, now.margin, usd, hours) if returns else "",
        workers=fleet.sizing(now, stop=found.stop, spent=bool(returns and returns.spent), over=bool(over)),
    )


def likeness(name: str, rows: list[tuple[str, float]], *, same: bool) -> list[str]:
    """Return in words which experiments (name, cosine), the most alike first, are like `name`, or the `same` idea."""
    lines = [f"{other}: {100 * value:.0f}% alike" for other, value in rows] or ["there is no other experiment"]
    return [*lines, f"{name} is the same idea as {rows[0][0]}: take another"] if same else lines
